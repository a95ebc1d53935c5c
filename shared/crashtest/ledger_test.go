package crashtest

import (
	"crypto/ed25519"
	"fmt"
	"slices"
	"sync"
	"time"

	"reprise/shared/auditlog"
	"reprise/shared/replay"
)

// entry is one that was sent, in canonical form.
type entry struct {
	raw   string
	body  int       // of its organization's bodies, from 1
	at    time.Time // whole milliseconds
	acked int       // the ledger's time when its 202 was seen; 0: never
}

// String is enough of it to find it by.
func (e entry) String() string {
	return fmt.Sprintf("%s… (of body %d, acknowledged at %d)", e.raw[:min(len(e.raw), 150)], e.body, e.acked)
}

// asked is a PUT. No two have the same window, so that one whose answer was lost is known by it.
type asked struct {
	window replay.Window
	sent   int // the ledger's time before it was sent
}

// ledger is what one organization was promised, and what came. Its time counts what was written into it.
type ledger struct {
	org    string
	format auditlog.Format // that its receiver gets

	mu       sync.Mutex
	time     int
	entries  []entry
	bySigned map[string]int // what of a line is signed → the entry's place
	bodies   int
	puts     []asked
	shown    map[string]job              // by job, as last seen
	arrived  map[string]map[int][]string // by job, by entry: the Webhook-Ids it came under
	complete map[string]bool             // jobs that must have brought everything
	planning bool                        // a PUT was sent, and no batch of its job came yet
	wrong    []string
	again    int // entries that came once more in one job
	total    int // entries that came
	lost     int // entries that a completed job did not bring
}

func newLedger(org string, format auditlog.Format) *ledger {
	return &ledger{
		org: org, format: format, bySigned: make(map[string]int), shown: make(map[string]job),
		arrived: make(map[string]map[int][]string), complete: make(map[string]bool),
	}
}

func (l *ledger) fault(format string, a ...any) {
	if len(l.wrong) < 10 {
		l.wrong = append(l.wrong, l.org+": "+fmt.Sprintf(format, a...))
	}
}

// sends notes a body before it is sent.
func (l *ledger) sends(entries []entry) (body int) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.bodies++
	for _, e := range entries {
		e.body = l.bodies
		l.bySigned[l.signed(e.raw)] = len(l.entries)
		l.entries = append(l.entries, e)
	}
	return l.bodies
}

// signed is what is signed of an entry in the ledger's format, by whichever key.
func (l *ledger) signed(raw string) string {
	if l.format != auditlog.CEF {
		return raw
	}
	anyKey := auditlog.Key{Private: ed25519.NewKeyFromSeed(make([]byte, ed25519.SeedSize))}
	line, err := auditlog.Scribe{Format: l.format, Host: auditlog.DefaultHost, Key: anyKey}.Write(nil, []byte(raw))
	if err != nil {
		l.fault("%v: %s", err, raw)
	}
	text, _ := auditlog.Signed(line)
	return string(text)
}

// acks notes that the body's 202 was seen.
func (l *ledger) acks(body int) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.time++
	for i := range l.entries {
		if l.entries[i].body == body {
			l.entries[i].acked = l.time
		}
	}
}

// asks notes a PUT before it is sent.
func (l *ledger) asks(w replay.Window) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.time++
	l.puts = append(l.puts, asked{w, l.time})
	l.planning = true
}

// refused notes that a PUT planned nothing.
func (l *ledger) refused() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.planning = false
}

// came notes that a batch of a job arrived, before anything is known of it.
func (l *ledger) came(job string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if _, known := l.arrived[job]; !known {
		l.arrived[job] = make(map[int][]string)
		l.planning = false
	}
}

// took notes the lines of a batch that was taken. What is signed of them is as it was sent, or what CEF makes of that.
func (l *ledger) took(job, id string, lines [][]byte) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, line := range lines {
		l.total++
		signed, _ := auditlog.Signed(line) // that it is by a published key, the receiver has checked
		i, known := l.bySigned[string(signed)]
		if !known || (line[0] == '{') == (l.format == auditlog.CEF) {
			l.fault("never sent, or altered: %.200s; job %s, batch %s", line, job, id)
			continue
		}
		if len(l.arrived[job][i]) > 0 {
			l.again++
		}
		l.arrived[job][i] = append(l.arrived[job][i], id)
	}
}

// order is how far a status is.
func order(status string) int {
	return slices.Index([]string{"accepted", "pending", "running", "completed"}, status)
}

// sees notes what GET showed: it never goes back.
func (l *ledger) sees(j job) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if j.ID == "" {
		return
	}
	if j.Status == "failed" {
		l.fault("job %s failed: %+v", j.ID, j.Failure)
	}
	before, ok := l.shown[j.ID]
	now, was := j.Progress, before.Progress
	if ok && (order(j.Status) < order(before.Status) || now.Batches < was.Batches || now.Entries < was.Entries ||
		now.Bytes < was.Bytes || now.Completed < was.Completed) {
		l.fault("job %s went back from %+v to %+v", j.ID, before, j)
	}
	l.shown[j.ID] = j
	if j.Status == "completed" {
		l.complete[j.ID] = true
		l.planning = false
	}
}

// replaced notes that a PUT was taken while its organization's job was one that was seen running: it had ended by then.
func (l *ledger) replaced(j job) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if j.Status == "running" {
		l.complete[j.ID] = true
	}
}

// put is the PUT that a job is of.
func (l *ledger) put(j job) (asked, bool) {
	for _, p := range l.puts {
		if p.window.From.Equal(j.StartAt) && p.window.To.Equal(j.EndAt) {
			return p, true
		}
	}
	return asked{}, false
}

// settle compares what was promised with what came.
func (l *ledger) settle() {
	l.mu.Lock()
	defer l.mu.Unlock()
	anywhere := make(map[int]bool) // entries in a completed replay that was asked for after their 202
	for id, j := range l.shown {
		p, ok := l.put(j)
		if !ok {
			l.fault("job %s is of no PUT: %+v", id, j)
			continue
		}
		late := l.within(id, p)
		for i, e := range l.entries {
			due := e.acked > 0 && e.acked < p.sent && p.window.Holds(e.at)
			ids := l.arrived[id][i]
			if due && l.complete[id] {
				anywhere[i] = true
				if len(ids) == 0 {
					l.lost++
					l.fault("LOST: %v; job %s was asked for at %d and completed: %+v", e, id, p.sent, j)
				}
			}
			if len(slices.Compact(slices.Sorted(slices.Values(ids)))) > 1 && !late {
				l.fault("came twice under several ids, though nothing came late: %v; job %s, ids %v", e, id, ids)
			}
		}
	}
	for id := range l.arrived {
		if _, ok := l.shown[id]; !ok { // replaced before anybody saw it: no PUT is known, but it had one
			l.fault("job %s delivered, and GET never showed it", id)
		}
	}
	for i, e := range l.entries {
		if e.acked > 0 && !anywhere[i] {
			l.fault("acknowledged, and in no completed replay: %v", e)
		}
	}
}

// within checks that nothing outside of its window came with a job. late is whether an entry came that need not have:
// that makes other batches, so that what comes twice comes under several ids.
func (l *ledger) within(id string, p asked) (late bool) {
	for i, ids := range l.arrived[id] {
		e := l.entries[i]
		if !p.window.Holds(e.at) {
			l.fault("outside of the window %+v of job %s: %v, ids %v", p.window, id, e, ids)
		}
		late = late || e.acked == 0 || e.acked > p.sent
	}
	return late
}

// acked counts the entries that were acknowledged.
func (l *ledger) acked() (n int) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, e := range l.entries {
		if e.acked > 0 {
			n++
		}
	}
	return n
}
