package deliver

import (
	"context"
	"fmt"
	"iter"
	"log/slog"
	"runtime/debug"

	"reprise/shared/chunk"
	"reprise/shared/webhook"
)

// post sends one batch, tells the log and, now and then, the webhook's row.
func (e *errand) post(ctx context.Context, b chunk.Batch) webhook.Verdict {
	at := e.now()
	answer := e.poster.Post(ctx, e.hook, webhook.Delivery{
		ID: b.ID, Job: e.slice.JobID, Region: e.slice.Region,
		Attempt: e.at.Attempts + 1, Entries: b.Tally.Entries, Body: b.Body, At: at,
	})
	now := e.now()
	verdict := webhook.Judge(answer, webhook.Try{
		Single: b.Tally.Entries == 1, First: b.First, Bytes: b.Tally.Bytes,
		Attempts: e.at.Attempts, Since: e.at.Since, Now: now, Patience: e.settings.Patience,
	}, e.random())
	slog.InfoContext(ctx, "batch", "job", e.slice.JobID, "org", e.slice.Org, "region", e.slice.Region, "slice", e.slice.N,
		"attempt", e.at.Attempts+1, "webhook_id", b.ID, "code", answer.Code, "answer", answer.Message, "outcome", verdict.Outcome,
		"wait", verdict.Wait, "entries", b.Tally.Entries, "bytes", b.Tally.Bytes, "took", answer.Took)
	tells := e.hook.Last.Tells(answer, now)
	e.last, e.untold = answer.Attempt(now), true
	if tells {
		e.tellLast(ctx)
	}
	return verdict
}

// tell writes the last attempt into the webhook's row.
func (e *errand) tell(ctx context.Context, off bool) error {
	e.hook.Last, e.untold = e.last, false
	return e.hooks.Attempted(ctx, e.hook, e.last, off)
}

// tellLast leaves no attempt untold. It is what a person looks at, nothing rests on it: a failure is only logged.
func (e *errand) tellLast(ctx context.Context) {
	if !e.untold {
		return
	}
	if err := e.tell(ctx, false); err != nil {
		slog.WarnContext(ctx, "the webhook's last attempt was not recorded", "job", e.slice.JobID, "org", e.slice.Org,
			"region", e.slice.Region, "slice", e.slice.N, "err", err)
	}
}

// built is a batch, or why there is none.
type built struct {
	chunk.Batch
	err error
}

// ahead builds one batch while the one before is on its way: that hides the reading behind the network (DESIGN.md §4).
// Whoever took a batch says with build that the next is wanted; until then nothing is built, so that none is for nobody.
// A batch's body stays valid until the next but one is built, and that happens only when the next was taken.
// join ends the building; it must be called.
func ahead(batches iter.Seq2[chunk.Batch, error]) (taken <-chan built, build, join func()) {
	out, wanted, quit := make(chan built), make(chan struct{}), make(chan struct{})
	hand := func(b built) (more bool) {
		select {
		case out <- b:
		case <-quit:
			return false
		}
		if b.err != nil {
			return false
		}
		select {
		case <-wanted:
			return true
		case <-quit: // join takes what comes: another batch would be built for nobody
			return false
		}
	}
	go func() {
		defer close(out)
		// A panic here would end the process, and everybody's slices with it: the caller of Deliver could not catch it.
		defer func() {
			if p := recover(); p != nil {
				hand(built{err: fmt.Errorf("panic: %v\n%s", p, debug.Stack())})
			}
		}()
		for b, err := range batches {
			if !hand(built{b, err}) {
				return
			}
		}
	}()
	build = func() { wanted <- struct{}{} }
	return out, build, func() {
		close(quit)
		for range out { // until it is closed: nothing reads the store after Deliver has returned
		}
	}
}
