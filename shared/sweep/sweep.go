// Package sweep moves on what stopped moving.
package sweep

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"log/slog"
	"time"

	"reprise/shared/replay"
)

// Jobs is where live jobs are found.
type Jobs interface {
	// Live must yield the scope of every live job sooner or later. It may be old: Job is read before acting.
	Live(context.Context) iter.Seq2[replay.Scope, error]
	// Job: see deliver.
	Job(context.Context, replay.Scope) (replay.Job, error)
}

// Slices tells what is left of a plan.
type Slices interface {
	// Plan, Progress: see settle.
	Plan(context.Context, replay.Fence) (replay.Plan, error)
	Progress(context.Context, replay.Fence) ([]replay.Progress, error)
	// Resend must take the next Seq and generation, with a new Due, only over this Seq (no row is Seq 0): of two sweeps
	// one sends, and whoever held the slice loses its next Advance. Else ErrConflict, unless what is stored is this very write.
	Resend(context.Context, replay.Slice, replay.Progress) (generation int, err error)
}

// Queue: see fanout.
type Queue interface {
	Send(ctx context.Context, generation int, slices ...replay.Slice) error
}

// Settler ends jobs.
type Settler interface {
	Settle(context.Context, replay.Fence) error
	End(context.Context, replay.Fence, replay.Failure) (failed bool, err error)
}

// Sweeper looks after live jobs.
type Sweeper struct {
	jobs   Jobs
	slices Slices
	queue  Queue
	clerk  Settler
	plan   func(context.Context, replay.Job) error
	now    func() time.Time
}

// New makes a Sweeper; plan is what an accepted job wakes.
func New(jobs Jobs, slices Slices, queue Queue, clerk Settler, plan func(context.Context, replay.Job) error, now func() time.Time) *Sweeper {
	return &Sweeper{jobs, slices, queue, clerk, plan, now}
}

// Sweep looks at every live job once. One job's trouble does not keep it from the others, and is in the log at once: the
// function that sweeps may not come to its end. The error tells how many jobs had any.
func (s *Sweeper) Sweep(ctx context.Context) error {
	var first error
	troubled := 0
	for at, err := range s.jobs.Live(ctx) {
		if err == nil {
			err = s.mend(ctx, at)
		}
		if err != nil {
			slog.ErrorContext(ctx, "a live job was not looked after: the next sweep tries again", "org", at.Org, "region", at.Region, "err", err)
			if troubled++; first == nil {
				first = err
			}
		}
		if ctx.Err() != nil {
			break
		}
	}
	if first != nil {
		return fmt.Errorf("%d live jobs were not looked after, the first for: %w", troubled, first)
	}
	return ctx.Err()
}

// mend gives one job what it lacks.
func (s *Sweeper) mend(ctx context.Context, at replay.Scope) error {
	job, err := s.jobs.Job(ctx, at)
	if err != nil || !job.Status.Live() {
		return err
	}
	switch age := s.now().Sub(job.AcceptedAt); {
	case age > replay.MaxAge:
		_, err := s.clerk.End(ctx, job.Fence, replay.Failure{Code: replay.FailExpired, Detail: "not every entry was acknowledged within 24 hours"})
		return err
	case job.Status == replay.Accepted && age > 2*time.Minute:
		return s.plan(ctx, job)
	case job.Status == replay.Accepted:
		return nil
	}
	if err := s.resend(ctx, job.Fence); err != nil {
		return err
	}
	return s.clerk.Settle(ctx, job.Fence)
}

func (s *Sweeper) resend(ctx context.Context, f replay.Fence) error {
	plan, err := s.slices.Plan(ctx, f)
	if errors.Is(err, replay.ErrNotFound) { // it had one, or it would still be accepted
		_, end := s.clerk.End(ctx, f, replay.Failure{Code: replay.FailUndeliverable, Detail: "its plan can no longer be read"})
		return errors.Join(err, end) // for the log: what is stored is damaged
	}
	if err != nil {
		return err
	}
	all, err := s.slices.Progress(ctx, f)
	if err != nil {
		return err
	}
	for _, p := range plan.Late(all, s.now()) {
		generation, err := s.slices.Resend(ctx, plan.Slices[p.N], p)
		if errors.Is(err, replay.ErrConflict) {
			continue // it moved meanwhile
		}
		if err != nil {
			return err
		}
		// A crash here leaves a slice nobody sent: ten minutes past its new due, a later sweep sends it.
		if err := s.queue.Send(ctx, generation, plan.Slices[p.N]); err != nil {
			return err
		}
	}
	return nil
}
