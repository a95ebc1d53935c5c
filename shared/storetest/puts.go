package storetest

import (
	"fmt"
	"testing"
	"time"

	"reprise/shared/replay"
)

// putGuarantees: Accept is one atomic write that takes effect once (DESIGN.md §3, the first row of the table).
func putGuarantees() []guarantee {
	all := []guarantee{
		{"a PUT over running conflicts and changes nothing", aPutOverRunningConflicts},
		{"a PUT over a job that ran long ago and ended is taken", aPutAfterTheEndIsTaken},
		{"several scopes are put as one", severalScopesArePutAsOne},
		{"one running scope keeps a PUT from all of them", oneRunningScopeKeepsAll},
		{"as many regions as a stack may serve are put as one, or none of them", asManyAsThereMayBe},
		{"a PUT repeated at once changes nothing", aPutRepeatedAtOnce},
		{"a PUT repeated after its job moved on changes nothing", aPutRepeatedAfterItMovedOn},
		{"a PUT repeated after its job was replaced changes nothing", aPutRepeatedAfterItWasReplaced},
		{"a PUT of several repeated after one of them moved on changes nothing", aPutOfSeveralRepeated},
	}
	for _, status := range []replay.Status{replay.Unconfigured, replay.Accepted, replay.Pending, replay.Completed, replay.Failed} {
		all = append(all, guarantee{"a PUT over " + string(status) + " replaces every field", func(t *testing.T, b *bench) { aPutReplaces(t, b, status) }})
	}
	return all
}

func aPutOverRunningConflicts(t *testing.T, b *bench) {
	job := b.reached(t, b.scope(), replay.Running)
	for range 2 { // the second finds what the first left
		b.clock.tick()
		expect(t, "Accept over running", b.Accept(t.Context(), b.newJob(job.Scope)), replay.ErrConflict)
		same(t, "the running job", b.job(t, job.Scope), job)
	}
	expect(t, "Complete by the running job", b.Complete(t.Context(), job.Fence, someTally()), nil)
}

func aPutReplaces(t *testing.T, b *bench, status replay.Status) {
	old := b.reached(t, b.scope(), status)
	b.clock.tick()
	job := b.newJob(old.Scope)
	job.RequestedBy = "somebody else"
	job.Window = replay.Window{From: old.Window.From.Add(time.Hour), To: old.Window.To.Add(time.Minute)}
	expect(t, "Accept", b.Accept(t.Context(), job), nil)
	same(t, "the new job", b.job(t, old.Scope), job) // no tally, failure, start or end of the old one
}

func aPutAfterTheEndIsTaken(t *testing.T, b *bench) {
	at := b.scope()
	for range 3 {
		b.reached(t, at, replay.Completed)
		b.reached(t, at, replay.Failed)
	}
	job := b.accepted(t, at)
	same(t, "the last job", b.job(t, at), job)
}

// trio is three new jobs of one organization, in its regions eu, us and au.
func (b *bench) trio(org string) []replay.Job {
	var jobs []replay.Job
	for _, region := range []string{"eu", "us", "au"} {
		jobs = append(jobs, b.newJob(replay.Scope{Org: org, Region: region}))
	}
	return jobs
}

// stand checks that each of the jobs is stored as it is given.
func (b *bench) stand(t *testing.T, what string, jobs ...replay.Job) {
	t.Helper()
	for _, job := range jobs {
		same(t, what+", "+job.Region, b.job(t, job.Scope), job)
	}
}

func severalScopesArePutAsOne(t *testing.T, b *bench) {
	org := b.scope().Org
	b.reached(t, replay.Scope{Org: org, Region: "us"}, replay.Failed)
	b.reached(t, replay.Scope{Org: org, Region: "au"}, replay.Pending)
	jobs := b.trio(org)
	expect(t, "Accept of three", b.Accept(t.Context(), jobs...), nil)
	b.stand(t, "put with the others", jobs...)
}

func oneRunningScopeKeepsAll(t *testing.T, b *bench) {
	for _, region := range []string{"eu", "us", "au"} {
		org := b.scope().Org
		var before []replay.Job
		others := []replay.Status{replay.Unconfigured, replay.Pending}
		for _, job := range b.trio(org) {
			if job.Region == region {
				before = append(before, b.reached(t, job.Scope, replay.Running))
				continue
			}
			b.reached(t, job.Scope, others[0])
			before = append(before, b.job(t, job.Scope))
			others = others[1:]
		}
		b.clock.tick()
		expect(t, "Accept while "+region+" runs", b.Accept(t.Context(), b.trio(org)...), replay.ErrConflict)
		b.stand(t, "after the conflict", before...)
	}
}

func asManyAsThereMayBe(t *testing.T, b *bench) {
	org := b.scope().Org
	all := func() (jobs []replay.Job) {
		for n := range replay.MaxRegions {
			jobs = append(jobs, b.newJob(replay.Scope{Org: org, Region: fmt.Sprintf("region-%d", n)}))
		}
		return jobs
	}
	jobs := all()
	expect(t, "Accept of all", b.Accept(t.Context(), jobs...), nil)
	b.stand(t, "put with the others", jobs...)
	last := jobs[len(jobs)-1]
	b.clock.tick()
	expect(t, "Pend", b.Pend(t.Context(), last.Fence), nil)
	expect(t, "Run", b.Run(t.Context(), last.Fence), nil)
	jobs[len(jobs)-1] = b.job(t, last.Scope)
	expect(t, "Accept while the last one runs", b.Accept(t.Context(), all()...), replay.ErrConflict)
	b.stand(t, "after the conflict", jobs...)
}

func aPutRepeatedAtOnce(t *testing.T, b *bench) {
	job := b.accepted(t, b.scope())
	b.clock.tick()
	expect(t, "the same Accept again", b.Accept(t.Context(), job), nil)
	b.stand(t, "repeated", job)
}

// aPutRepeatedAfterItMovedOn: an answer that was lost is asked for again, however far the job came meanwhile.
func aPutRepeatedAfterItMovedOn(t *testing.T, b *bench) {
	for _, m := range [][]move{{pend()}, {pend(), run()}, {pend(), run(), complete()}, {fail()}, {pend(), run(), fail()}} {
		put := b.accepted(t, b.scope())
		for _, m := range m {
			b.clock.tick()
			expect(t, m.name, m.make(t.Context(), b, put.Fence), nil)
		}
		job := b.job(t, put.Scope)
		b.clock.tick()
		expect(t, "the same Accept over its own "+string(job.Status)+" job", b.Accept(t.Context(), put), nil)
		b.stand(t, "repeated", job)
	}
}

func aPutRepeatedAfterItWasReplaced(t *testing.T, b *bench) {
	for _, status := range stored() {
		put := b.accepted(t, b.scope())
		b.clock.tick()
		job := b.reached(t, put.Scope, status)
		b.clock.tick()
		expect(t, "the first Accept again, over another "+string(status)+" job", b.Accept(t.Context(), put), nil)
		b.stand(t, "repeated", job)
	}
}

func aPutOfSeveralRepeated(t *testing.T, b *bench) {
	jobs := b.trio(b.scope().Org)
	expect(t, "Accept", b.Accept(t.Context(), jobs...), nil)
	b.clock.tick()
	expect(t, "Pend", b.Pend(t.Context(), jobs[1].Fence), nil)
	expect(t, "Run", b.Run(t.Context(), jobs[1].Fence), nil)
	after := []replay.Job{jobs[0], b.job(t, jobs[1].Scope), b.accepted(t, jobs[2].Scope)}
	b.clock.tick()
	expect(t, "the same Accept again", b.Accept(t.Context(), jobs...), nil)
	b.stand(t, "repeated", after...)
}
