package sqlite_test

import (
	"context"
	"path/filepath"
	"testing"
	"time"

	"reprise/shared/queuetest"
	"reprise/shared/replay"
	"reprise/shared/sqlite"
)

// hands is a queue whose time passes when it is told to.
type hands struct {
	*sqlite.Queue
	dead  *sqlite.Queue
	clock *queuetest.Clock
}

func (h hands) Pass(d time.Duration) { h.clock.Pass(d) }

func (h hands) Dead(ctx context.Context) (dead []replay.Slice, err error) {
	err = h.dead.Pump(ctx, func(_ context.Context, s replay.Slice) (replay.Next, error) {
		dead = append(dead, s)
		return replay.Done(), nil
	})
	return dead, err
}

// newHandClock stands still until a test moves it.
func newHandClock() *queuetest.Clock {
	return queuetest.NewClock(time.Date(2025, 6, 18, 21, 2, 36, 889e6, time.UTC))
}

func TestTheQueueKeepsItsContract(t *testing.T) {
	queuetest.Test(t, func(t *testing.T) queuetest.Queue {
		clock := newHandClock()
		store, err := sqlite.Open(filepath.Join(t.TempDir(), "queue.db"), clock.Now)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = store.Close() })
		return hands{store.Queue(), store.DeadQueue(), clock}
	})
}
