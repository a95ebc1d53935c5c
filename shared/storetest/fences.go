package storetest

import (
	"crypto/rand"
	"fmt"
	"testing"

	"reprise/shared/replay"
)

// fenceGuarantees: a move that holds another job_id than the stored one conflicts; it changes nothing (DESIGN.md §3).
// One test a move, so that a condition that is left out is named by the test that fails.
func fenceGuarantees() []guarantee {
	var all []guarantee
	for _, m := range moves() {
		all = append(all,
			guarantee{"a " + m.name + " with the job_id of a replaced job conflicts", func(t *testing.T, b *bench) { aReplacedJobsMoveConflicts(t, b, m) }},
			guarantee{"a " + m.name + " with the job_id of an ended job conflicts", func(t *testing.T, b *bench) { anEndedJobsMoveConflicts(t, b, m) }},
			guarantee{"a " + m.name + " with a job_id that was never stored conflicts", func(t *testing.T, b *bench) { anUnknownJobsMoveConflicts(t, b, m) }},
			guarantee{"a " + m.name + " with the job_id of another scope conflicts", func(t *testing.T, b *bench) { anotherScopesMoveConflicts(t, b, m) }},
		)
	}
	return all
}

// stored are the statuses of a row.
func stored() []replay.Status { return statuses()[1:] }

// bounces makes the move with f over job, which must stay as it is.
func bounces(t *testing.T, b *bench, m move, f replay.Fence, job replay.Job) {
	t.Helper()
	b.clock.tick()
	what := fmt.Sprintf("%s over somebody else's %s job", m.name, job.Status)
	expect(t, what, m.make(t.Context(), b, f), replay.ErrConflict)
	same(t, what, b.job(t, job.Scope), job)
}

func aReplacedJobsMoveConflicts(t *testing.T, b *bench, m move) {
	for _, had := range []replay.Status{replay.Accepted, replay.Pending} {
		for _, status := range stored() {
			at := b.scope()
			old := b.reached(t, at, had)
			bounces(t, b, m, old.Fence, b.reached(t, at, status))
		}
	}
}

func anEndedJobsMoveConflicts(t *testing.T, b *bench, m move) {
	for _, had := range []replay.Status{replay.Completed, replay.Failed} {
		for _, status := range stored() {
			at := b.scope()
			old := b.reached(t, at, had)
			bounces(t, b, m, old.Fence, b.reached(t, at, status))
		}
	}
}

func anUnknownJobsMoveConflicts(t *testing.T, b *bench, m move) {
	for _, status := range stored() {
		job := b.reached(t, b.scope(), status)
		bounces(t, b, m, replay.Fence{Scope: job.Scope, JobID: rand.Text()}, job)
	}
}

func anotherScopesMoveConflicts(t *testing.T, b *bench, m move) {
	for _, status := range stored() {
		job := b.reached(t, b.scope(), status)
		other := b.reached(t, replay.Scope{Org: job.Org, Region: "us"}, status)
		bounces(t, b, m, replay.Fence{Scope: job.Scope, JobID: other.JobID}, job)
		same(t, "the job whose id it was", b.job(t, other.Scope), other)
	}
}
