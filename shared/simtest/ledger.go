package simtest

import (
	"bytes"
	"fmt"
	"slices"
	"strconv"
	"time"

	"reprise/shared/auditlog"
	"reprise/shared/chunk"
	"reprise/shared/replay"
)

// ledger is what the run knows better than any store: who was told what, and when.
type ledger struct {
	entries []entry      // by their number
	acked   []int        // in the order in which their producers were told
	isAcked map[int]bool // the same
	kept    map[replay.Scope][]arrival
	off     map[replay.Scope]bool // somebody has turned the webhook off, or tried to
	before  map[replay.Scope]int  // jobs accepted before the last replay was asked for
	jobs    map[string]*biography
	order   map[replay.Scope]int // jobs accepted so far
	shown   map[replay.Scope]shown
}

type entry struct {
	at   replay.Scope
	when time.Time
	pad  int // how much padding it came with
}

// arrival is a chunk that was stored at a step.
type arrival struct {
	step        int
	first, last time.Time
}

// until is how long a slice leaves a receiver alone that asked for it, unless the webhook is changed.
type until struct {
	step    int       // at which the wait was recorded
	anyone  time.Time // before this not even a copy of the message may lead to a POST
	holder  time.Time // nor before this the message itself, once it was hidden
	version int
}

// format is how the lines of a slice were last written, and how often that has changed.
type format struct {
	last    auditlog.Format
	changes int
}

// biography is one job's life.
type biography struct {
	replay.Scope
	id       string
	n        int // among the scope's jobs, in order of acceptance
	window   replay.Window
	covered  []int           // what it must bring: acknowledged before its PUT was received
	taken    map[int][]*post // what its receiver took, by entry
	recorded map[int]int     // step at which an entry's batch was recorded as acknowledged
	tally    replay.Tally    // of those
	flying   []*post
	formats  map[int]format // by slice
	patience map[int]until  // by slice
	over     bool           // replaced, or ended
	ran      bool
	plan     replay.Plan
}

func newLedger() *ledger {
	return &ledger{
		isAcked: make(map[int]bool), kept: make(map[replay.Scope][]arrival), off: make(map[replay.Scope]bool),
		before: make(map[replay.Scope]int), jobs: make(map[string]*biography),
		order: make(map[replay.Scope]int), shown: make(map[replay.Scope]shown),
	}
}

// enter gives an entry its number.
func (l *ledger) enter(at replay.Scope, when time.Time, pad int) int {
	l.entries = append(l.entries, entry{at, when.UTC().Truncate(time.Millisecond), pad})
	return len(l.entries) - 1
}

// acknowledge is a producer that reads its 202.
func (l *ledger) acknowledge(ids []int) {
	for _, id := range ids {
		if !l.isAcked[id] {
			l.isAcked[id] = true
			l.acked = append(l.acked, id)
		}
	}
}

// accept opens a job's history; acks is how many entries were acknowledged when its PUT was received.
func (l *ledger) accept(job replay.Job, acks int) {
	l.order[job.Scope]++
	h := &biography{
		Scope: job.Scope, id: job.JobID, n: l.order[job.Scope], window: job.Window,
		taken: make(map[int][]*post), recorded: make(map[int]int), patience: make(map[int]until), formats: make(map[int]format),
	}
	for _, id := range l.acked[:acks] {
		if e := l.entries[id]; e.at == job.Scope && inside(job.Window, e.when) {
			h.covered = append(h.covered, id)
		}
	}
	l.jobs[job.JobID] = h
}

// inside is the range's rule in words of our own: both ends, in milliseconds (CONTRACT.md §2).
func inside(w replay.Window, t time.Time) bool {
	return w.From.UnixMilli() <= t.UnixMilli() && t.UnixMilli() <= w.To.UnixMilli()
}

// keep notes which chunks have come since before.
func (l *ledger) keep(at replay.Scope, step int, before, after []chunk.Chunk) {
	for _, c := range after {
		if !slices.ContainsFunc(before, func(b chunk.Chunk) bool { return b.Key == c.Key }) {
			l.kept[at] = append(l.kept[at], arrival{step, c.First, c.Last})
		}
	}
}

// late reports whether an entry of the job's range has arrived since a step, so that batches may be other ones now.
func (l *ledger) late(h *biography, since int) bool {
	return slices.ContainsFunc(l.kept[h.Scope], func(a arrival) bool {
		return a.step >= since && !a.last.Before(h.window.From) && !a.first.After(h.window.To)
	})
}

// missing is what the job should have brought and did not: sent, acknowledged with a 2xx, and that recorded.
func (h *biography) missing() (ids []int) {
	for _, id := range h.covered {
		if len(h.taken[id]) == 0 || h.recorded[id] == 0 {
			ids = append(ids, id)
		}
	}
	return ids
}

// written notes the format that lines of the job's slice are written in, and tells how often it has changed.
func (h *biography) written(slice int, as auditlog.Format) int {
	f := h.formats[slice]
	if f.last != "" && f.last != as {
		f.changes++
	}
	f.last = as
	h.formats[slice] = f
	return f.changes
}

// readLine is what the receiver makes of one line of a format; ok is false where it cannot.
func readLine(line []byte, as auditlog.Format) (id int, org, region, pad string, rt int64, ok bool) {
	names := []string{`{"event_class_id":"`, `"n":`, `"rt":`, `"org_id":"`, `"region":"`, `"pad":"`, `,"sig":"`}
	switch as {
	case auditlog.CPS:
		names[0] = `{"event":{"event_class_id":"`
	case auditlog.CEF:
		names = []string{"Z reprise CEF:0|", " n=", "|rt=", " org_id=", " region=", " pad=", " sig="}
	}
	values := make([]string, len(names))
	for i, name := range names {
		if values[i], ok = field(line, name); !ok {
			return 0, "", "", "", 0, false
		}
	}
	n, at, o, r, pad := values[1], values[2], values[3], values[4], values[5]
	id, err1 := strconv.Atoi(n)
	rt, err2 := strconv.ParseInt(at, 10, 64)
	return id, o, r, pad, rt, err1 == nil && err2 == nil
}

func field(line []byte, name string) (value string, ok bool) {
	_, rest, ok := bytes.Cut(line, []byte(name))
	end := bytes.IndexAny(rest, ",\"} \n")
	if !ok || end < 0 {
		return "", false
	}
	return string(rest[:end]), true
}

// view is GET's answer.
type view struct {
	Status   replay.Status `json:"status"`
	JobID    string        `json:"job_id"`
	Progress *progressView `json:"progress"`
}

// viewOfAll is its answer for all regions.
type viewOfAll struct {
	view
	Regions map[string]view `json:"regions"`
}

type progressView struct {
	SlicesTotal     int   `json:"slices_total"`
	SlicesCompleted int   `json:"slices_completed"`
	Batches         int64 `json:"batches"`
	Entries         int64 `json:"entries"`
	Bytes           int64 `json:"bytes"`
	Slices          []struct {
		Entries int64 `json:"entries"`
		Done    bool  `json:"done"`
	} `json:"slices"`
}

func (p progressView) tally() replay.Tally {
	return replay.Tally{Batches: p.Batches, Entries: p.Entries, Bytes: p.Bytes}
}

// odd says what of the slices does not come to the progress; there may be none.
func (p progressView) odd() string {
	entries, done := int64(0), 0
	for _, s := range p.Slices {
		entries += s.Entries
		if s.Done {
			done++
		}
	}
	if p.Slices != nil && (entries != p.Entries || done != p.SlicesCompleted || len(p.Slices) != p.SlicesTotal) {
		return fmt.Sprintf("%d slices, %d done, with %d entries of %+v", len(p.Slices), done, entries, p)
	}
	return ""
}

// shown is how far GET has said that a scope is.
type shown struct {
	job     int // among the scope's
	rank    int // of the status
	entries int64
	batches int64
	bytes   int64
	done    int // slices
}

// ahead says in what b is behind a, if in anything.
func (a shown) ahead(b shown) string {
	switch {
	case a.job != b.job:
		if a.job > b.job {
			return fmt.Sprintf("job %d after job %d", b.job, a.job)
		}
		return ""
	case a.rank > b.rank, a.rank == rank(replay.Completed) && b.rank != a.rank:
		return fmt.Sprintf("status %d after %d", b.rank, a.rank)
	case a.entries > b.entries, a.batches > b.batches, a.bytes > b.bytes, a.done > b.done:
		return fmt.Sprintf("%+v after %+v", b, a)
	}
	return ""
}

func rank(s replay.Status) int {
	switch s {
	case replay.Accepted:
		return 1
	case replay.Pending:
		return 2
	case replay.Running:
		return 3
	case replay.Completed:
		return 4
	case replay.Failed:
		return 5
	}
	return 0
}
