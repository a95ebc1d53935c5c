// Package settle ends a job: completed when every slice is done, else failed.
package settle

import (
	"context"
	"errors"

	"reprise/shared/replay"
)

// Jobs takes the last transition.
type Jobs interface {
	// Complete must move a pending or running job to completed with its tally, only while it has this ID. Else ErrConflict.
	Complete(context.Context, replay.Fence, replay.Tally) error
	// Fail must move a live job to failed with its tally, only while it has this ID. Else ErrConflict.
	Fail(context.Context, replay.Fence, replay.Failure, replay.Tally) error
}

// Slices tells how far a job is.
type Slices interface {
	// Plan must return ErrNotFound before one was recorded, and where what was recorded can never be read again: its job
	// must end all the same.
	Plan(context.Context, replay.Fence) (replay.Plan, error)
	// Progress must be consistent: one for each slice that was ever tried.
	Progress(context.Context, replay.Fence) ([]replay.Progress, error)
}

// Clerk ends jobs. Nobody else does.
type Clerk struct {
	jobs   Jobs
	slices Slices
}

// New makes a Clerk.
func New(jobs Jobs, slices Slices) *Clerk { return &Clerk{jobs, slices} }

// Settle completes the job if every slice of its plan is done. Ended already is success.
func (c *Clerk) Settle(ctx context.Context, f replay.Fence) error {
	done, tally, err := c.read(ctx, f)
	if err != nil || !done {
		return err
	}
	return ended(c.jobs.Complete(ctx, f, tally))
}

// End fails the job, unless every slice is done: then it completes it. It reports whether it was this call that failed it.
func (c *Clerk) End(ctx context.Context, f replay.Fence, why replay.Failure) (failed bool, err error) {
	done, tally, err := c.read(ctx, f)
	if err != nil {
		return false, err
	}
	if done {
		if err := c.jobs.Complete(ctx, f, tally); !errors.Is(err, replay.ErrConflict) {
			return false, err
		}
		// Ended by somebody else, or planned empty and still accepted: the latter can only fail.
	}
	// A last slice may finish here: failed, with all acknowledged. The status may understate, never overstate.
	err = c.jobs.Fail(ctx, f, why, tally)
	return err == nil, ended(err)
}

// Bury ends the job of a slice that nobody could handle.
func (c *Clerk) Bury(ctx context.Context, s replay.Slice) (replay.Next, error) {
	_, err := c.End(ctx, s.Fence, replay.Failure{Code: replay.FailUndeliverable, Detail: "a slice of it could not be handled"})
	return replay.Done(), err
}

// read is safe to act on later: rows only go forward, a plan never changes, so that done stays done.
func (c *Clerk) read(ctx context.Context, f replay.Fence) (done bool, t replay.Tally, err error) {
	plan, err := c.slices.Plan(ctx, f)
	planned := !errors.Is(err, replay.ErrNotFound)
	if planned && err != nil {
		return false, t, err
	}
	all, err := c.slices.Progress(ctx, f)
	if err != nil {
		return false, t, err
	}
	return planned && plan.Done(all), replay.Sum(all), nil
}

// ended takes "replaced, or ended by somebody else" for the outcome that it is.
func ended(err error) error {
	if errors.Is(err, replay.ErrConflict) {
		return nil
	}
	return err
}
