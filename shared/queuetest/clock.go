package queuetest

import (
	"sync"
	"time"
)

// Clock stands still until somebody moves it: for a backend that asks the clock it is given. It is for any number of goroutines.
type Clock struct {
	mu sync.Mutex
	at time.Time
}

// NewClock is a clock that stands at that time.
func NewClock(at time.Time) *Clock { return &Clock{at: at} }

// Now is the time that it shows.
func (c *Clock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.at
}

// Pass moves it on.
func (c *Clock) Pass(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.at = c.at.Add(d)
}
