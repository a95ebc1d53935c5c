package queuetest

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"reprise/shared/replay"
)

// story is one test with a queue of its own.
type story struct {
	*testing.T
	Queue
}

// handler is what a slice is handed to.
type handler func(context.Context, replay.Slice) (replay.Next, error)

// errHandler is what a handler says that could not do its work.
var errHandler = errors.New("the handler's own trouble")

func done(context.Context, replay.Slice) (replay.Next, error) { return replay.Done(), nil }

func fails(context.Context, replay.Slice) (replay.Next, error) { return replay.Next{}, errHandler }

func again(d time.Duration) handler {
	return func(context.Context, replay.Slice) (replay.Next, error) { return replay.Again(d), nil }
}

// sends sends, as the fan-out and the sweep do.
func (s story) sends(generation int, slices ...replay.Slice) {
	s.Helper()
	if err := s.Send(s.Context(), generation, slices...); err != nil {
		s.Fatalf("sending generation %d of %d slices: %v", generation, len(slices), err)
	}
}

// takes hands over what is visible and returns it in the order in which it came.
func (s story) takes(h handler) []replay.Slice {
	s.Helper()
	var taken []replay.Slice
	err := s.Pump(s.Context(), func(ctx context.Context, got replay.Slice) (replay.Next, error) {
		taken = append(taken, got)
		return h(ctx, got)
	})
	if err != nil {
		s.Fatalf("handing over: %v", err)
	}
	return taken
}

// expects says that these slices, in this order within each group, are what was taken.
func (s story) expects(what string, taken []replay.Slice, want ...replay.Slice) {
	s.Helper()
	if diff := cmp.Diff(grouped(want), grouped(taken)); diff != "" {
		s.Errorf("%s (-want +got):\n%s", what, diff)
	}
}

// grouped is the slices by group, which is all the order that a queue keeps.
func grouped(slices []replay.Slice) map[string][]replay.Slice {
	groups := make(map[string][]replay.Slice)
	for _, s := range slices {
		g := group(s)
		groups[g] = append(groups[g], s)
	}
	return groups
}

// group is what a slice waits behind (DESIGN.md §5).
func group(s replay.Slice) string { return fmt.Sprintf("%s/%d", s.JobID, s.Lane) }

// The two jobs of most stories: the second was put in the first one's place.
const (
	firstJob = "01J8000000000000000000000A"
	nextJob  = "01J8000000000000000000000B"
)

// job is n slices of a minute each, in so many lanes.
func job(id string, lanes, n int) []replay.Slice {
	from := time.Date(2025, 6, 18, 21, 0, 0, 0, time.UTC)
	slices := make([]replay.Slice, n)
	for i := range slices {
		slices[i] = replay.Slice{
			Fence: replay.Fence{Scope: replay.Scope{Org: "777db3e4-5cb7-4dd5-b51c-9878096a6999", Region: "eu"}, JobID: id},
			N:     i, Lane: i % lanes,
			Window: replay.Window{
				From: from.Add(time.Duration(i) * time.Minute),
				To:   from.Add(time.Duration(i+1)*time.Minute - time.Millisecond),
			},
		}
	}
	return slices
}
