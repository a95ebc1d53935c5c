package client

import (
	"context"
	"errors"
	"math/rand/v2"
	"net/http"
	"time"
)

const (
	// Tries is how often a request is sent in all that fails for a reason that may pass.
	Tries = 6
	// longestWait is how much of Retry-After is waited for: who asks for more is told to the user, who may not want to.
	longestWait = 30 * time.Second
)

// do sends a request until it is answered for good. The waits double from a quarter of a second, with jitter, and are never
// shorter than Retry-After asks for.
func (c *Client) do(ctx context.Context, q request) ([]byte, error) {
	wait := 250 * time.Millisecond
	for n := 1; ; n++ {
		a, err := c.once(ctx, q)
		pause, again := c.mayPass(q, err)
		if err == nil || !again || n == Tries || pause > longestWait {
			return a, err
		}
		select {
		case <-ctx.Done():
			return nil, context.Cause(ctx)
		case <-time.After(max(pause, wait/2+rand.N(wait/2))):
		}
		wait *= 2
	}
}

// mayPass reports whether another try makes sense, and how long it must not come. Where nobody knows what became of the first,
// only a request that may come twice is sent again. Where nobody ever was there the address is wrong more likely than the time:
// that is said at once.
func (c *Client) mayPass(q request, err error) (pause time.Duration, again bool) {
	var refused *Refusal
	var silent *Silence
	switch {
	case errors.As(err, &refused):
		return refused.RetryAfter, refused.passes() && (q.twice || refused.Status == http.StatusTooManyRequests)
	case errors.As(err, &silent):
		return 0, (q.twice || !silent.Sent) && (silent.Sent || c.met.Load())
	default:
		return 0, false
	}
}

// MayPass reports whether what a request ended with may be otherwise later: no answer, or one of 429 and 5xx.
func MayPass(err error) bool {
	var refused *Refusal
	var silent *Silence
	return errors.As(err, &silent) || errors.As(err, &refused) && refused.passes()
}
