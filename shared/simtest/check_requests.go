package simtest

import (
	"bytes"
	"errors"
	"maps"
	"net/http"
	"slices"

	"reprise/shared/replay"
)

// peek is the job of each scope that the jobs are for.
func (w *world) peek(jobs []replay.Job) []replay.Job {
	all := make([]replay.Job, len(jobs))
	for i, job := range jobs {
		all[i] = w.tables.PeekJob(job.Scope)
	}
	return all
}

// accepted looks at a PUT's conditional write: all of its jobs are stored, or nothing changes.
func (w *world) accepted(t *task, jobs, before []replay.Job, err error) {
	_, known := w.ledger.jobs[jobs[0].JobID]
	running := slices.IndexFunc(before, func(j replay.Job) bool { return j.Status == replay.Running })
	switch after := w.peek(jobs); {
	case known && err == nil: // made twice by itself
	case known:
		w.breaks("a PUT does not lose to itself", "job %s: %v", jobs[0].JobID, err)
	case errors.Is(err, replay.ErrConflict):
		t.refused = true
		if running < 0 {
			w.breaks("409 if and only if running", "job %s met none that is", jobs[0].JobID)
		}
		if t.accepted || !slices.Equal(before, after) {
			w.breaks("a PUT is for all its regions or none", "refused, it left %+v of %+v", after, before)
		}
	case err != nil:
		w.breaks("a simulated store fails only when told", "%v", err)
	case running >= 0:
		w.breaks("409 if and only if running", "job %s replaced %s, which was running", jobs[running].JobID, before[running].JobID)
	case !slices.EqualFunc(jobs, after, func(a, b replay.Job) bool { return a.JobID == b.JobID }):
		w.breaks("a PUT is for all its regions or none", "taken, it left %+v of %+v", after, jobs)
	case t.accepted:
		w.breaks("a PUT is for all its regions or none", "%s stores its jobs in more than one write", t.name)
	default:
		t.accepted = true
		for i, job := range jobs {
			w.ledger.accept(job, t.acks)
			if old := w.ledger.jobs[before[i].JobID]; old != nil {
				old.over = true
			}
		}
	}
}

func (w *world) judgePut(t *task, code int, answer []byte) {
	switch {
	case code == http.StatusConflict && !t.refused, code == http.StatusAccepted && t.refused:
		w.breaks("409 if and only if running", "the PUT was answered %d", code)
	case code == http.StatusBadRequest && bytes.Contains(answer, []byte("webhook")) && w.allOff(t.scope):
	case code != 0 && code < 500 && code != http.StatusAccepted && code != http.StatusConflict:
		w.breaks("a good PUT is answered", "%d %s", code, answer)
	}
}

// allOff reports whether somebody has turned off, or tried to, each webhook that a PUT of the scope is for.
func (w *world) allOff(at replay.Scope) bool {
	return !slices.ContainsFunc(w.of(at), func(at replay.Scope) bool { return !w.ledger.off[at] })
}

// of is the scopes of the world that a request of the scope, which may be global, is about.
func (w *world) of(at replay.Scope) (all []replay.Scope) {
	for _, other := range w.script.scopes {
		if other.Org == at.Org && (at.Region == replay.GlobalRegion || other.Region == at.Region) {
			all = append(all, other)
		}
	}
	return all
}

// judgeCancel looks at a DELETE's answer: 204 if and only if it cancelled a job itself, 404 where it found none to cancel.
func (w *world) judgeCancel(t *task, code int, answer []byte) {
	live := slices.ContainsFunc(slices.Collect(maps.Values(t.found)), replay.Status.Live)
	switch {
	case code == http.StatusNoContent && t.failed == 0:
		w.breaks("204 if and only if it cancelled", "%s cancelled nothing", t.name)
	case code == http.StatusNotFound && (t.failed > 0 || live):
		w.breaks("404 if and only if there was nothing to cancel", "%s failed %d jobs, and found %v", t.name, t.failed, t.found)
	case code != 0 && code < 500 && code != http.StatusNoContent && code != http.StatusNotFound:
		w.breaks("a good DELETE is answered", "%d %s", code, answer)
	}
}

// showed looks at what a GET said, against what others had said before it was asked.
func (w *world) showed(at replay.Scope, before shown, v view) {
	now := shown{rank: rank(v.Status)}
	if v.JobID != "" {
		h := w.ledger.jobs[v.JobID]
		if h == nil {
			w.breaks("GET shows what was accepted", "job %s", v.JobID)
			return
		}
		now.job = h.n
		if p := v.Progress; p != nil {
			now.entries, now.batches, now.bytes, now.done = p.Entries, p.Batches, p.Bytes, p.SlicesCompleted
			if p.Entries > h.tally.Entries {
				w.breaks("progress counts only what was acknowledged", "GET says %d entries of %d", p.Entries, h.tally.Entries)
			}
			if what := p.odd(); what != "" {
				w.breaks("slices add up to the progress", "job %s: %s", v.JobID, what)
			}
		}
	}
	if what := before.ahead(now); what != "" {
		w.breaks("what GET shows never goes back", "%v: %s", at, what)
	}
	if w.ledger.shown[at].ahead(now) == "" {
		w.ledger.shown[at] = now
	}
}

// showedAll looks at what a GET for all regions said: each region's own job, and what these come to.
func (w *world) showedAll(at replay.Scope, before map[replay.Scope]shown, v viewOfAll) {
	var sum progressView
	states := make(map[replay.Status]bool)
	for region, one := range v.Regions {
		states[one.Status] = true
		if p := one.Progress; p != nil {
			sum.SlicesTotal, sum.SlicesCompleted = sum.SlicesTotal+p.SlicesTotal, sum.SlicesCompleted+p.SlicesCompleted
			sum.Batches, sum.Entries, sum.Bytes = sum.Batches+p.Batches, sum.Entries+p.Entries, sum.Bytes+p.Bytes
		}
		its := replay.Scope{Org: at.Org, Region: region}
		w.showed(its, before[its], one)
	}
	for _, s := range []replay.Status{replay.Running, replay.Pending, replay.Accepted, replay.Failed, replay.Completed, replay.Unconfigured} {
		if states[s] {
			if v.Status != s {
				w.breaks("all regions are what each is", "one is %s, all are %s", s, v.Status)
			}
			break
		}
	}
	if p := v.Progress; p != nil && (p.SlicesTotal != sum.SlicesTotal || p.SlicesCompleted != sum.SlicesCompleted || p.tally() != sum.tally()) {
		w.breaks("all regions are what each is", "the progress is %+v, not %+v", *p, sum)
	}
}
