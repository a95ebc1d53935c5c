package api_test

import (
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/google/go-cmp/cmp"

	"reprise/shared/replay"
)

// emptied checks a 204: it has no body, and nothing that speaks of one.
func emptied(t testing.TB, w *httptest.ResponseRecorder) {
	t.Helper()
	want := http.Header{"Cache-Control": {"no-store"}, "X-Content-Type-Options": {"nosniff"}}
	if diff := cmp.Diff(want, w.Header()); w.Code != 204 || w.Body.Len() > 0 || diff != "" {
		t.Errorf("%d %q %s", w.Code, w.Body, diff)
	}
}

const nothingToCancel = "There is no replay job to cancel"

func TestADELETECancelsALiveJob(t *testing.T) {
	t.Parallel()
	for _, status := range []replay.Status{replay.Accepted, replay.Pending, replay.Running} {
		t.Run(string(status), func(t *testing.T) {
			t.Parallel()
			s := newStack(t)
			s.jobs[acme] = aJob(status)
			emptied(t, s.ask("DELETE", jobPath, ""))
			want := aJob(replay.Failed)
			want.Failure = replay.Failure{Code: replay.FailCancelled, Detail: "cancelled by ada"}
			if diff := cmp.Diff(want, s.jobs[acme]); diff != "" {
				t.Error(diff)
			}
			answered(t, s.ask("DELETE", jobPath, ""), 404, trouble("404", "Not Found", nothingToCancel))
		})
	}
}

func TestADELETEOfWhatHasEndedOrNeverWasIsNotFound(t *testing.T) {
	t.Parallel()
	for _, status := range []replay.Status{replay.Unconfigured, replay.Completed, replay.Failed} {
		s := newStack(t)
		if status != replay.Unconfigured {
			s.jobs[acme] = aJob(status)
		}
		before := s.jobs[acme]
		answered(t, s.ask("DELETE", jobPath, ""), 404, trouble("404", "Not Found", nothingToCancel))
		if diff := cmp.Diff(before, s.jobs[acme]); diff != "" {
			t.Errorf("%s: %s", status, diff)
		}
	}
}

func TestADELETEThatFindsAllSentCompletesTheJobAndIsNotFound(t *testing.T) {
	t.Parallel()
	s := newStack(t)
	job := aJob(replay.Running)
	s.jobs[acme], s.done[job.Fence] = job, true
	answered(t, s.ask("DELETE", jobPath, ""), 404, trouble("404", "Not Found", nothingToCancel))
	if got := s.jobs[acme]; got.Status != replay.Completed || got.Failure != (replay.Failure{}) {
		t.Errorf("it is %+v", got)
	}
}

func TestADELETEMeansTheJobThatIsThereNow(t *testing.T) {
	t.Parallel()
	for replaced, want := range map[int]int{1: 204, 9: 204, 10: 503} {
		s := newStack(t)
		s.jobs[acme] = aJob(replay.Accepted)
		n := 0
		s.beforeEnd = func() {
			if n++; n > replaced {
				return
			}
			next := aJob(replay.Accepted)
			next.JobID = "NEXT" + string(rune('0'+n%10)) + string(rune('0'+n/10))
			s.jobs[acme] = next
		}
		w := s.ask("DELETE", jobPath, "")
		if w.Code != want || (s.jobs[acme].Status == replay.Failed) != (want == 204) {
			t.Errorf("replaced %d times: %d %s, it is %s", replaced, w.Code, w.Body, s.jobs[acme].Status)
		}
		if want == 503 {
			answered(t, w, 503, trouble("503", "Service Unavailable", "Others are replacing the job at the same time"))
			if got := w.Header().Get("Retry-After"); got != "1" {
				t.Errorf("Retry-After is %q", got)
			}
		}
	}
}

func TestADELETEOfGlobalCancelsWhatIsThere(t *testing.T) {
	t.Parallel()
	s := newStack(t)
	running := aJob(replay.Running)
	running.Scope = acmeEU
	s.jobs[acmeEU] = running
	emptied(t, s.ask("DELETE", "/v3/audit-log-replay-job", "", host("global.api.example")))
	if got := s.jobs[acmeEU]; got.Status != replay.Failed || got.Failure.Code != replay.FailCancelled {
		t.Errorf("it is %+v", got)
	}
	if _, ok := s.jobs[acme]; ok {
		t.Error("a region without a job has one")
	}
	answered(t, s.ask("DELETE", jobPath, "", with("Reprise-Region", "global")), 404, trouble("404", "Not Found", nothingToCancel))
}

// A region that is in trouble keeps no other from being cancelled; whoever asks again finds the rest.
func TestADELETEOfGlobalGoesOnAfterARegionInTrouble(t *testing.T) {
	t.Parallel()
	s := newStack(t)
	for _, at := range []replay.Scope{acme, acmeEU} {
		job := aJob(replay.Running)
		job.Scope = at
		s.jobs[at] = job
	}
	calls := 0
	s.before = func(context.Context) {
		s.fail = nil
		if calls++; calls == 1 { // the first region's job
			s.fail = errors.New("a disk said no")
		}
	}
	answered(t, s.ask("DELETE", jobPath, "", with("Reprise-Region", "global")), 500, trouble("500", "Internal Server Error", "Internal Server Error"))
	if s.jobs[acme].Status != replay.Running || s.jobs[acmeEU].Status != replay.Failed {
		t.Errorf("us is %s, eu %s", s.jobs[acme].Status, s.jobs[acmeEU].Status)
	}
	emptied(t, s.ask("DELETE", jobPath, "", with("Reprise-Region", "global")))
	if s.jobs[acme].Status != replay.Failed {
		t.Errorf("us is %s", s.jobs[acme].Status)
	}
}
