package api

import (
	"fmt"
	"net/http"
	"runtime/debug"
	"time"

	"reprise/shared/access"
	"reprise/shared/replay"
)

// Door is what every request comes through: it reads the clock once, finds the region, knows the caller, turns every
// error into the contract's form, logs one line. It is safe for concurrent use.
type Door struct {
	memory  *memory
	regions replay.Regions
	now     func() time.Time
	newID   func() string
}

// NewDoor makes a Door. Tokens are remembered for a minute; newID makes the ids under which requests are found in the logs.
func NewDoor(tokens Tokens, regions replay.Regions, now func() time.Time, newID func() string) *Door {
	return &Door{&memory{tokens: tokens, known: make(map[access.Hash]remembered)}, regions, now, newID}
}

// caller is one request as the door saw it.
type caller struct {
	access.Principal
	region  string    // as it was asked for: one of ours, or global where the route is wide
	regions []string  // that one, or all of ours
	now     time.Time // the request's only one
	trace   string
}

// scope is the one that a route is about which is not wide.
func (c *caller) scope() replay.Scope { return replay.Scope{Org: c.Org, Region: c.region} }

// scopes are all that a wide route is about, in the order of the stack's regions.
func (c *caller) scopes() []replay.Scope {
	all := make([]replay.Scope, len(c.regions))
	for i, region := range c.regions {
		all[i] = replay.Scope{Org: c.Org, Region: region}
	}
	return all
}

// global reports whether the caller asked for every region, however few these are.
func (c *caller) global() bool { return c.region == replay.GlobalRegion }

// A route answers a request. Its error may be a problem, a replay.InputError or anything else, which nobody is told.
type route func(*http.Request, *caller) (reply, error)

// admit lets through who has the role and asks for a region of ours.
func (d *Door) admit(role access.Role, answer route) http.Handler {
	return d.admitWide(role, single(answer))
}

// single is a route that is about one region.
func single(answer route) route {
	return func(r *http.Request, c *caller) (reply, error) {
		if c.global() {
			return reply{}, badRegion("must be a single region here")
		}
		return answer(r, c)
	}
}

// admitWide lets through who has the role and asks for a region of ours, or for all of them.
func (d *Door) admitWide(role access.Role, answer route) http.Handler {
	return d.open(func(r *http.Request, c *caller) (reply, error) {
		secret, err := bearer(r.Header)
		if err != nil {
			return reply{}, unauthorized(err)
		}
		if c.Principal, err = d.memory.principal(r.Context(), secret, c.now); err != nil {
			return reply{}, err
		}
		if !c.May(role) {
			return reply{}, forbidden()
		}
		if err = c.choose(r, d.regions); err != nil {
			return reply{}, err
		}
		return answer(r, c)
	})
}

// anyone needs no token, but a region of ours.
func (d *Door) anyone(answer route) http.Handler {
	return d.open(func(r *http.Request, c *caller) (reply, error) {
		if err := c.choose(r, d.regions); err != nil {
			return reply{}, err
		}
		return single(answer)(r, c)
	})
}

// open lets everything through.
func (d *Door) open(answer route) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		c := &caller{now: d.now(), trace: d.newID()}
		a, err := guarded(answer, r, c)
		if err != nil {
			p := problemOf(err)
			a, err = sorry(p, c.trace), p
		}
		a.write(w)
		line{r, c, a, d.now().Sub(c.now), err}.log()
	})
}

// crash is a panic as an error.
type crash struct {
	what  any
	stack []byte
}

func (c *crash) Error() string { return fmt.Sprintf("panic: %v", c.what) }

// guarded is the route's answer; a panic is an error like another. Nothing was written yet, so that a 500 still can be.
func guarded(answer route, r *http.Request, c *caller) (a reply, err error) {
	defer func() {
		if what := recover(); what != nil {
			err = &crash{what, debug.Stack()}
		}
	}()
	return answer(r, c)
}
