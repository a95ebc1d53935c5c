package sqs_test

import (
	"context"
	"fmt"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"reprise/shared/replay"
)

// job is n slices of a minute each, in so many lanes.
func job(lanes, n int) []replay.Slice {
	from := time.Date(2025, 6, 18, 21, 0, 0, 0, time.UTC)
	slices := make([]replay.Slice, n)
	for i := range slices {
		at := from.Add(time.Duration(i) * time.Minute)
		slices[i] = replay.Slice{
			Fence: replay.Fence{Scope: replay.Scope{Org: "acme", Region: "eu"}, JobID: "01J8000000000000000000000A"}, N: i, Lane: i % lanes,
			Window: replay.Window{From: at, To: at.Add(time.Minute - time.Millisecond)},
		}
	}
	return slices
}

// numbers is the slices' numbers by lane, in order.
func numbers(slices []replay.Slice) map[int][]int {
	all := make(map[int][]int)
	for _, s := range slices {
		all[s.Lane] = append(all[s.Lane], s.N)
	}
	return all
}

// takes hands over what is visible and returns it.
func (e elastic) takes(t *testing.T) (taken []replay.Slice) {
	t.Helper()
	if err := e.Pump(t.Context(), func(_ context.Context, s replay.Slice) (replay.Next, error) {
		taken = append(taken, s)
		return replay.Done(), nil
	}); err != nil {
		t.Fatal(err)
	}
	return taken
}

func TestWhatSQSRefusesIsSentAgainAndOvertakenByNothingOfItsLane(t *testing.T) {
	for _, lanes := range []int{1, 4, 13} {
		t.Run(fmt.Sprintf("%d lanes", lanes), func(t *testing.T) {
			t.Parallel()
			var seen atomic.Int64
			e, p := open(t).through(t, &proxy{refuse: func(entry) bool { return seen.Add(1)%3 == 0 }})
			slices := job(lanes, 32)
			if err := e.Send(t.Context(), 0, slices...); err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(numbers(slices), numbers(e.takes(t))); diff != "" {
				t.Errorf("by lane (-sent +received):\n%s", diff)
			}
			for _, in := range p.of("SendMessageBatch") {
				groups := make(map[string]bool)
				for _, m := range in["Entries"].([]any) {
					group := m.(map[string]any)["MessageGroupId"].(string)
					if groups[group] {
						t.Errorf("one request has two messages of group %s: SQS may refuse the first and take the second", group)
					}
					groups[group] = true
				}
			}
		})
	}
}

func TestASliceThatSQSNeverTakesIsNamed(t *testing.T) {
	t.Parallel()
	e, _ := open(t).through(t, &proxy{refuse: func(m entry) bool { return strings.Contains(m.MessageBody, `"slice":3,`) }})
	err := e.Send(t.Context(), 0, job(2, 8)...)
	if err == nil || !strings.Contains(err.Error(), "sending generation 0 of 8 slices of job 01J8000000000000000000000A: slice 3 was refused 5 times: InternalError: the proxy does not want it") {
		t.Errorf("got %v", err)
	}
	if got := numbers(e.takes(t))[1]; !cmp.Equal(got, []int{1}) {
		t.Errorf("of its lane were sent %v, want only what was before it", got)
	}
}

func TestASendThatHadToBeRepeatedSendsEachSliceOnce(t *testing.T) {
	for what, p := range map[string]func(every func(string) bool) *proxy{
		"its answers were lost":  func(every func(string) bool) *proxy { return &proxy{lose: every} },
		"SQS had too much to do": func(every func(string) bool) *proxy { return &proxy{fail: status(429, every)} },
		"SQS had trouble":        func(every func(string) bool) *proxy { return &proxy{fail: status(500, every)} },
		"SQS did not speak of all": func(every func(string) bool) *proxy {
			return &proxy{silent: true, refuse: func(entry) bool { return every("SendMessageBatch") }}
		},
	} {
		t.Run(what, func(t *testing.T) {
			t.Parallel()
			var calls atomic.Int64
			e, _ := open(t).through(t, p(func(operation string) bool { return operation == "SendMessageBatch" && calls.Add(1)%3 == 1 }))
			slices := job(4, 12)
			if err := e.Send(t.Context(), 0, slices...); err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(numbers(slices), numbers(e.takes(t))); diff != "" {
				t.Errorf("by lane (-sent +received):\n%s", diff)
			}
			if calls.Load() < 5 {
				t.Errorf("only %d requests: nothing went wrong", calls.Load())
			}
		})
	}
}

func status(code int, when func(string) bool) func(string) int {
	return func(operation string) int {
		if when(operation) {
			return code
		}
		return 0
	}
}

func TestASendEndsWithItsContext(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancelCause(t.Context())
	e, _ := open(t).through(t, &proxy{refuse: func(entry) bool {
		cancel(context.DeadlineExceeded)
		return true
	}})
	if err := e.Send(ctx, 0, job(1, 1)...); err == nil || !strings.Contains(err.Error(), "sending generation 0 of 1 slices") {
		t.Errorf("got %v", err)
	}
}
