package api_test

import (
	"context"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"reprise/shared/replay"
)

var acmeEU = replay.Scope{Org: "acme", Region: "eu"}

const unconfiguredJob = `{"start_at":"0001-01-01T00:00:00Z","end_at":"0001-01-01T00:00:00Z","updated_at":"0001-01-01T00:00:00Z","status":"unconfigured"}`

func TestAPUTOfGlobalIsForEveryRegionWhoseWebhookIsOn(t *testing.T) {
	t.Parallel()
	const (
		times = `{"start_at":"2026-03-08T11:00:00Z","end_at":"2026-03-08T11:30:00Z","updated_at":"2026-03-08T12:00:00Z","status":"accepted",`
		us    = `"us":` + times + `"job_id":"JOB1","requested_by":"ada"}`
		eu1   = `"eu":` + times + `"job_id":"JOB1","requested_by":"ada"}`
		eu2   = `"eu":` + times + `"job_id":"JOB2","requested_by":"ada"}`
	)
	for name, tt := range map[string]struct {
		on   []replay.Scope
		want string
	}{
		"both": {[]replay.Scope{acme, acmeEU}, times + `"requested_by":"ada","regions":{` + eu2 + `,` + us + `}}`},
		"one":  {[]replay.Scope{acmeEU}, times + `"requested_by":"ada","regions":{` + eu1 + `}}`},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := newStack(t)
			for _, at := range tt.on {
				s.enable(at)
			}
			w := s.ask("PUT", jobPath, window("2026-03-08T11:00:00Z", "2026-03-08T11:30:00Z"), host("global.api.example"))
			answered(t, w, 202, tt.want)
			if len(s.jobs) != len(tt.on) || s.accepts != 1 {
				t.Errorf("%d jobs were stored in %d writes", len(s.jobs), s.accepts)
			}
			for at, job := range s.jobs {
				if job.Scope != at || job.Status != replay.Accepted || job.RequestedBy != "ada" {
					t.Errorf("stored %+v", job)
				}
			}
		})
	}
}

func TestAPUTOfGlobalNeedsOneWebhookThatIsOn(t *testing.T) {
	t.Parallel()
	s := newStack(t)
	s.enable(acme)
	off := s.hooks[acme]
	off.Enabled = false
	s.hooks[acme] = off
	w := s.ask("PUT", jobPath, window("2026-03-08T11:00:00Z", "2026-03-08T11:00:00Z"), host("global.api.example"))
	answered(t, w, 400, bad("Webhook not enabled", "webhook|required|must be configured and enabled"))
	if len(s.jobs) > 0 {
		t.Errorf("stored %+v", s.jobs)
	}
}

func TestAPUTOfGlobalChangesNothingWhereOneRegionRuns(t *testing.T) {
	t.Parallel()
	for _, runs := range []replay.Scope{acme, acmeEU} {
		s := newStack(t)
		want := make(map[replay.Scope]replay.Job)
		for _, at := range []replay.Scope{acme, acmeEU} {
			s.enable(at)
			job := aJob(replay.Pending)
			if job.Scope = at; at == runs {
				job.Status = replay.Running
			}
			s.jobs[at], want[at] = job, job
		}
		w := s.ask("PUT", jobPath, window("2026-03-08T11:00:00Z", "2026-03-08T11:00:00Z"), host("global.api.example"))
		answered(t, w, 409, trouble("409", "Resource Conflict", "A replay job is currently running"))
		if diff := cmp.Diff(want, s.jobs); diff != "" {
			t.Errorf("while %s runs: %s", runs.Region, diff)
		}
	}
}

func TestAGETOfGlobalIsTheJobsOfAllRegionsAsOne(t *testing.T) {
	t.Parallel()
	const (
		early = `{"start_at":"2026-03-08T10:55:00Z","end_at":"2026-03-08T11:55:00Z","updated_at":"2026-03-08T11:55:00Z",`
		late  = `{"start_at":"2026-03-08T10:00:00Z","end_at":"2026-03-08T11:00:00Z","updated_at":"2026-03-08T11:58:00Z",`
	)
	t.Run("no job at all", func(t *testing.T) {
		t.Parallel()
		want := unconfiguredJob[:len(unconfiguredJob)-1] + `,"regions":{"eu":` + unconfiguredJob + `,"us":` + unconfiguredJob + `}}`
		answered(t, newStack(t).ask("GET", jobPath, "", host("global.api.example")), 200, want)
	})
	t.Run("one region's job", func(t *testing.T) {
		t.Parallel()
		s := newStack(t)
		s.jobs[acme] = aJob(replay.Accepted)
		const progress = `"progress":{"batches":0,"entries":0,"bytes":0}`
		answered(t, s.ask("GET", jobPath, "", host("global.api.example")), 200, early+`"status":"accepted","requested_by":"ada",`+progress+
			`,"regions":{"eu":`+unconfiguredJob+`,"us":`+early+`"status":"accepted","job_id":"JOB","requested_by":"ada",`+progress+`}}}`)
	})
	t.Run("two, one of them planned, the other updated last", func(t *testing.T) {
		t.Parallel()
		s := newStack(t)
		us, eu := aJob(replay.Running), aJob(replay.Failed)
		us.StartedAt = noon.Add(-5 * time.Minute)
		eu.Scope, eu.JobID, eu.RequestedBy = acmeEU, "OTHER", "bob"
		eu.Window = replay.Window{From: noon.Add(-2 * time.Hour), To: noon.Add(-time.Hour)}
		eu.UpdatedAt, eu.FinishedAt = noon.Add(-2*time.Minute), noon.Add(-2*time.Minute)
		eu.Failure = replay.Failure{Code: replay.FailCancelled, Detail: "cancelled by bob"}
		s.jobs[acme], s.jobs[acmeEU] = us, eu
		s.plans[us.Fence] = replay.Plan{Fence: us.Fence, Entries: 100, Slices: []replay.Slice{{N: 0, Window: us.Window}, {N: 1, Window: us.Window}}}
		s.rows[us.Fence] = []replay.Progress{{N: 0, Done: true, Tally: replay.Tally{Batches: 1, Entries: 60, Bytes: 600}}}
		s.rows[eu.Fence] = []replay.Progress{{N: 0, Tally: replay.Tally{Batches: 1, Entries: 5, Bytes: 50}}}
		slice := func(entries, done string) string {
			return `{"start_at":"2026-03-08T10:55:00Z","end_at":"2026-03-08T11:55:00Z","entries":` + entries + `,"done":` + done + `}`
		}
		answered(t, s.ask("GET", jobPath+"?detail=slices", "", host("global.api.example")), 200, late+`"status":"running","requested_by":"bob",`+
			`"progress":{"slices_total":2,"slices_completed":1,"batches":2,"entries":65,"bytes":650,"estimated_entries":100},"regions":{`+
			`"eu":`+late+`"status":"failed","job_id":"OTHER","requested_by":"bob","finished_at":"2026-03-08T11:58:00Z",`+
			`"progress":{"batches":1,"entries":5,"bytes":50},"failure":{"code":"cancelled","detail":"cancelled by bob"}},`+
			`"us":`+early+`"status":"running","job_id":"JOB","requested_by":"ada","started_at":"2026-03-08T11:55:00Z",`+
			`"progress":{"slices_total":2,"slices_completed":1,"batches":1,"entries":60,"bytes":600,"estimated_entries":100,"slices":[`+slice("60", "true")+`,`+slice("0", "false")+`]}}}}`)
	})
}

// A stack of one region answers global in the form of global all the same.
func TestGlobalOfOneRegionHasTheFormOfGlobal(t *testing.T) {
	t.Parallel()
	s := newStackOf(t, replay.Regions{Known: []string{"us"}, Default: "us"})
	want := unconfiguredJob[:len(unconfiguredJob)-1] + `,"regions":{"us":` + unconfiguredJob + `}}`
	answered(t, s.ask("GET", jobPath, "", with("Reprise-Region", "global")), 200, want)
}

func TestALogLineOfGlobalSaysSo(t *testing.T) {
	s := newStack(t)
	lines := logged(t, func() { s.ask("GET", jobPath, "", with("Reprise-Region", "global")) })
	if len(lines) != 1 || lines[0]["region"] != "global" || lines[0]["org"] != "acme" {
		t.Errorf("logged %v", lines)
	}
}

func TestTroubleWithOneRegionIsTroubleWithGlobal(t *testing.T) {
	t.Parallel()
	s := newStack(t)
	s.enable(acme)
	n := 0
	s.before = func(context.Context) {
		if n++; n%2 == 0 { // the second region's
			s.fail = context.DeadlineExceeded
		} else {
			s.fail = nil
		}
	}
	for _, method := range []string{"GET", "PUT"} {
		n = 0
		w := s.ask(method, jobPath, window("2026-03-08T11:00:00Z", "2026-03-08T11:00:00Z"), host("global.api.example"))
		answered(t, w, 503, trouble("503", "Service Unavailable", "The request took too long"))
	}
	if len(s.jobs) > 0 {
		t.Errorf("stored %+v", s.jobs)
	}
}
