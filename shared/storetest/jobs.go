package storetest

import (
	"fmt"
	"testing"
	"time"

	"reprise/shared/replay"
)

// jobGuarantees: a job goes along the arrows of replay's drawing, along no other.
func jobGuarantees() []guarantee {
	return []guarantee{
		{"a scope without a job is unconfigured", aScopeWithoutAJobIsUnconfigured},
		{"an accepted job comes back as it was put", anAcceptedJobComesBack},
		{"every move over every status does what the drawing says", everyMoveOverEveryStatus},
		{"started_at is set once and updated_at moves only with a real move", timesOfALife},
		{"a pending job may complete without having run", aPendingJobMayComplete},
		{"tally and failure come back", tallyAndFailureComeBack},
		{"times come back in UTC and whole milliseconds", jobTimesArePlain},
		{"organizations and regions never touch", scopesNeverTouch},
	}
}

func aScopeWithoutAJobIsUnconfigured(t *testing.T, b *bench) {
	at := b.scope()
	same(t, "the job", b.job(t, at), replay.Job{Fence: replay.Fence{Scope: at}, Status: replay.Unconfigured})
}

func anAcceptedJobComesBack(t *testing.T, b *bench) {
	job := b.accepted(t, b.scope())
	b.clock.tick()
	same(t, "the job", b.job(t, job.Scope), job)
}

// everyMoveOverEveryStatus goes through all pairs, each in a scope of its own.
func everyMoveOverEveryStatus(t *testing.T, b *bench) {
	for _, from := range statuses() {
		for _, m := range moves() {
			t.Run(fmt.Sprintf("%s over %s", m.name, from), func(t *testing.T) {
				before := b.reached(t, b.scope(), from)
				now := b.clock.tick()
				f := before.Fence
				if from == replay.Unconfigured {
					before.JobID = ""
				}
				want, wantErr := after(m, before, now)
				expect(t, m.name, m.make(t.Context(), b, f), wantErr)
				same(t, "the job after "+m.name, b.job(t, f.Scope), want)
			})
		}
	}
}

// after is what a move at now must make of a job, what it must answer.
func after(m move, job replay.Job, now time.Time) (replay.Job, error) {
	already := m.to == replay.Pending && (job.Status == replay.Pending || job.Status == replay.Running) ||
		m.to == replay.Running && job.Status == replay.Running
	switch {
	case already:
		return job, nil
	case !job.Status.May(m.to):
		return job, replay.ErrConflict
	}
	job.Status, job.UpdatedAt = m.to, now
	switch m.to {
	case replay.Running:
		job.StartedAt = now
	case replay.Completed:
		job.FinishedAt, job.Tally = now, someTally()
	case replay.Failed:
		job.FinishedAt, job.Tally, job.Failure = now, someTally(), someFailure()
	}
	return job, nil
}

func timesOfALife(t *testing.T, b *bench) {
	want := b.accepted(t, b.scope())
	step := func(m move, real bool) {
		t.Helper()
		now := b.clock.tick()
		expect(t, m.name, m.make(t.Context(), b, want.Fence), nil)
		if real {
			want, _ = after(m, want, now)
		}
		same(t, "the job after "+m.name, b.job(t, want.Scope), want)
	}
	step(pend(), true)
	step(pend(), false)
	step(run(), true)
	step(run(), false)
	step(pend(), false)
	step(run(), false)
	step(complete(), true)
	if !want.AcceptedAt.Before(want.StartedAt) || !want.StartedAt.Before(want.FinishedAt) || !want.FinishedAt.Equal(want.UpdatedAt) {
		t.Fatalf("the test itself is wrong: %+v", want)
	}
}

func aPendingJobMayComplete(t *testing.T, b *bench) {
	job := b.reached(t, b.scope(), replay.Pending)
	now := b.clock.tick()
	expect(t, "Complete", b.Complete(t.Context(), job.Fence, replay.Tally{}), nil)
	job.Status, job.UpdatedAt, job.FinishedAt = replay.Completed, now, now
	same(t, "an empty plan's job", b.job(t, job.Scope), job) // it never started: StartedAt stays zero
}

func tallyAndFailureComeBack(t *testing.T, b *bench) {
	failures := []replay.Failure{
		{Code: replay.FailCancelled, Detail: "cancelled by ops"},
		{Code: replay.FailWebhookGone, Detail: "the receiver answered 410 Gone", ResponseCode: 410},
		someFailure(),
	}
	tallies := []replay.Tally{{}, {Batches: 1, Entries: 2, Bytes: 3}, someTally()}
	for i, why := range failures {
		job := b.reached(t, b.scope(), replay.Running)
		now := b.clock.tick()
		expect(t, "Fail", b.Fail(t.Context(), job.Fence, why, tallies[i]), nil)
		job.Status, job.UpdatedAt, job.FinishedAt, job.Failure, job.Tally = replay.Failed, now, now, why, tallies[i]
		same(t, "the failed job", b.job(t, job.Scope), job)
	}
	for _, tally := range tallies {
		job := b.reached(t, b.scope(), replay.Running)
		now := b.clock.tick()
		expect(t, "Complete", b.Complete(t.Context(), job.Fence, tally), nil)
		job.Status, job.UpdatedAt, job.FinishedAt, job.Tally = replay.Completed, now, now, tally
		same(t, "the completed job", b.job(t, job.Scope), job)
	}
}

func jobTimesArePlain(t *testing.T, b *bench) {
	for _, status := range statuses() {
		job := b.job(t, b.reached(t, b.scope(), status).Scope)
		plain(t, string(status), job.AcceptedAt, job.UpdatedAt, job.StartedAt, job.FinishedAt, job.Window.From, job.Window.To)
	}
}

// scopesNeverTouch moves one job through its life beside neighbours that share its organization or its region.
func scopesNeverTouch(t *testing.T, b *bench) {
	org := b.scope().Org
	mine := replay.Scope{Org: org, Region: "eu"}
	var beside []replay.Job
	for _, at := range []replay.Scope{{Org: org, Region: "us"}, {Org: org, Region: "eu-2"}, {Org: org + "2", Region: "eu"}, {Org: b.scope().Org, Region: "eu"}} {
		beside = append(beside, b.reached(t, at, replay.Pending))
	}
	unmoved := func() {
		t.Helper()
		for _, job := range beside {
			same(t, "a neighbour's job", b.job(t, job.Scope), job)
		}
	}
	same(t, "the scope between them", b.job(t, mine).Status, replay.Unconfigured)
	for _, status := range statuses() {
		b.reached(t, mine, status)
		unmoved()
		if status == replay.Running { // so that the next may be put
			expect(t, "Fail", b.Fail(t.Context(), b.job(t, mine).Fence, someFailure(), replay.Tally{}), nil)
		}
	}
}
