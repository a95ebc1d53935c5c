package api

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"

	"reprise/shared/access"
	"reprise/shared/replay"
)

// GetReplayJob answers GET /v2/audit-log-replay-job, and below it /estimate (CONTRACT.md §2); lanes is how many requests of
// a job may be in flight.
func GetReplayJob(door *Door, jobs Jobs, slices Slices, counts Counts, lanes int) http.Handler {
	return door.admitWide(access.Admin, func(r *http.Request, c *caller) (reply, error) {
		if strings.HasSuffix(r.URL.Path, "/estimate") {
			return estimate(r, c, counts, lanes)
		}
		detail, err := detailed(r)
		if err != nil {
			return reply{}, err
		}
		var all []replay.Job
		var views []jobView
		for _, at := range c.scopes() {
			// The job before its rows: these only go forward, so that the progress never says less than the status does.
			job, err := jobs.Job(r.Context(), at)
			if err != nil {
				return reply{}, fmt.Errorf("reading the job: %w", err)
			}
			v := viewOf(job)
			if job.Status != replay.Unconfigured {
				if v.Progress, err = progressOf(r.Context(), slices, job, detail); err != nil {
					return reply{}, err
				}
			}
			all, views = append(all, job), append(views, v)
		}
		return ok(http.StatusOK, answerOf(c, all, views))
	})
}

// detailed reports whether the query asks for the slices.
func detailed(r *http.Request) (bool, error) {
	q, err := query(r, "detail")
	if err != nil || q["detail"] == nil {
		return false, err
	}
	if *q["detail"] != "slices" {
		return false, replay.InputError{{Field: "detail", Rule: replay.RuleInvalid, Reason: "must be slices"}}
	}
	return true, nil
}

// progressOf sums the rows of the job. The tally in the job is what counts where they have expired, or some of them
// have: each of the two may lack batches, neither has one too many.
func progressOf(ctx context.Context, slices Slices, job replay.Job, detail bool) (*progressView, error) {
	rows, err := slices.Progress(ctx, job.Fence)
	if err != nil {
		return nil, fmt.Errorf("reading the progress: %w", err)
	}
	// The rows before the plan: where there are some, it was recorded before.
	plan, err := slices.Plan(ctx, job.Fence)
	planned := !errors.Is(err, replay.ErrNotFound)
	if planned && err != nil {
		return nil, fmt.Errorf("reading the plan: %w", err)
	}
	tally := replay.Sum(rows)
	whole := job.Tally.Batches <= tally.Batches
	if !whole {
		tally = job.Tally
	}
	v := &progressView{Batches: tally.Batches, Entries: tally.Entries, Bytes: tally.Bytes}
	if planned {
		total, completed := len(plan.Slices), plan.Completed(rows)
		if job.Status == replay.Completed {
			completed = total
		}
		v.SlicesTotal, v.SlicesCompleted, v.EstimatedEntries = &total, &completed, &plan.Entries
		if detail && whole { // else they would not add up
			v.Slices = slicesOf(plan, rows, job.Status == replay.Completed)
		}
	}
	return v, nil
}
