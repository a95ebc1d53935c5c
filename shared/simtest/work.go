package simtest

import (
	"context"
	"math/rand/v2"
	"slices"
	"time"

	"reprise/shared/auditlog"
	"reprise/shared/deliver"
	"reprise/shared/fanout"
	"reprise/shared/replay"
	"reprise/shared/settle"
	"reprise/shared/sweep"
)

const (
	// maxGroups is how many messages are at work at once.
	maxGroups = 16
	// functionTime is what a deliver has (DESIGN.md §5).
	functionTime = 60 * time.Second
	// latest is how late a message may come once more.
	latest = 20 * time.Minute
)

// delivering counts the delivers at work.
func (w *world) delivering() (n int) {
	for _, t := range w.live {
		if !t.held.IsZero() {
			n++
		}
	}
	return n
}

// receive takes a message off the queue for a while, and has it handled.
func (w *world) receive(head Message) {
	m, ok := w.queue.Receive(head)
	if !ok {
		return
	}
	switch {
	case w.odds(MessageLost, 1):
		w.note(nil, "the message of slice %d of job %s is lost", m.Slice.N, m.Slice.JobID)
		w.queue.Delete(m)
		return
	case w.odds(ReceiveLost, 2):
		w.note(nil, "slice %d of job %s is received by nobody", m.Slice.N, m.Slice.JobID)
		return
	case w.odds(DeadLetter, 0.6):
		w.bury(m.Slice, func(bool) {})
	}
	if w.odds(MessageAgain, 6) {
		most := latest
		if w.random.IntN(2) == 0 {
			most /= 100
		}
		w.after(time.Duration(w.random.Int64N(int64(most))), func() { w.deliver(m.Slice, nil) })
	}
	w.deliver(m.Slice, &m)
}

// deliver runs the courier with a slice; m is its message, or nil for a copy that nobody waits for.
func (w *world) deliver(s replay.Slice, m *Message) {
	t := w.spawn("deliver", func(t *task) {
		ctx, cancel := context.WithTimeout(context.Background(), functionTime)
		defer cancel()
		roll := rand.New(rand.NewPCG(w.seed, uint64(t.n)))
		courier := deliver.New(t, t, t, t, t, t, settle.New(t, t), deliver.Settings{Patience: w.script.patience, Host: auditlog.DefaultHost}, t.now, roll.Float64)
		next, err := courier.Deliver(ctx, s)
		if err != nil || m == nil {
			return
		}
		if _, dead := t.pause(0, queueing, "answer the queue"); dead != nil {
			return
		}
		if next.Again {
			w.note(t, "again in %v", next.After)
			w.asked(t, next.After)
			w.queue.Show(*m, next.After)
		} else {
			w.queue.Delete(*m)
		}
	})
	t.scope, t.job, t.slice = s.Scope, s.JobID, s.N
	w.note(t, "has slice %d of job %s", s.N, s.JobID)
	if m != nil {
		t.held = time.Now().Add(replay.Lease)
		for _, other := range w.live { // whoever had the message before has it no more
			if other != t && other.job == t.job && other.slice == t.slice {
				other.held = time.Time{}
			}
		}
	}
	w.limit(t, functionTime)
}

// asked notes what a receiver asked for, where the message is the deliver's own to hide that long: who has lost the slice
// or the message leaves the waiting to whoever has it, who may not have been asked.
func (w *world) asked(t *task, hides time.Duration) {
	if p := t.lastPost; p != nil && !p.until.IsZero() && hides > 0 && !t.held.IsZero() && time.Now().Before(t.held) {
		u := w.ledger.jobs[t.job].patience[t.slice]
		u.holder = p.until
		w.ledger.jobs[t.job].patience[t.slice] = u
		p.until = time.Time{}
	}
}

// sweeps lets the sweep come every minute, for ever.
func (w *world) sweeps() {
	w.events = append(w.events, event{time.Now().Add(time.Minute), true, func() {
		if w.sweep() && w.odds(SweepAgain, 10) {
			w.sweep()
		}
		for i, s := range w.queue.DeadLetters() {
			w.bury(s, func(ok bool) {
				if ok {
					w.queue.RemoveDead(i)
				}
			})
			break // one at a time: the places move
		}
		w.sweeps()
	}})
}

// sweep starts one, if there is anything to sweep.
func (w *world) sweep() bool {
	if !slices.ContainsFunc(w.script.scopes, func(at replay.Scope) bool { return w.tables.PeekJob(at).Status.Live() }) {
		return false // it would only read
	}
	t := w.spawn("sweep", func(t *task) {
		clerk := settle.New(t, t)
		fan := fanout.New(t, t, t, t, clerk, w.script.lanes)
		_ = sweep.New(t, t, t, clerk, fan.Out, t.now).Sweep(context.Background())
	})
	w.limit(t, functionTime)
	return true
}

// bury hands a dead letter over.
func (w *world) bury(s replay.Slice, then func(ok bool)) {
	t := w.spawn("dead-letter", func(t *task) {
		_, err := settle.New(t, t).Bury(context.Background(), s)
		t.ok = err == nil && !t.isDead()
	})
	t.scope = s.Scope
	t.then = func() { then(t.ok) }
	w.limit(t, functionTime)
}

// becalm ends the trouble: nothing goes wrong from now on but what has.
func (w *world) becalm() {
	w.calm = true
	for _, r := range w.script.receivers {
		r.down = false
	}
	w.note(nil, "calm")
}

// resting reports whether nothing is left to do.
func (w *world) resting() bool { return w.unrest() == "" }

// lastReplay asks for everything once more, when all is well: then nothing is an excuse.
func (w *world) lastReplay() {
	for _, at := range w.script.scopes {
		if w.over {
			return
		}
		w.patch(at, `{"enabled":true}`)
	}
	w.comeToRest("the webhooks were turned on", time.Hour)
	for _, at := range w.script.scopes {
		w.ledger.before[at] = w.ledger.order[at]
		w.put(at, replay.Window{From: w.start.Add(-history), To: time.Now()}, 0)
	}
}
