package sqlite

import (
	"context"
	"fmt"
	"log/slog"
	"runtime/debug"
	"sync"
	"time"

	"reprise/shared/replay"
)

const (
	// functionTime is what a handler gets to do its work: the timeout of the deliver function (DESIGN.md §5), so that
	// the same code is short of time at the same moments. A message stays hidden for 10 s longer, replay.Lease.
	functionTime = 60 * time.Second
	// maxGroups is how many groups are at work at once on one machine (DESIGN.md §5).
	maxGroups = 16
	// lookAgain is how long nobody looks at the queue without having been woken: what another process sent, or a clock
	// that was set, is noticed by then. It also paces the retries when the file cannot be used.
	lookAgain = 5 * time.Second
)

// handler is what a slice is handed to: deliver's, or for the dead letters settle's.
type handler = func(context.Context, replay.Slice) (replay.Next, error)

// OnMessage hands slices over until ctx ends, side by side, but one at a time in a group and at most 16 in all. Then it
// waits for those in hand and returns nil. One OnMessage a queue is meant to run in a process.
//
// A handler has 60 s; its context ends with ctx, too: it should finish the batch in hand and return replay.Again(0).
// Where a handler returns an error, or panics, that is logged and the message stays hidden for what is left of replay.Lease.
func (q *Queue) OnMessage(ctx context.Context, handle handler) error {
	var hands sync.WaitGroup
	defer hands.Wait()
	free := make(chan struct{}, maxGroups)
	for {
		select {
		case free <- struct{}{}:
		case <-ctx.Done():
			return nil
		}
		m, next, err := q.receive(ctx)
		if ctx.Err() != nil && m == nil {
			return nil
		}
		if err != nil {
			slog.ErrorContext(ctx, "the queue will be looked at again", "queue", q.name, "err", err)
		}
		if m == nil {
			<-free
			q.rest(ctx, next)
			continue
		}
		hands.Go(func() {
			defer func() { <-free }()
			q.work(ctx, m, handle)
		})
	}
}

// rest waits until next, or until somebody rings, and never for long. Whatever happened since the queue was looked at
// has rung already.
func (q *Queue) rest(ctx context.Context, next time.Time) {
	wait := lookAgain
	if !next.IsZero() {
		wait = min(wait, next.Sub(q.store.now()))
	}
	timer := time.NewTimer(wait)
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-q.bell:
	case <-ctx.Done():
	}
}

// Pump hands over what is visible now, one slice after another, until nothing is. A handler may call it. What a handler
// returns is treated as by OnMessage: Pump's own error is that the queue cannot be used, or that ctx ended.
func (q *Queue) Pump(ctx context.Context, handle handler) error {
	for {
		m, _, err := q.receive(ctx)
		if err != nil || m == nil {
			return err
		}
		q.work(ctx, m, handle)
	}
}

// work has one message handled, then deletes it, shows it again, or leaves it.
func (q *Queue) work(ctx context.Context, m *message, handle handler) {
	log := slog.With("queue", q.name, "job", m.slice.JobID, "org", m.slice.Org, "region", m.slice.Region, "slice", m.slice.N, "receives", m.receives)
	next, err := call(ctx, m.slice, handle)
	if err != nil {
		log.ErrorContext(ctx, "slice left until its visibility ends", "err", err)
		return
	}
	// A crash here, or an error below, leaves the message as if the handler had failed: it comes again, and the slice's
	// row tells how far it was.
	ctx = context.WithoutCancel(ctx) // what was done is written down even if it was the last thing to be done
	switch {
	case !next.Again:
		err = q.remove(ctx, m)
	case q.name == slicesQueue && m.receives >= replay.RetireReceives:
		log.WarnContext(ctx, "message retired: the sweep sends the slice again")
		err = q.remove(ctx, m)
	default:
		err = q.show(ctx, m, next.After)
	}
	if err != nil {
		log.ErrorContext(ctx, "slice handled, yet left until its visibility ends", "err", err)
	}
}

// call takes a panic for an error: it should cost the one slice its turn, as on Lambda, and not everybody's.
func call(ctx context.Context, s replay.Slice, handle handler) (next replay.Next, err error) {
	ctx, cancel := context.WithTimeout(ctx, functionTime)
	defer cancel()
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("panic: %v\n%s", p, debug.Stack())
		}
	}()
	return handle(ctx, s)
}
