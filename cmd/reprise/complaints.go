package main

import (
	"context"
	"log/slog"
	"maps"
	"slices"
	"sync"
	"time"
)

const (
	// complainEvery is how often a receiver says in its log what is wrong: a sender that tries again must not fill it.
	complainEvery = 10 * time.Second
	// maxComplaints is how many different reasons are said at a time; a sender can make up any number of them.
	maxComplaints = 10
	otherReasons  = "other reasons"
)

// complaints are what a receiver found wrong since it was last said.
type complaints struct {
	now func() time.Time

	mu      sync.Mutex
	waiting map[string]int // how often, by the reason
	said    time.Time
}

func newComplaints(now func() time.Time) *complaints {
	return &complaints{now: now, waiting: make(map[string]int)}
}

// add is receiver.Options.Complain.
func (c *complaints) add(why string, n int) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if _, ok := c.waiting[why]; !ok && len(c.waiting) >= maxComplaints {
		why = otherReasons
	}
	c.waiting[why] += n
}

// say logs what waits, a line for each reason, unless something was said a moment ago and this is not the last time.
func (c *complaints) say(ctx context.Context, last bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	now := c.now()
	if len(c.waiting) == 0 || !last && !c.said.IsZero() && now.Sub(c.said) < complainEvery {
		return
	}
	c.said = now
	for _, why := range slices.Sorted(maps.Keys(c.waiting)) {
		slog.WarnContext(ctx, "something is wrong", "why", why, "times", c.waiting[why])
	}
	clear(c.waiting)
}
