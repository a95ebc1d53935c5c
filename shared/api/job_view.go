package api

import (
	"cmp"

	"reprise/shared/replay"
)

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

// globalView is the jobs of several regions as one, without what is of a single job alone.
type globalView struct {
	StartAt     string             `json:"start_at"`
	EndAt       string             `json:"end_at"`
	UpdatedAt   string             `json:"updated_at"`
	Status      replay.Status      `json:"status"`
	RequestedBy string             `json:"requested_by,omitempty"`
	Progress    *progressView      `json:"progress,omitempty"`
	Regions     map[string]jobView `json:"regions"`
}

// progressView lacks what only a plan can tell where there is none: not yet, or not any more.
type progressView struct {
	SlicesTotal      *int        `json:"slices_total,omitempty"`
	SlicesCompleted  *int        `json:"slices_completed,omitempty"`
	Batches          int64       `json:"batches"`
	Entries          int64       `json:"entries"`
	Bytes            int64       `json:"bytes"`
	EstimatedEntries *int64      `json:"estimated_entries,omitempty"`
	Slices           []sliceView `json:"slices,omitzero"` // nil where nobody asked; a plan of none is []
}

type sliceView struct {
	StartAt string `json:"start_at"`
	EndAt   string `json:"end_at"`
	Entries int64  `json:"entries"`
	Done    bool   `json:"done"`
}

type failureView struct {
	Code             string `json:"code"`
	Detail           string `json:"detail"`
	LastResponseCode int    `json:"last_response_code,omitempty"`
}

// answerOf is what a caller gets of the jobs of its regions, one a region: the job's view, or all of them as one.
func answerOf(c *caller, jobs []replay.Job, views []jobView) any {
	if !c.global() {
		return views[0]
	}
	last := replay.Latest(jobs)
	v := globalView{
		StartAt:     stamp(last.Window.From),
		EndAt:       stamp(last.Window.To),
		UpdatedAt:   stamp(last.UpdatedAt),
		Status:      replay.Together(jobs),
		RequestedBy: last.RequestedBy,
		Regions:     make(map[string]jobView, len(jobs)),
	}
	for i, job := range jobs {
		v.Regions[job.Region] = views[i]
		if p := views[i].Progress; p != nil {
			v.Progress = p.plus(v.Progress)
		}
	}
	return v
}

// plus is the sum of two, the slices aside; other may be nil.
func (p *progressView) plus(other *progressView) *progressView {
	sum := *p
	sum.Slices = nil
	if other != nil {
		sum.SlicesTotal, sum.SlicesCompleted = plus(p.SlicesTotal, other.SlicesTotal), plus(p.SlicesCompleted, other.SlicesCompleted)
		sum.Batches, sum.Entries, sum.Bytes = p.Batches+other.Batches, p.Entries+other.Entries, p.Bytes+other.Bytes
		sum.EstimatedEntries = plus(p.EstimatedEntries, other.EstimatedEntries)
	}
	return &sum
}

// plus is the sum of what is known: nil where neither is.
func plus[N int | int64](a, b *N) *N {
	if a == nil || b == nil {
		return cmp.Or(a, b)
	}
	sum := *a + *b
	return &sum
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

// slicesOf is each slice of the plan, in its order.
func slicesOf(plan replay.Plan, rows []replay.Progress, completed bool) []sliceView {
	all := make([]sliceView, len(plan.Slices))
	for i, s := range plan.Slices {
		all[i] = sliceView{StartAt: stamp(s.Window.From), EndAt: stamp(s.Window.To), Done: completed}
		for _, p := range rows {
			if p.N == s.N {
				all[i].Entries, all[i].Done = p.Tally.Entries, completed || p.Done
			}
		}
	}
	return all
}
