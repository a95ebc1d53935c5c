package api

import (
	"context"
	"errors"
	"fmt"
	"net/http"

	"reprise/shared/access"
	"reprise/shared/replay"
)

// cancels is how often a DELETE looks again for a job that is there to cancel. Each time somebody replaced the one before,
// or that one ended.
const cancels = 10

// CancelReplayJob answers DELETE /v2/audit-log-replay-job (CONTRACT.md §2): each region's job for itself.
func CancelReplayJob(door *Door, jobs Jobs, clerk Clerk) http.Handler {
	return door.admitWide(access.Admin, func(r *http.Request, c *caller) (reply, error) {
		why := replay.Failure{Code: replay.FailCancelled, Detail: "cancelled by " + c.Label}
		cancelled, errs := false, []error(nil)
		for _, at := range c.scopes() {
			// A crash, or an error, here leaves some regions' jobs cancelled: the same DELETE again finds the others.
			did, err := cancel(r.Context(), jobs, clerk, at, why)
			if err != nil {
				errs = append(errs, fmt.Errorf("region %s: %w", at.Region, err))
			}
			cancelled = cancelled || did
		}
		switch {
		case len(errs) > 0:
			return reply{}, errors.Join(errs...)
		case !cancelled:
			return reply{}, refuse(http.StatusNotFound, "There is no replay job to cancel")
		}
		return nothing(), nil
	})
}

// cancel ends whatever job is live, and reports whether it was this call that did. One whose every slice is done completes instead.
func cancel(ctx context.Context, jobs Jobs, clerk Clerk, at replay.Scope, why replay.Failure) (bool, error) {
	for range cancels {
		job, err := jobs.Job(ctx, at)
		if err != nil {
			return false, fmt.Errorf("reading the job: %w", err)
		}
		if !job.Status.Live() {
			return false, nil
		}
		failed, err := clerk.End(ctx, job.Fence, why)
		if err != nil {
			return false, fmt.Errorf("cancelling job %s: %w", job.JobID, err)
		}
		if failed {
			return true, nil
		}
		// It ended by itself, or was replaced since it was read: whoever asks means the job that is there now.
	}
	return false, soon(http.StatusServiceUnavailable, "Others are replacing the job at the same time")
}
