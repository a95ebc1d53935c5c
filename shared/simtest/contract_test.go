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

// newClock stands still until a test moves it.
func newClock() *queuetest.Clock {
	return queuetest.NewClock(time.Date(2025, 6, 18, 21, 2, 36, 889e6, time.UTC))
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
	clock *queuetest.Clock
}

func (q queue) Pass(d time.Duration) { q.clock.Pass(d) }

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
		return queue{simtest.NewQueue(c.Now), c}
	})
}

func TestTheVerbsKeepTheirPromisesOnIt(t *testing.T) {
	storetest.Stories(t, faultsApart, func(*testing.T) storetest.Backend {
		c, tables := newClock(), simtest.NewTables()
		s := &stream{tables: tables}
		return storetest.Backend{
			Store: tables.As(c.Now, numbers()), Queue: queue{simtest.NewQueue(c.Now), c},
			Stream: s.pump, Pass: c.Pass, Now: c.Now,
		}
	})
}
