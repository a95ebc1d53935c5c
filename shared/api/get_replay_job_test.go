package api_test

import (
	"context"
	"testing"
	"time"

	"reprise/shared/replay"
)

func TestNoJobIsUnconfigured(t *testing.T) {
	t.Parallel()
	w := newStack(t).ask("GET", jobPath, "")
	answered(t, w, 200, unconfiguredJob)
}

// aJob was accepted five minutes ago over the hour before.
func aJob(status replay.Status) replay.Job {
	accepted := noon.Add(-5 * time.Minute)
	j := replay.NewJob(replay.Fence{Scope: acme, JobID: "JOB"}, "ada", replay.Window{From: accepted.Add(-time.Hour), To: accepted}, accepted)
	j.Status = status
	return j
}

const head = `{"start_at":"2026-03-08T10:55:00Z","end_at":"2026-03-08T11:55:00Z",`

type shown struct {
	status replay.Status
	change func(*replay.Job)
	plan   bool
	rows   []replay.Progress
	want   string
}

func jobsShown(rows []replay.Progress) map[string]shown {
	return map[string]shown{
		"accepted": {
			replay.Accepted, func(*replay.Job) {}, false, nil,
			`"updated_at":"2026-03-08T11:55:00Z","status":"accepted","job_id":"JOB","requested_by":"ada","progress":{"batches":0,"entries":0,"bytes":0}}`,
		},
		"pending": {
			replay.Pending, func(j *replay.Job) { j.UpdatedAt = noon.Add(-time.Millisecond) }, true, nil,
			`"updated_at":"2026-03-08T11:59:59.999Z","status":"pending","job_id":"JOB","requested_by":"ada",` +
				`"progress":{"slices_total":3,"slices_completed":0,"batches":0,"entries":0,"bytes":0,"estimated_entries":1000}}`,
		},
		"running": {
			replay.Running, func(j *replay.Job) { j.StartedAt = noon.Add(-time.Minute) }, true, rows,
			`"updated_at":"2026-03-08T11:55:00Z","status":"running","job_id":"JOB","requested_by":"ada","started_at":"2026-03-08T11:59:00Z",` +
				`"progress":{"slices_total":3,"slices_completed":1,"batches":3,"entries":350,"bytes":105000,"estimated_entries":1000}}`,
		},
		"failed": {
			replay.Failed, func(j *replay.Job) {
				j.FinishedAt, j.Tally = noon, replay.Tally{Batches: 2, Entries: 300, Bytes: 90_000}
				j.Failure = replay.Failure{Code: replay.FailRejected, Detail: "the receiver answered 401 Unauthorized", ResponseCode: 401}
			}, true, rows,
			`"updated_at":"2026-03-08T11:55:00Z","status":"failed","job_id":"JOB","requested_by":"ada","finished_at":"2026-03-08T12:00:00Z",` +
				`"progress":{"slices_total":3,"slices_completed":1,"batches":3,"entries":350,"bytes":105000,"estimated_entries":1000},` +
				`"failure":{"code":"rejected","detail":"the receiver answered 401 Unauthorized","last_response_code":401}}`,
		},
		"failed without an answer": {
			replay.Failed, func(j *replay.Job) { j.Failure = replay.Failure{Code: replay.FailExpired, Detail: "it took too long"} }, false, nil,
			`"updated_at":"2026-03-08T11:55:00Z","status":"failed","job_id":"JOB","requested_by":"ada",` +
				`"progress":{"batches":0,"entries":0,"bytes":0},"failure":{"code":"expired","detail":"it took too long"}}`,
		},
		"completed after its rows have expired": {
			replay.Completed, func(j *replay.Job) { j.Tally = replay.Tally{Batches: 9, Entries: 900, Bytes: 9000} }, false, nil,
			`"updated_at":"2026-03-08T11:55:00Z","status":"completed","job_id":"JOB","requested_by":"ada","progress":{"batches":9,"entries":900,"bytes":9000}}`,
		},
		"completed after some of its rows have expired": {
			replay.Completed, func(j *replay.Job) { j.Tally = replay.Tally{Batches: 9, Entries: 900, Bytes: 9000} }, true, rows[:1],
			`"updated_at":"2026-03-08T11:55:00Z","status":"completed","job_id":"JOB","requested_by":"ada",` +
				`"progress":{"slices_total":3,"slices_completed":3,"batches":9,"entries":900,"bytes":9000,"estimated_entries":1000}}`,
		},
	}
}

func TestAJobIsShownWithAllThatIsKnownOfIt(t *testing.T) {
	t.Parallel()
	plan := replay.Plan{Lanes: 2, Entries: 1000, Slices: []replay.Slice{{N: 0}, {N: 1, Lane: 1}, {N: 2}}}
	rows := []replay.Progress{
		{N: 0, Done: true, Tally: replay.Tally{Batches: 2, Entries: 300, Bytes: 90_000}},
		{N: 2, Tally: replay.Tally{Batches: 1, Entries: 50, Bytes: 15_000}},
	}
	for name, tt := range jobsShown(rows) {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := newStack(t)
			job := aJob(tt.status)
			tt.change(&job)
			s.jobs[acme] = job
			if tt.plan {
				s.plans[job.Fence] = plan
			}
			s.rows[job.Fence] = tt.rows
			answered(t, s.ask("GET", jobPath, ""), 200, head+tt.want)
		})
	}
}

func TestTheSlicesOfAPlanAreShownToWhoAsks(t *testing.T) {
	t.Parallel()
	at := func(minute int) replay.Window {
		from := noon.Add(-65*time.Minute + time.Duration(minute)*time.Minute)
		return replay.Window{From: from, To: from.Add(20*time.Minute - time.Millisecond)}
	}
	plan := replay.Plan{Lanes: 2, Entries: 1000, Slices: []replay.Slice{{N: 0, Window: at(0)}, {N: 1, Lane: 1, Window: at(20)}, {N: 2, Window: at(40)}}}
	rows := []replay.Progress{ // in whatever order a store has them
		{N: 2, Tally: replay.Tally{Batches: 1, Entries: 50, Bytes: 15_000}},
		{N: 0, Done: true, Tally: replay.Tally{Batches: 2, Entries: 300, Bytes: 90_000}},
	}
	const (
		first     = `[{"start_at":"2026-03-08T10:55:00Z","end_at":"2026-03-08T11:14:59.999Z","entries":300,"done":true},`
		others    = `{"start_at":"2026-03-08T11:15:00Z","end_at":"2026-03-08T11:34:59.999Z","entries":0,"done":false},{"start_at":"2026-03-08T11:35:00Z","end_at":"2026-03-08T11:54:59.999Z","entries":50,"done":false}]`
		completed = `{"start_at":"2026-03-08T11:15:00Z","end_at":"2026-03-08T11:34:59.999Z","entries":0,"done":true},{"start_at":"2026-03-08T11:35:00Z","end_at":"2026-03-08T11:54:59.999Z","entries":50,"done":true}]`
		updated   = `"updated_at":"2026-03-08T11:55:00Z",`
		ids       = `,"job_id":"JOB","requested_by":"ada",`
	)
	for name, tt := range map[string]struct {
		status replay.Status
		tally  replay.Tally
		plan   *replay.Plan
		want   string
	}{
		"of a job without a plan": {replay.Accepted, replay.Tally{}, nil, `"status":"accepted"` + ids + `"progress":{"batches":3,"entries":350,"bytes":105000}}`},
		"of an empty plan": {replay.Pending, replay.Tally{}, &replay.Plan{}, `"status":"pending"` + ids +
			`"progress":{"slices_total":0,"slices_completed":0,"batches":3,"entries":350,"bytes":105000,"estimated_entries":0,"slices":[]}}`},
		"of a running job": {replay.Running, replay.Tally{}, &plan, `"status":"running"` + ids +
			`"progress":{"slices_total":3,"slices_completed":1,"batches":3,"entries":350,"bytes":105000,"estimated_entries":1000,"slices":` + first + others + `}}`},
		"of a completed job": {replay.Completed, replay.Tally{Batches: 3, Entries: 350, Bytes: 105_000}, &plan, `"status":"completed"` + ids +
			`"progress":{"slices_total":3,"slices_completed":3,"batches":3,"entries":350,"bytes":105000,"estimated_entries":1000,"slices":` + first + completed + `}}`},
		"not of one some of whose rows have expired": {replay.Completed, replay.Tally{Batches: 4, Entries: 400, Bytes: 120_000}, &plan, `"status":"completed"` + ids +
			`"progress":{"slices_total":3,"slices_completed":3,"batches":4,"entries":400,"bytes":120000,"estimated_entries":1000}}`},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := newStack(t)
			job := aJob(tt.status)
			job.Tally = tt.tally
			s.jobs[acme], s.rows[job.Fence] = job, rows
			if tt.plan != nil {
				s.plans[job.Fence] = *tt.plan
			}
			answered(t, s.ask("GET", jobPath+"?detail=slices", ""), 200, head+updated+tt.want)
		})
	}
	s := newStack(t)
	answered(t, s.ask("GET", jobPath+"?detail=slices", ""), 200, unconfiguredJob)
	for query, reason := range map[string]string{
		"detail=": "must be slices", "detail=Slices": "must be slices", "detail=slices,x": "must be slices",
		"detail": "must be slices", "detail=slices&detail=all": "must be given once",
	} {
		answered(t, s.ask("GET", jobPath+"?"+query, ""), 400, bad("Invalid parameter", "detail|invalid|"+reason))
	}
}

// Where there are rows, there is a plan, though it was not there when the job was read.
func TestAPlanThatIsRecordedBetweenTheReadsIsShownWithItsRows(t *testing.T) {
	t.Parallel()
	s := newStack(t)
	job := aJob(replay.Accepted)
	s.jobs[acme] = job
	reads := 0
	s.before = func(context.Context) {
		if reads++; reads == 2 {
			s.plans[job.Fence] = replay.Plan{Fence: job.Fence, Entries: 10, Slices: []replay.Slice{{Fence: job.Fence, Window: job.Window}}}
			s.rows[job.Fence] = []replay.Progress{{Tally: replay.Tally{Batches: 1, Entries: 4, Bytes: 40}}}
		}
	}
	answered(t, s.ask("GET", jobPath+"?detail=slices", ""), 200, head+`"updated_at":"2026-03-08T11:55:00Z","status":"accepted","job_id":"JOB","requested_by":"ada",`+
		`"progress":{"slices_total":1,"slices_completed":0,"batches":1,"entries":4,"bytes":40,"estimated_entries":10,`+
		`"slices":[{"start_at":"2026-03-08T10:55:00Z","end_at":"2026-03-08T11:55:00Z","entries":4,"done":false}]}}`)
}

func TestEachScopeHasItsOwnJob(t *testing.T) {
	t.Parallel()
	s := newStack(t)
	s.jobs[acme] = aJob(replay.Accepted)
	s.ask("GET", jobPath, "", with("Reprise-Region", "eu"))
	if s.asked != (replay.Scope{Org: "acme", Region: "eu"}) {
		t.Errorf("asked for %+v", s.asked)
	}
}

// A job may complete, and be replaced, between the reads of one GET.
func TestProgressNeverSaysLessThanTheStatus(t *testing.T) {
	t.Parallel()
	s := newStack(t)
	job := aJob(replay.Running)
	s.jobs[acme] = job
	s.plans[job.Fence] = replay.Plan{Fence: job.Fence, Entries: 10, Slices: []replay.Slice{{Fence: job.Fence}}}
	reads := 0
	s.before = func(context.Context) {
		if reads++; reads == 2 { // the job was read: now it ends, and another begins
			s.rows[job.Fence] = []replay.Progress{{Done: true, Tally: replay.Tally{Batches: 1, Entries: 10, Bytes: 99}}}
			next := aJob(replay.Accepted)
			next.JobID = "NEXT"
			s.jobs[acme] = next
		}
	}
	answered(t, s.ask("GET", jobPath, ""), 200, head+`"updated_at":"2026-03-08T11:55:00Z","status":"running","job_id":"JOB","requested_by":"ada",`+
		`"progress":{"slices_total":1,"slices_completed":1,"batches":1,"entries":10,"bytes":99,"estimated_entries":10}}`)
}
