package simtest_test

import (
	"context"
	"strconv"
	"sync"
	"testing"
	"time"

	"reprise/shared/queuetest"
	"reprise/shared/replay"
	"reprise/shared/simtest"
	"reprise/shared/storetest"
)

var _ storetest.Store = (*simtest.Store)(nil)

// clock stands still until somebody moves it.
type clock struct {
	mu sync.Mutex
	at time.Time
}

func newClock() *clock { return &clock{at: time.Date(2025, 6, 18, 21, 2, 36, 889e6, time.UTC)} }

func (c *clock) now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.at
}

func (c *clock) pass(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.at = c.at.Add(d)
}

// numbers gives each write an id of its own.
func numbers() func() string {
	var mu sync.Mutex
	n := 0
	return func() string {
		mu.Lock()
		defer mu.Unlock()
		n++
		return strconv.Itoa(n)
	}
}

// queue is a queue whose time passes when it is told to.
type queue struct {
	*simtest.Queue
	clock *clock
}

func (q queue) Pass(d time.Duration) { q.clock.pass(d) }

// stream hands over what the tables accepted; at is the first that was not handled.
type stream struct {
	tables *simtest.Tables
	at     int
}

func (s *stream) pump(ctx context.Context, out func(context.Context, replay.Job) error) error {
	for ; s.at < len(s.tables.Accepted()); s.at++ {
		if err := out(ctx, s.tables.Accepted()[s.at]); err != nil {
			return err
		}
	}
	return nil
}

func TestTheSimulatedStoreKeepsItsContract(t *testing.T) {
	storetest.Test(t, func(_ *testing.T, now func() time.Time) storetest.Store {
		return simtest.NewTables().As(now, numbers())
	})
}

func TestTheSimulatedQueueKeepsItsContract(t *testing.T) {
	queuetest.Test(t, func(*testing.T) queuetest.Queue {
		c := newClock()
		return queue{simtest.NewQueue(c.now), c}
	})
}

func TestTheVerbsKeepTheirPromisesOnIt(t *testing.T) {
	storetest.Stories(t, faultsApart, func(*testing.T) storetest.Backend {
		c, tables := newClock(), simtest.NewTables()
		s := &stream{tables: tables}
		return storetest.Backend{
			Store: tables.As(c.now, numbers()), Queue: queue{simtest.NewQueue(c.now), c},
			Stream: s.pump, Pass: c.pass, Now: c.now,
		}
	})
}
