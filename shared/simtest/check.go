package simtest

import (
	"bytes"
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"reprise/shared/replay"
	"reprise/shared/webhook"
)

// Promise is the name of what was broken.
type Promise struct {
	Name   string // the same for every way of breaking it
	Detail string
}

func (p *Promise) Error() string { return p.Name + ": " + p.Detail }

// breaks ends the run: the first broken promise is the one to look at.
func (w *world) breaks(name, format string, args ...any) {
	if w.broken == nil {
		w.broken = &Promise{name, fmt.Sprintf(format, args...)}
		w.note(nil, "BROKEN: %v", w.broken)
	}
	w.over = true
}

// planned keeps the plan as it was recorded first.
func (w *world) planned(p replay.Plan) {
	h := w.ledger.jobs[p.JobID]
	if h == nil || p.JobID == "" {
		return
	}
	if h.plan.JobID != "" && !slices.Equal(h.plan.Slices, p.Slices) {
		w.breaks("a plan never changes", "job %s", p.JobID)
	}
	h.plan = p
}

// moved looks at a transition from both sides, against the drawing in replay's package comment.
func (w *world) moved(t *task, before, after replay.Job) {
	if before.JobID != after.JobID {
		w.breaks("transitions are the drawn ones", "a transition replaced job %s by %s", before.JobID, after.JobID)
		return
	}
	if before.Status == after.Status {
		return
	}
	switch fmt.Sprint(before.Status, " → ", after.Status) {
	case "accepted → pending", "pending → running", "pending → completed", "running → completed",
		"accepted → failed", "pending → failed", "running → failed":
	default:
		w.breaks("transitions are the drawn ones", "job %s: %s → %s", after.JobID, before.Status, after.Status)
	}
	h := w.ledger.jobs[after.JobID]
	h.ran = h.ran || after.Status == replay.Running
	if after.Status.Live() {
		return
	}
	h.over = true
	w.counts[string(after.Status)+" "+after.Failure.Code]++
	if after.Status == replay.Failed {
		t.failed++
		w.blamed(t, before, after)
		if after.Tally.Entries > h.tally.Entries {
			w.breaks("tallies equal the advanced batches", "failed job %s says %+v of %+v", h.id, after.Tally, h.tally)
		}
		return
	}
	if ids := h.missing(); len(ids) > 0 {
		w.lost += len(ids)
		w.breaks("completed is complete", "job %s lacks %d of %d entries, the first is number %d of %v", h.id, len(ids), len(h.covered), ids[0], w.ledger.entries[ids[0]].when)
	}
	if after.Tally != h.tally {
		w.breaks("tallies equal the advanced batches", "completed job %s says %+v of %+v", h.id, after.Tally, h.tally)
	}
	if !w.allDone(h.id) {
		w.breaks("completed means every slice done", "job %s", h.id)
	}
}

// blamed looks at a job that failed: whether its slices, or what the receiver said to a deliver, were reason enough.
func (w *world) blamed(t *task, before, job replay.Job) {
	if t.sawDone && before.Status != replay.Accepted {
		w.breaks("who sees all done completes", "job %s by %s: %+v", job.JobID, t.name, job.Failure)
	}
	if t.job == "" {
		return
	}
	switch job.Failure.Code {
	case replay.FailUndeliverable:
		if n := w.row(replay.Slice{Fence: job.Fence, N: t.slice}).Starts; n <= 10 {
			w.breaks("only ten tries in vain make a job undeliverable", "job %s by %s after %d", job.JobID, t.name, n)
		}
	case replay.FailWebhookDisabled:
		if !t.sawOff {
			w.breaks("only a webhook that is off ends a job as disabled", "job %s by %s", job.JobID, t.name)
		}
	case replay.FailRejected, replay.FailRetriesExhausted, replay.FailEntryTooLarge:
		if p := t.lastPost; p == nil || !p.judged {
			w.breaks("who lost the slice ends nobody's job", "job %s by %s: %+v", job.JobID, t.name, job.Failure)
		}
	case replay.FailWebhookGone:
		hook, err := t.store("").Webhook(context.Background(), job.Scope)
		if err != nil || hook.Enabled && hook.Version == t.version {
			w.breaks("a 410 turns the webhook off before its job ends", "job %s by %s", job.JobID, t.name)
		}
	}
}

// allDone looks whether every slice of the plan has a row that says so.
func (w *world) allDone(job string) bool {
	plan, planned := w.tables.PeekPlan(job)
	done := make(map[int]bool)
	for _, row := range w.tables.PeekRows(job) {
		done[row.N] = row.Done
	}
	return planned && !slices.ContainsFunc(plan.Slices, func(s replay.Slice) bool { return !done[s.N] })
}

// sawJob notes what a deliver read: once fenced, it may start no further batch.
func (w *world) sawJob(t *task, job replay.Job) {
	if t.job != "" && (job.JobID != t.job || job.Status != replay.Running) && t.fenced == "" {
		t.fenced = fmt.Sprintf("it read that job %s is %s", job.JobID, job.Status)
	}
}

func (w *world) sawWebhook(t *task, c webhook.Config) {
	if t.version == 0 {
		t.version = c.Version
	}
	t.sawOff = t.sawOff || !c.Enabled
	if t.fenced == "" && (!c.Enabled || c.Version != t.version) {
		t.fenced = fmt.Sprintf("it read version %d of the webhook, enabled %t, and uses %d", c.Version, c.Enabled, t.version)
	}
}

// posted looks at a batch that sets out.
func (w *world) posted(t *task, hook webhook.Config, d webhook.Delivery, text []byte) *post {
	p := &post{task: t, id: d.ID, tried: t.tried}
	h := w.ledger.jobs[d.Job]
	if h == nil || h.Scope != hook.Scope || d.Region != h.Region || d.Job != t.job {
		w.breaks("nothing outside the organization, the region, the range", "a batch of job %s goes to %v", d.Job, hook.Scope)
		return p
	}
	p.written = h.written(t.slice, hook.Written())
	for line := range bytes.Lines(text) {
		id, org, region, pad, rt, ok := readLine(line, hook.Written())
		when := time.UnixMilli(rt)
		switch {
		case !ok || id >= len(w.ledger.entries):
			w.breaks("a line is an entry", "%s", line)
			return p
		case org != h.Org || region != h.Region || w.ledger.entries[id].at != h.Scope || !inside(h.window, when):
			w.breaks("nothing outside the organization, the region, the range", "job %s of %v, %v sends %s", h.id, h.Scope, h.window, line)
		case string(pad) != strings.Repeat("p", w.ledger.entries[id].pad):
			w.breaks("a line is an entry as it was sent", "%s", line)
		case h.recorded[id] > 0 && h.recorded[id] < t.tried:
			w.breaks("what was recorded is not sent again", "entry %d of job %s by %s", id, h.id, t.name)
		}
		p.ids = append(p.ids, id)
	}
	if int64(len(p.ids)) != d.Entries {
		w.breaks("a batch holds what it says", "%d lines, %d were told", len(p.ids), d.Entries)
	}
	p.tally = replay.Tally{Batches: 1, Entries: int64(len(p.ids)), Bytes: int64(len(text))}
	w.sent += len(p.ids)
	w.patient(t, h)
	w.fences(t, h)
	h.flying = append(h.flying, p)
	w.lanes(h)
	return p
}

// patient: a receiver that said when to come again is left alone until then.
func (w *world) patient(t *task, h *biography) {
	u := h.patience[t.slice]
	early := time.Now().Before(u.anyone) || !t.held.IsZero() && time.Now().Before(u.holder)
	if early && t.tried > u.step && t.version == u.version {
		w.breaks("Retry-After is honoured", "slice %d of job %s by %s, before %v", t.slice, h.id, t.name, u)
	}
}

// fences: who has read the fence starts nothing more, who has not at most one batch after it.
func (w *world) fences(t *task, h *biography) {
	switch {
	case t.fenced != "":
		w.breaks("after the fence was read no further batch starts", "%s of job %s: %s", t.name, h.id, t.fenced)
	case !h.ran:
		w.breaks("only a running job delivers", "%s of job %s", t.name, h.id)
	case h.over:
		if t.late++; t.late > 1 {
			w.breaks("after the end at most the batch in flight", "%s of job %s starts a second", t.name, h.id)
		}
	}
}

// lanes counts requests in flight, but for those of a process whose message is not its own any more.
func (w *world) lanes(h *biography) {
	n := 0
	for _, p := range h.flying {
		if !p.task.isDead() && !p.task.held.IsZero() && time.Now().Before(p.task.held) {
			n++
		}
	}
	if n > w.script.lanes {
		w.breaks("no more requests in flight than lanes", "%d of job %s", n, h.id)
	}
}

// took is a receiver that takes a batch, whatever it will say.
func (w *world) took(p *post, at replay.Scope, job string) {
	h := w.ledger.jobs[job]
	if h == nil || h.Scope != at {
		return
	}
	for _, id := range p.ids {
		for _, q := range h.taken[id] {
			if q.id != p.id && q.written == p.written && !w.ledger.late(h, min(p.tried, q.tried)) {
				w.breaks("duplicates come under a known Webhook-Id", "entry %d of job %s: %s by %s, now %s by %s", id, job, q.id, q.task.name, p.id, p.task.name)
			}
			if w.faults.rate == 0 && w.script.receivers[at].ill == 0 {
				w.breaks("nothing comes twice where nothing goes wrong", "entry %d of job %s", id, job)
			}
		}
		h.taken[id] = append(h.taken[id], p)
	}
}

func (w *world) answered(p *post, job string) {
	if h := w.ledger.jobs[job]; h != nil {
		h.flying = slices.DeleteFunc(h.flying, func(q *post) bool { return q == p })
	}
}

// row is what the slice's row says now.
func (w *world) row(s replay.Slice) replay.Progress {
	for _, p := range w.tables.PeekRows(s.JobID) {
		if p.N == s.N {
			return p
		}
	}
	return replay.Progress{N: s.N}
}

// advanced looks at a cursor that moved: only over a batch that was acknowledged, and over each once.
func (w *world) advanced(t *task, s replay.Slice, before, after replay.Progress) {
	h := w.ledger.jobs[s.JobID]
	if before == after || h == nil {
		return
	}
	if before.Done || after.Seq != before.Seq+1 || after.Tally.Entries < before.Tally.Entries {
		w.breaks("rows only go forward", "slice %d of job %s: %+v → %+v", s.N, s.JobID, before, after)
	}
	p := t.lastPost
	if p != nil {
		p.judged = true
	}
	if after.Tally == before.Tally && after.Cursor == before.Cursor {
		// Whose patience is over ends the job: one that dies before it could leaves the last word to another try.
		waits := before.Attempts == 0 || time.Since(after.Since) < w.script.patience-10*time.Second
		if p != nil && !p.until.IsZero() && after.Attempts > before.Attempts && waits {
			// The wait began by the clock of a process that may be some seconds behind; see Progress.Early for the lease.
			anyone := p.until.Add(-replay.Lease - 10*time.Second)
			h.patience[s.N] = until{step: w.step, anyone: anyone, version: t.version}
		}
		return
	}
	if p == nil || !p.acked || p.recorded || after.Tally != before.Tally.Add(p.tally) {
		w.breaks("the cursor moves only after a 2xx", "slice %d of job %s by %s: %+v → %+v", s.N, s.JobID, t.name, before, after)
		return
	}
	p.recorded = true
	h.tally = h.tally.Add(p.tally)
	for _, id := range p.ids {
		h.recorded[id] = w.step
	}
}

// unrest is what is not at rest, in words.
func (w *world) unrest() string {
	var all []string
	if len(w.live) > 0 {
		all = append(all, fmt.Sprintf("%d tasks, the first is %s", len(w.live), w.live[0].name))
	}
	if n := w.queue.Len(); n > 0 {
		all = append(all, fmt.Sprintf("%d messages", n))
	}
	if n := len(w.queue.DeadLetters()); n > 0 {
		all = append(all, fmt.Sprintf("%d dead letters", n))
	}
	for _, e := range w.events {
		if !e.idle {
			all = append(all, "something is still to come")
			break
		}
	}
	for _, s := range w.stream.shards {
		if s.busy || len(s.records) > 0 {
			all = append(all, "stream of "+s.org)
		}
	}
	for _, at := range w.script.scopes {
		if job := w.tables.PeekJob(at); job.Status.Live() {
			all = append(all, fmt.Sprintf("job %s is %s", job.JobID, job.Status))
		}
	}
	return strings.Join(all, ", ")
}

// final looks at the last replay: nothing went wrong any more, so everything must have arrived.
func (w *world) final() {
	for _, at := range w.script.scopes {
		job := w.tables.PeekJob(at)
		h := w.ledger.jobs[job.JobID]
		switch {
		case w.over:
			return
		case h == nil || h.n <= w.ledger.before[at] || job.Status != replay.Completed:
			w.breaks("when all is well a replay completes", "%v: job %s is %s %+v", at, job.JobID, job.Status, job.Failure)
		case len(h.missing()) > 0:
			w.breaks("when all is well everything arrives", "%v lacks %d", at, len(h.missing()))
		}
	}
}
