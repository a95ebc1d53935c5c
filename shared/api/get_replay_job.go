package api

import (
	"context"
	"errors"
	"fmt"
	"net/http"

	"reprise/shared/access"
	"reprise/shared/replay"
)

// GetReplayJob answers GET /v2/audit-log-replay-job (CONTRACT.md §2).
func GetReplayJob(door *Door, jobs Jobs, slices Slices) http.Handler {
	return door.admit(access.Admin, func(r *http.Request, c *caller) (reply, error) {
		// The job before its rows: these only go forward, so that the progress never says less than the status does.
		job, err := jobs.Job(r.Context(), c.scope())
		if err != nil {
			return reply{}, fmt.Errorf("reading the job: %w", err)
		}
		v := viewOf(job)
		if job.Status != replay.Unconfigured {
			if v.Progress, err = progressOf(r.Context(), slices, job); err != nil {
				return reply{}, err
			}
		}
		return ok(http.StatusOK, v)
	})
}

// jobView is a replay job on the wire.
type jobView struct {
	StartAt     string        `json:"start_at"`
	EndAt       string        `json:"end_at"`
	UpdatedAt   string        `json:"updated_at"`
	Status      replay.Status `json:"status"`
	JobID       string        `json:"job_id,omitempty"`
	RequestedBy string        `json:"requested_by,omitempty"`
	StartedAt   string        `json:"started_at,omitempty"`
	FinishedAt  string        `json:"finished_at,omitempty"`
	Progress    *progressView `json:"progress,omitempty"`
	Failure     *failureView  `json:"failure,omitempty"`
}

// progressView lacks what only a plan can tell where there is none: not yet, or not any more.
type progressView struct {
	SlicesTotal      *int   `json:"slices_total,omitempty"`
	SlicesCompleted  *int   `json:"slices_completed,omitempty"`
	Batches          int64  `json:"batches"`
	Entries          int64  `json:"entries"`
	Bytes            int64  `json:"bytes"`
	EstimatedEntries *int64 `json:"estimated_entries,omitempty"`
}

type failureView struct {
	Code             string `json:"code"`
	Detail           string `json:"detail"`
	LastResponseCode int    `json:"last_response_code,omitempty"`
}

// viewOf is all of a job but its progress; of no job it is the zero times that clients of the original know.
func viewOf(j replay.Job) jobView {
	v := jobView{
		StartAt:   stamp(j.Window.From),
		EndAt:     stamp(j.Window.To),
		UpdatedAt: stamp(j.UpdatedAt),
		Status:    j.Status,
	}
	if j.Status == replay.Unconfigured {
		return v
	}
	v.JobID, v.RequestedBy = j.JobID, j.RequestedBy
	v.StartedAt, v.FinishedAt = stampIf(j.StartedAt), stampIf(j.FinishedAt)
	if j.Status == replay.Failed {
		v.Failure = &failureView{j.Failure.Code, j.Failure.Detail, j.Failure.ResponseCode}
	}
	return v
}

// progressOf sums the rows of the job. The tally in the job is what counts where they have expired, or some of them
// have: each of the two may lack batches, neither has one too many.
func progressOf(ctx context.Context, slices Slices, job replay.Job) (*progressView, error) {
	plan, err := slices.Plan(ctx, job.Fence)
	planned := !errors.Is(err, replay.ErrNotFound)
	if planned && err != nil {
		return nil, fmt.Errorf("reading the plan: %w", err)
	}
	rows, err := slices.Progress(ctx, job.Fence)
	if err != nil {
		return nil, fmt.Errorf("reading the progress: %w", err)
	}
	tally := replay.Sum(rows)
	if job.Tally.Batches > tally.Batches {
		tally = job.Tally
	}
	v := &progressView{Batches: tally.Batches, Entries: tally.Entries, Bytes: tally.Bytes}
	if planned {
		total, completed := len(plan.Slices), plan.Completed(rows)
		if job.Status == replay.Completed {
			completed = total
		}
		v.SlicesTotal, v.SlicesCompleted, v.EstimatedEntries = &total, &completed, &plan.Entries
	}
	return v, nil
}
