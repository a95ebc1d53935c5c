package main

import (
	"errors"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"reprise/cmd/reprise/client"
	"reprise/shared/replay"
)

func TestTheLengthOfARangeIsReadWithDays(t *testing.T) {
	for text, want := range map[string]time.Duration{
		"15m": 15 * time.Minute, "6h": 6 * time.Hour, "7d": 168 * time.Hour, "1d12h": 36 * time.Hour, "168h": 168 * time.Hour, "0d1s": time.Second,
		"": 0, "0h": 0, "d": 0, "8d": 0, "7d1s": 0, "-1h": 0, "1d-1h": 0, "1.5d": 0, "-1d": 0, "6": 0, "1h1d": 0, "99999d": 0, "106751d": 0,
	} {
		if got, err := span(text); got != want || (err == nil) != (want != 0) {
			t.Errorf("%q is %s, %v, want %s", text, got, err, want)
		}
	}
}

func TestADayAloneIsTheMidnightItBeginsWithOnThisMachine(t *testing.T) {
	got, err := instant("2026-11-24")
	if want := time.Date(2026, 11, 24, 0, 0, 0, 0, time.Local); err != nil || !got.Equal(want) {
		t.Errorf("%s, %v, want %s", got, err, want)
	}
}

func TestOfAllRegionsOnlyThoseAskedForAreFollowed(t *testing.T) {
	job := func(id string, status replay.Status, entries int64) client.Job {
		return client.Job{ID: id, Status: status, Progress: client.Progress{Entries: entries, Estimated: 10}}
	}
	f := &follower{job: client.Job{Regions: map[string]client.Job{"us": job("1", replay.Accepted, 0), "eu": job("2", replay.Accepted, 0)}}}
	all := client.Job{Status: replay.Failed, Regions: map[string]client.Job{"us": job("1", replay.Completed, 3), "eu": job("2", replay.Completed, 4), "au": job("9", replay.Failed, 7)}}
	got, err := f.ours(all)
	want := client.Job{Status: replay.Completed, Progress: client.Progress{Entries: 7, Estimated: 20}, Regions: map[string]client.Job{"us": all.Regions["us"], "eu": all.Regions["eu"]}}
	if diff := cmp.Diff(want, got); err != nil || diff != "" {
		t.Errorf("%v: %s", err, diff)
	}
	all.Regions["eu"] = job("3", replay.Accepted, 0)
	if _, err := f.ours(all); !errors.Is(err, errReplay) || err.Error() != "another replay took the place of this one in region eu, where its end was not seen" {
		t.Errorf("got %v", err)
	}
	f.job.Regions["eu"] = job("2", replay.Completed, 4) // it had ended before anybody followed
	if _, err := f.ours(all); err != nil {
		t.Errorf("got %v", err)
	}
	f.job = job("1", replay.Accepted, 0)
	_, err = f.ours(job("2", replay.Accepted, 0))
	if left := f.left(t.Context(), err); codeOf(left) != exitReplay || left.Error() != "another replay took the place of this one, whose end was not seen" || advice(left) != `"reprise status" shows the other.` {
		t.Errorf("got %v: %s", left, advice(left))
	}
	lost := f.left(t.Context(), errors.New("no JSON"))
	if codeOf(lost) != exitFailed || lost.Error() != "the replay goes on, but cannot be followed: no JSON" || advice(lost) != `"reprise status --watch" follows it, "reprise cancel" ends it.` {
		t.Errorf("got %v: %s", lost, advice(lost))
	}
}

func TestWhoeverGotNoGoodAnswerIsToldThatAReplayMayHaveBegun(t *testing.T) {
	for name, row := range map[string]struct {
		err  error
		want string
	}{
		"a PUT without an answer":    {&client.Silence{What: "PUT http://x/y", Sent: true}, notKnown},
		"a DELETE without an answer": {&client.Silence{What: "DELETE http://x/y", Sent: true}, notKnown},
		"a gateway's 504":            {&client.Refusal{What: "PUT /y", Status: 504}, notKnown},
		"a PUT that was too many":    {&client.Refusal{What: "PUT /y", Status: 429}, "Try again later."},
		"a GET":                      {&client.Refusal{What: "GET /y", Status: 504}, "Try again later."},
	} {
		if got := advice(row.err); got != row.want || codeOf(row.err) != exitFailed {
			t.Errorf("%s: %q, want %q", name, got, row.want)
		}
	}
}

func TestEachFailureOfAJobSaysWhatToDo(t *testing.T) {
	for _, code := range []string{"cancelled", "expired", "webhook_disabled", "webhook_gone", "rejected", "retries_exhausted", "entry_too_large", "undeliverable"} {
		err := failure(client.Job{Status: replay.Failed, Failure: &client.Failure{Code: code, Detail: "why", ResponseCode: 401}})
		if err == nil || err.Error() != "the replay failed: "+code+": why (the receiver's last answer: 401)" || advice(err) == "" || codeOf(err) != 3 {
			t.Errorf("%s: %v: %s", code, err, advice(err))
		}
	}
	if err := failure(client.Job{Status: replay.Completed}); err != nil {
		t.Error(err)
	}
}
