package storetest

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"sync"
	"testing"

	"reprise/shared/replay"
)

// raceGuarantees: the conditions hold however many write at once. What each caller was told must be explainable by
// some order in which the writes were made one after another.
func raceGuarantees() []guarantee {
	return []guarantee{
		{"of PUTs that race one stays, and only its job goes on", putsRace},
		{"of overlapping PUTs that race one takes all of its scopes", overlappingPutsRace},
		{"of PUTs that race with the first slice either all win or none", putsRaceWithRun},
		{"of ends that race one wins and its figures stay", endsRace},
		{"everything at once on one scope ends as somebody was told", everythingAtOnce},
		{"of sixty-four writers on one job and its slice each is told what became of its write", sixtyFourWriters},
	}
}

const callers = 16

func putsRace(t *testing.T, b *bench) {
	at := b.scope()
	for round := range 4 {
		b.clock.tick()
		var jobs [callers]replay.Job
		for i := range jobs {
			jobs[i] = b.newJob(at)
		}
		won, _ := outcomes(t, "Accept", together(callers, func(i int) error { return b.Accept(t.Context(), jobs[i]) }))
		same(t, "PUTs taken while nothing ran", won, callers)
		last := b.job(t, at)
		for _, m := range []move{pend(), run(), []move{complete(), fail()}[round%2]} {
			errs := together(callers, func(i int) error { return m.make(t.Context(), b, jobs[i].Fence) })
			for i, err := range errs {
				if mine := jobs[i].JobID == last.JobID; mine != (err == nil) || !mine && !errors.Is(err, replay.ErrConflict) {
					t.Fatalf("%s of a job that stayed (%t): got error %v", m.name, mine, err)
				}
			}
		}
		same(t, "the job that ended", b.job(t, at).JobID, last.JobID)
	}
}

// overlappingPutsRace: two writes that touch each other are no conflict that a caller may see; only running is.
func overlappingPutsRace(t *testing.T, b *bench) {
	for range 4 {
		org := b.scope().Org
		var puts [callers][]replay.Job
		for i := range puts {
			puts[i] = b.trio(org)
		}
		for _, err := range together(callers, func(i int) error { return b.Accept(t.Context(), puts[i]...) }) {
			expect(t, "Accept of three", err, nil)
		}
		last := b.job(t, puts[0][0].Scope)
		for _, jobs := range puts {
			if jobs[0].JobID == last.JobID {
				b.stand(t, "put with the others", jobs...)
			}
		}
	}
}

func putsRaceWithRun(t *testing.T, b *bench) {
	for round := range 8 { // the last caller tends to be the first: it is a Run in one round, a PUT in the next
		runs := func(i int) bool { return (i+round)%2 == 0 }
		job := b.reached(t, b.scope(), replay.Pending)
		errs := together(callers, func(i int) error {
			if runs(i) {
				return b.Run(t.Context(), job.Fence)
			}
			return b.Accept(t.Context(), b.newJob(job.Scope))
		})
		outcomes(t, "Run and Accept", errs)
		ran, put := 0, 0
		for i, err := range errs {
			switch {
			case err == nil && runs(i):
				ran++
			case err == nil:
				put++
			}
		}
		after := b.job(t, job.Scope)
		switch {
		case ran == callers/2 && put == 0 && after.JobID == job.JobID && after.Status == replay.Running:
		case ran == 0 && put == callers/2 && after.JobID != job.JobID && after.Status == replay.Accepted:
		default:
			t.Fatalf("%d Runs and %d PUTs of %d each won; the job is %s, replaced: %t", ran, put, callers/2, after.Status, after.JobID != job.JobID)
		}
	}
}

func endsRace(t *testing.T, b *bench) {
	for range 8 {
		want := b.reached(t, b.scope(), replay.Running)
		now := b.clock.tick()
		tally := func(i int) replay.Tally { return replay.Tally{Batches: int64(i + 1), Entries: 2, Bytes: 3} }
		errs := together(callers, func(i int) error {
			if i%2 == 0 {
				return b.Complete(t.Context(), want.Fence, tally(i))
			}
			return b.Fail(t.Context(), want.Fence, replay.Failure{Code: replay.FailRejected, ResponseCode: 400 + i}, tally(i))
		})
		won, _ := outcomes(t, "Complete and Fail", errs)
		same(t, "ends that won", won, 1)
		want.UpdatedAt, want.FinishedAt = now, now
		for i, err := range errs {
			if err != nil {
				continue
			}
			want.Status, want.Tally = replay.Completed, tally(i)
			if i%2 == 1 {
				want.Status, want.Failure = replay.Failed, replay.Failure{Code: replay.FailRejected, ResponseCode: 400 + i}
			}
		}
		same(t, "the job as its winner left it", b.job(t, want.Scope), want)
	}
}

// told is what callers were told about each job.
type told struct {
	mu   sync.Mutex
	jobs map[string]map[replay.Status]int // job_id → move's end → how many succeeded
}

func (o *told) note(f replay.Fence, to replay.Status) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.jobs[f.JobID] == nil {
		o.jobs[f.JobID] = make(map[replay.Status]int)
	}
	o.jobs[f.JobID][to]++
}

// everythingAtOnce lets each caller read the job, then try something with what it read, or put its own.
func everythingAtOnce(t *testing.T, b *bench) {
	for seed := range uint64(3) {
		at := b.scope()
		o := &told{jobs: make(map[string]map[replay.Status]int)}
		for _, err := range together(callers, func(i int) error {
			return b.meddle(t.Context(), at, rand.New(rand.NewPCG(seed, uint64(i))), o)
		}) {
			expect(t, "a caller", err, nil)
		}
		o.explained(t, fmt.Sprintf("seed %d", seed), b.job(t, at))
	}
}

// explained checks what callers were told about every job.
func (o *told) explained(t *testing.T, what string, last replay.Job) {
	t.Helper()
	for id, n := range o.jobs {
		if err := explain(n, id == last.JobID, last.Status); err != nil {
			t.Errorf("%s, job %s: %v; callers were told %v, the last job is %s, %s", what, id, err, n, last.JobID, last.Status)
		}
	}
	if _, ok := o.jobs[last.JobID]; !ok {
		t.Errorf("%s: nobody was told that the last job was accepted", what)
	}
}

// meddle is one caller.
func (b *bench) meddle(ctx context.Context, at replay.Scope, random *rand.Rand, o *told) error {
	for range 40 {
		job, err := b.Job(ctx, at)
		if err != nil {
			return fmt.Errorf("reading the job: %w", err)
		}
		if err := b.meddleWith(ctx, job, random, o); err != nil {
			return err
		}
	}
	return nil
}

// meddleWith makes one move of the job as it was read, or puts another.
func (b *bench) meddleWith(ctx context.Context, job replay.Job, random *rand.Rand, o *told) error {
	f, m := job.Fence, b.meddling(random)
	if m.to == replay.Accepted {
		f = b.newJob(job.Scope).Fence
	}
	switch err := m.make(ctx, b, f); {
	case err == nil:
		o.note(f, m.to)
	case !errors.Is(err, replay.ErrConflict):
		return fmt.Errorf("moving a job to %s: %w", m.to, err)
	}
	return nil
}

// meddling draws a move. New jobs and ends are rare: what a caller read is old when its write is made, so that among
// many of them no job would ever run.
func (b *bench) meddling(random *rand.Rand) move {
	put := move{"Accept", replay.Accepted, func(ctx context.Context, s Store, f replay.Fence) error {
		job := b.newJob(f.Scope)
		job.Fence = f
		return s.Accept(ctx, job)
	}}
	switch n := random.IntN(32); {
	case n < 2:
		return put
	case n < 14:
		return pend()
	case n < 26:
		return run()
	case n < 29:
		return complete()
	default:
		return fail()
	}
}

// explain holds what callers were told about one job against the drawing; last is whether the job is the stored one.
func explain(n map[replay.Status]int, last bool, status replay.Status) error {
	ends := n[replay.Completed] + n[replay.Failed]
	reached := replay.Accepted
	switch {
	case n[replay.Completed] > 0:
		reached = replay.Completed
	case n[replay.Failed] > 0:
		reached = replay.Failed
	case n[replay.Running] > 0:
		reached = replay.Running
	case n[replay.Pending] > 0:
		reached = replay.Pending
	}
	switch {
	case n[replay.Accepted] != 1:
		return errors.New("it was not accepted once")
	case ends > 1:
		return errors.New("it ended more than once")
	case n[replay.Running] > 0 && n[replay.Pending] == 0:
		return errors.New("it ran before it was pending")
	case n[replay.Completed] > 0 && n[replay.Pending] == 0:
		return errors.New("it was completed before it was pending")
	case last && reached != status:
		return fmt.Errorf("it should be %s", reached)
	case !last && n[replay.Running] > 0 && ends == 0:
		return errors.New("it was replaced while it was running")
	}
	return nil
}
