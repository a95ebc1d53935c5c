package storetest

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"reprise/shared/queuetest"
	"reprise/shared/replay"
)

// Test holds a store to the contract; open gives an empty one whose rows are stamped by now.
// The clock that it is given stands between two steps of a test; it is neither in UTC nor in whole milliseconds,
// as a machine's is not: every time that a store gives back must be (DESIGN.md §4).
func Test(t *testing.T, open func(t *testing.T, now func() time.Time) Store) {
	chapters := []struct {
		subject string
		all     []guarantee
	}{
		{"jobs", jobGuarantees()},
		{"fences", fenceGuarantees()},
		{"puts", putGuarantees()},
		{"live", liveGuarantees()},
		{"plans", planGuarantees()},
		{"slices", sliceGuarantees()},
		{"resends", resendGuarantees()},
		{"entries", entryGuarantees()},
		{"windows", windowGuarantees()},
		{"counts", countGuarantees()},
		{"webhooks", webhookGuarantees()},
		{"attempts", attemptGuarantees()},
		{"tokens", tokenGuarantees()},
		{"keys", keyGuarantees()},
		{"races", raceGuarantees()},
		{"requests", linearGuarantees()},
	}
	for _, c := range chapters {
		t.Run(c.subject, func(t *testing.T) {
			for _, g := range c.all {
				t.Run(g.name, func(t *testing.T) {
					clock := newClock()
					g.hold(t, &bench{Store: open(t, clock.Now), clock: clock})
				})
			}
		})
	}
}

// guarantee is one thing that a store must do, shown on an empty one.
type guarantee struct {
	name string
	hold func(*testing.T, *bench)
}

// clock goes on only when a test says so.
type clock struct{ *queuetest.Clock }

// newClock starts in a year far ahead: a backend that lets rows expire by its own clock must not do so under a test.
func newClock() clock {
	east := time.FixedZone("east", 2*60*60)
	return clock{queuetest.NewClock(time.Date(2040, time.March, 2, 12, 34, 56, 123_456_789, east))}
}

// tick lets some seconds pass and returns what a row that is written now must be stamped with.
func (c clock) tick() time.Time {
	c.Pass(7*time.Second + 13*time.Millisecond)
	return stamp(c.Now())
}

// stamp is t as a store keeps it.
func stamp(t time.Time) time.Time { return t.UTC().Truncate(time.Millisecond) }

// bench is a store with its clock, as a test finds it.
type bench struct {
	Store
	clock clock
}

// scope is one that no other part of the test uses.
func (b *bench) scope() replay.Scope { return replay.Scope{Org: rand.Text(), Region: "eu"} }

// newJob is a job for at as a PUT makes it, not yet stored. Its id is one that was never used anywhere: a backend may
// remember ids longer than its rows.
func (b *bench) newJob(at replay.Scope) replay.Job {
	now := stamp(b.clock.Now())
	w := replay.Window{From: now.Add(-3*time.Hour - 217*time.Millisecond), To: now.Add(-time.Millisecond)}
	return replay.NewJob(replay.Fence{Scope: at, JobID: rand.Text()}, "ops · Zürich", w, now)
}

// accepted is a new job of at, stored.
func (b *bench) accepted(t *testing.T, at replay.Scope) replay.Job {
	t.Helper()
	job := b.newJob(at)
	expect(t, "Accept", b.Accept(t.Context(), job), nil)
	return job
}

// reached is a new job of at, brought to status by the moves of the drawing; Unconfigured leaves at as it was, with a
// fence that no job has.
func (b *bench) reached(t *testing.T, at replay.Scope, status replay.Status) replay.Job {
	t.Helper()
	if status == replay.Unconfigured {
		job := b.newJob(at)
		return replay.Job{Fence: job.Fence, Status: replay.Unconfigured}
	}
	f := b.accepted(t, at).Fence
	path := map[replay.Status][]move{
		replay.Accepted:  {},
		replay.Pending:   {pend()},
		replay.Running:   {pend(), run()},
		replay.Completed: {pend(), run(), complete()},
		replay.Failed:    {pend(), run(), fail()},
	}
	for _, m := range path[status] {
		b.clock.tick()
		expect(t, m.name, m.make(t.Context(), b, f), nil)
	}
	job := b.job(t, at)
	if job.Status != status {
		t.Fatalf("the job is %s after the moves to %s", job.Status, status)
	}
	return job
}

// job is what at's row says now.
func (b *bench) job(t *testing.T, at replay.Scope) replay.Job {
	t.Helper()
	job, err := b.Job(t.Context(), at)
	expect(t, "Job", err, nil)
	return job
}

// progress is every row of the job, in order of slice: a store may give them in any.
func (b *bench) progress(t *testing.T, f replay.Fence) []replay.Progress {
	t.Helper()
	all, err := b.Progress(t.Context(), f)
	expect(t, "Progress", err, nil)
	slices.SortFunc(all, func(p, q replay.Progress) int { return p.N - q.N })
	return all
}

// expect ends the test unless err is what a caller would branch on; nil wants success.
func expect(t *testing.T, what string, err, want error) {
	t.Helper()
	if !errors.Is(err, want) {
		t.Fatalf("%s: got error %v, want %v", what, err, want)
	}
}

// same ends the test unless got equals want; no slice and an empty one are the same.
func same[T any](t *testing.T, what string, got, want T) {
	t.Helper()
	if diff := cmp.Diff(want, got, cmpopts.EquateEmpty()); diff != "" {
		t.Fatalf("%s (-want +got):\n%s", what, diff)
	}
}

// plain ends the test unless every time is in UTC and in whole milliseconds.
func plain(t *testing.T, what string, times ...time.Time) {
	t.Helper()
	for _, at := range times {
		if at.Location() != time.UTC || at.Nanosecond()%int(time.Millisecond) != 0 {
			t.Errorf("%s: %s is not in UTC and whole milliseconds", what, at)
		}
	}
}

// together calls do n times at once and returns what each call answered.
func together(n int, do func(i int) error) []error {
	start := make(chan struct{})
	errs := make([]error, n)
	var all sync.WaitGroup
	for i := range n {
		all.Go(func() {
			<-start
			errs[i] = do(i)
		})
	}
	close(start)
	all.Wait()
	return errs
}

// outcomes counts the answers of callers who raced: each must be success or conflict.
func outcomes(t *testing.T, what string, errs []error) (won, lost int) {
	t.Helper()
	for i, err := range errs {
		switch {
		case err == nil:
			won++
		case errors.Is(err, replay.ErrConflict):
			lost++
		default:
			t.Fatalf("%s, caller %d: got error %v, want success or %v", what, i, err, replay.ErrConflict)
		}
	}
	return won, lost
}

// move is one transition of a job as its caller makes it.
type move struct {
	name string
	to   replay.Status
	make func(context.Context, Store, replay.Fence) error
}

func pend() move {
	return move{"Pend", replay.Pending, func(ctx context.Context, s Store, f replay.Fence) error { return s.Pend(ctx, f) }}
}

func run() move {
	return move{"Run", replay.Running, func(ctx context.Context, s Store, f replay.Fence) error { return s.Run(ctx, f) }}
}

func complete() move {
	return move{"Complete", replay.Completed, func(ctx context.Context, s Store, f replay.Fence) error {
		return s.Complete(ctx, f, someTally())
	}}
}

func fail() move {
	return move{"Fail", replay.Failed, func(ctx context.Context, s Store, f replay.Fence) error {
		return s.Fail(ctx, f, someFailure(), someTally())
	}}
}

// moves are the four that take a fence.
func moves() []move { return []move{pend(), run(), complete(), fail()} }

// statuses are all that a scope may be found in.
func statuses() []replay.Status {
	return []replay.Status{replay.Unconfigured, replay.Accepted, replay.Pending, replay.Running, replay.Completed, replay.Failed}
}

// someTally is larger than 32 bits, larger than a float can count.
func someTally() replay.Tally {
	return replay.Tally{Batches: 1<<33 + 1, Entries: 1<<54 + 1, Bytes: 1<<60 + 1}
}

func someFailure() replay.Failure {
	return replay.Failure{Code: replay.FailRejected, Detail: "the receiver answered 401 “Unauthorized” — 'no'; " + strings.Repeat("é", 40), ResponseCode: 401}
}

// sliceOf is the nth slice of a job: minute n of a day.
func sliceOf(f replay.Fence, n int) replay.Slice {
	from := time.Date(2040, time.March, 1, 0, n, 0, 0, time.UTC)
	return replay.Slice{Fence: f, N: n, Lane: n % 4, Window: replay.Window{From: from, To: from.Add(time.Minute - time.Millisecond)}}
}

// cursorAt is a cursor in the form a chunk's key has.
func cursorAt(n, line int) replay.Cursor {
	return replay.Cursor{Chunk: fmt.Sprintf("%013d-%032x", 2_214_000_000_000+int64(n)*60_000, n), Line: line}
}
