// Package fanout turns an accepted job into slices on the queue.
package fanout

import (
	"context"
	"errors"
	"fmt"

	"reprise/shared/replay"
)

// Counts is where planning looks.
type Counts interface {
	// CountsIn must return the count of every hour that touches the window: consistent, in order of hour, never too low.
	// An hour that was never counted is left out.
	CountsIn(context.Context, replay.Scope, replay.Window) ([]replay.Count, error)
}

// Jobs is the fence.
type Jobs interface {
	// Pend must move accepted → pending, only while the stored job has this ID.
	// It must succeed, changing nothing, where that job is already pending or running: a retry goes on.
	// It must return ErrConflict once the job was replaced or has ended.
	Pend(context.Context, replay.Fence) error
}

// Plans remembers what was decided.
type Plans interface {
	// RecordPlan must store the plan, with the time, unless the job has one, and return the one that is stored:
	// two planners may read different counts.
	RecordPlan(context.Context, replay.Plan) (replay.Plan, error)
}

// Queue carries slices to delivery.
type Queue interface {
	// Send must be durable when it returns. It must keep the slices' order within a lane. It may send some and fail;
	// sending a generation again within five minutes must add nothing, even after the message was handled.
	Send(ctx context.Context, generation int, slices ...replay.Slice) error
}

// Settler ends jobs: here, one with nothing to send.
type Settler interface {
	// Settle: see deliver.
	Settle(context.Context, replay.Fence) error
}

// Fan fans out.
type Fan struct {
	counts Counts
	jobs   Jobs
	plans  Plans
	queue  Queue
	clerk  Settler
	lanes  int
}

// New makes a Fan; lanes, at least 1, is how many requests of a job may be in flight.
func New(counts Counts, jobs Jobs, plans Plans, queue Queue, clerk Settler, lanes int) *Fan {
	return &Fan{counts, jobs, plans, queue, clerk, lanes}
}

// Out plans a job, then sends its slices. It may be called any number of times, also late and for a job that has
// been replaced or has ended: then it changes nothing that matters to another job.
func (f *Fan) Out(ctx context.Context, job replay.Job) error {
	counts, err := f.counts.CountsIn(ctx, job.Scope, job.Window)
	if err != nil {
		return fmt.Errorf("planning job %s: %w", job.JobID, err)
	}
	plan, err := f.plans.RecordPlan(ctx, replay.Cut(job, counts, f.lanes))
	if err != nil {
		return fmt.Errorf("recording the plan of job %s: %w", job.JobID, err)
	}
	// A crash here leaves a plan nobody sent: the stream's retry, or the sweep, finds it.
	err = f.jobs.Pend(ctx, job.Fence)
	if errors.Is(err, replay.ErrConflict) {
		return nil // replaced, or ended: an outcome
	}
	if err != nil {
		return fmt.Errorf("marking job %s pending: %w", job.JobID, err)
	}
	if len(plan.Slices) == 0 {
		if err := f.clerk.Settle(ctx, job.Fence); err != nil {
			return fmt.Errorf("completing the empty job %s: %w", job.JobID, err)
		}
		return nil
	}
	// A crash here, or halfway through, leaves slices nobody sent: the retry finds its own job pending or running and sends all again.
	if err := f.queue.Send(ctx, 0, plan.Slices...); err != nil {
		return fmt.Errorf("sending the slices of job %s: %w", job.JobID, err)
	}
	return nil
}
