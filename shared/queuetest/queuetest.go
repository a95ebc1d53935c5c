// Package queuetest is what every queue must do.
package queuetest

import (
	"context"
	"maps"
	"slices"
	"testing"
	"time"

	"reprise/shared/fanout"
	"reprise/shared/replay"
)

// Queue is the port beside the receiving half, which no verb sees: the event source calls us.
type Queue interface {
	fanout.Queue
	// Pump hands over what is visible now, one at a time in a group, until nothing is. It may be called from within a handler.
	Pump(context.Context, func(context.Context, replay.Slice) (replay.Next, error)) error
	// Dead is what was received too often, or could not be read: at least the slice's fence.
	Dead(context.Context) ([]replay.Slice, error)
	// Pass lets time pass, for real where the queue has a clock of its own.
	Pass(time.Duration)
}

const (
	// deduplication is for how long a generation that was sent is not sent again (DESIGN.md §5; SQS's own interval).
	deduplication = 5 * time.Minute
	// leeway is how far on either side of an instant a story looks: a queue with a clock of its own is not exact,
	// a test on a busy machine late by seconds.
	leeway = 10 * time.Second
)

// Test holds a queue to DESIGN.md §5. Open gives an empty one to each story; it may call t.Parallel.
// A message that its handler left must be hidden for replay.Lease.
func Test(t *testing.T, open func(t *testing.T) Queue) {
	t.Helper()
	for _, stories := range []map[string]func(story){groups(), lanes(), visibility(), deduplicated(), limits()} {
		for _, guarantee := range slices.Sorted(maps.Keys(stories)) {
			t.Run(guarantee, func(t *testing.T) { stories[guarantee](story{t, open(t)}) })
		}
	}
	rows := receipts()
	for _, name := range slices.Sorted(maps.Keys(rows)) { // beside the others, so that all may run in parallel
		t.Run("a receipt that is no longer the latest changes nothing: "+name, func(t *testing.T) { rows[name].tell(story{t, open(t)}) })
	}
}
