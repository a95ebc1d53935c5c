package sqlite_test

import (
	"context"
	"path/filepath"
	"sync"
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
	clock *handClock
}

func (h hands) Pass(d time.Duration) { h.clock.pass(d) }

func (h hands) Dead(ctx context.Context) (dead []replay.Slice, err error) {
	err = h.dead.Pump(ctx, func(_ context.Context, s replay.Slice) (replay.Next, error) {
		dead = append(dead, s)
		return replay.Done(), nil
	})
	return dead, err
}

// handClock stands still until somebody moves it.
type handClock struct {
	mu sync.Mutex
	at time.Time
}

func newHandClock() *handClock {
	return &handClock{at: time.Date(2025, 6, 18, 21, 2, 36, 889e6, time.UTC)}
}

func (c *handClock) now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.at
}

func (c *handClock) pass(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.at = c.at.Add(d)
}

func TestTheQueueKeepsItsContract(t *testing.T) {
	queuetest.Test(t, func(t *testing.T) queuetest.Queue {
		clock := newHandClock()
		store, err := sqlite.Open(filepath.Join(t.TempDir(), "queue.db"), clock.now)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = store.Close() })
		return hands{store.Queue(), store.DeadQueue(), clock}
	})
}
