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
	if _, err := f.ours(all); !errors.Is(err, errReplay) || err.Error() != "another replay took the place of this one in region eu, where it delivers nothing any more" {
		t.Errorf("got %v", err)
	}
	f.job = job("1", replay.Accepted, 0)
	if _, err := f.ours(job("2", replay.Accepted, 0)); !errors.Is(err, errReplay) {
		t.Errorf("got %v", err)
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
