package storetest

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"reprise/shared/replay"
)

// planGuarantees: a plan is recorded once; everybody works on that one (DESIGN.md §3).
func planGuarantees() []guarantee {
	return []guarantee{
		{"there is no plan before one was recorded", thereIsNoPlan},
		{"a plan comes back as it was recorded, stamped", aPlanComesBack},
		{"an empty plan is a plan", anEmptyPlanIsAPlan},
		{"a second planner gets the stored plan and does not overwrite it", aSecondPlanner},
		{"a plan outlives its job's moves and the rows of its slices", aPlanStays},
		{"each job has its own plan", eachJobHasItsOwnPlan},
		{"planners who race all get the same plan", plannersRace},
	}
}

// planOf is a plan of n slices. Recorded is not the store's: the store must set its own.
func planOf(f replay.Fence, n int) replay.Plan {
	p := replay.Plan{Fence: f, Lanes: 4, Entries: 1<<54 + int64(n), Recorded: time.Date(2039, time.May, 5, 5, 5, 5, 0, time.UTC)}
	for i := range n {
		p.Slices = append(p.Slices, sliceOf(f, i))
	}
	return p
}

// recorded is a plan of n slices, stored for a new pending job.
func (b *bench) recorded(t *testing.T, n int) replay.Plan {
	t.Helper()
	p, err := b.RecordPlan(t.Context(), planOf(b.accepted(t, b.scope()).Fence, n))
	expect(t, "RecordPlan", err, nil)
	expect(t, "Pend", b.Pend(t.Context(), p.Fence), nil)
	return p
}

// planned checks what the store has for the job.
func (b *bench) planned(t *testing.T, f replay.Fence, want replay.Plan) {
	t.Helper()
	got, err := b.Plan(t.Context(), f)
	expect(t, "Plan", err, nil)
	same(t, "the stored plan", got, want)
}

func thereIsNoPlan(t *testing.T, b *bench) {
	for _, f := range []replay.Fence{b.newJob(b.scope()).Fence, b.accepted(t, b.scope()).Fence} {
		_, err := b.Plan(t.Context(), f)
		expect(t, "Plan", err, replay.ErrNotFound)
		same(t, "rows", b.progress(t, f), nil)
		// A row of a slice is no plan.
		_, err = b.Try(t.Context(), sliceOf(f, 0))
		expect(t, "Try", err, nil)
		_, err = b.Plan(t.Context(), f)
		expect(t, "Plan", err, replay.ErrNotFound)
	}
}

func aPlanComesBack(t *testing.T, b *bench) {
	for _, n := range []int{1, 2, replay.MaxSlices} {
		want := planOf(b.accepted(t, b.scope()).Fence, n)
		recorded := b.clock.tick()
		got, err := b.RecordPlan(t.Context(), want)
		expect(t, "RecordPlan", err, nil)
		b.clock.tick()
		want.Recorded = recorded
		same(t, "what RecordPlan returns", got, want)
		b.planned(t, want.Fence, want)
		plain(t, "Recorded", got.Recorded)
		for _, s := range got.Slices {
			plain(t, "a slice's window", s.Window.From, s.Window.To)
		}
		same(t, "rows of slices that nobody touched", b.progress(t, want.Fence), nil)
	}
}

func anEmptyPlanIsAPlan(t *testing.T, b *bench) {
	want := planOf(b.accepted(t, b.scope()).Fence, 0)
	want.Recorded = b.clock.tick()
	got, err := b.RecordPlan(t.Context(), want)
	expect(t, "RecordPlan", err, nil)
	same(t, "what RecordPlan returns", got, want)
	b.planned(t, want.Fence, want)
	got, err = b.RecordPlan(t.Context(), planOf(want.Fence, 3))
	expect(t, "RecordPlan by a second planner", err, nil)
	same(t, "what the second planner gets", got, want)
}

// aSecondPlanner read other counts: it must send the slices that are stored, or some minutes go twice and others not at all.
func aSecondPlanner(t *testing.T, b *bench) {
	first := b.recorded(t, 3)
	for _, n := range []int{5, 1, 0, 3} {
		b.clock.tick()
		other := planOf(first.Fence, n)
		other.Lanes, other.Entries = 1, 7
		got, err := b.RecordPlan(t.Context(), other)
		expect(t, "RecordPlan by a second planner", err, nil)
		same(t, "what the second planner gets", got, first)
		b.planned(t, first.Fence, first)
	}
}

func aPlanStays(t *testing.T, b *bench) {
	plan := b.recorded(t, 2)
	for _, s := range plan.Slices {
		b.clock.tick()
		p, err := b.Try(t.Context(), s)
		expect(t, "Try", err, nil)
		expect(t, "Advance", b.Advance(t.Context(), s, p.End(stamp(b.clock.Now()))), nil)
	}
	expect(t, "Complete", b.Complete(t.Context(), plan.Fence, someTally()), nil)
	b.planned(t, plan.Fence, plan)
	b.accepted(t, plan.Scope)
	b.planned(t, plan.Fence, plan) // of a replaced job: a planner that is late finds its own
}

func eachJobHasItsOwnPlan(t *testing.T, b *bench) {
	at := b.scope()
	old := b.accepted(t, at)
	first, err := b.RecordPlan(t.Context(), planOf(old.Fence, 3))
	expect(t, "RecordPlan", err, nil)
	b.clock.tick()
	job := b.accepted(t, at)
	_, err = b.Plan(t.Context(), job.Fence)
	expect(t, "Plan of the job that replaced it", err, replay.ErrNotFound)
	second, err := b.RecordPlan(t.Context(), planOf(job.Fence, 1))
	expect(t, "RecordPlan", err, nil)
	b.planned(t, old.Fence, first)
	b.planned(t, job.Fence, second)
}

func plannersRace(t *testing.T, b *bench) {
	for range 5 {
		f := b.accepted(t, b.scope()).Fence
		var got [16]replay.Plan
		errs := together(len(got), func(i int) (err error) {
			got[i], err = b.RecordPlan(t.Context(), planOf(f, 1+i))
			return err
		})
		for i, err := range errs {
			expect(t, "RecordPlan", err, nil)
			if diff := cmp.Diff(got[0], got[i], cmpopts.EquateEmpty()); diff != "" {
				t.Fatalf("planners 0 and %d work on different plans:\n%s", i, diff)
			}
		}
		b.planned(t, f, got[0])
	}
}
