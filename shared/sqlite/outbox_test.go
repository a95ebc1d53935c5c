package sqlite_test

import (
	"context"
	"errors"
	"path/filepath"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"reprise/shared/replay"
	"reprise/shared/sqlite"
)

var errOut = errors.New("fan-out failed") // a sentinel of these stories

// reading runs OnAccepted on s until the test calls stop, which waits for its end.
func reading(t *testing.T, s *sqlite.Store, out func(context.Context, replay.Job) error) (stop func()) {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- s.OnAccepted(ctx, out) }()
	return func() {
		t.Helper()
		cancel()
		if err := <-ended; err != nil {
			t.Errorf("OnAccepted ended with %v", err)
		}
	}
}

func accept(t *testing.T, s *sqlite.Store, jobs ...replay.Job) {
	t.Helper()
	if err := s.Accept(t.Context(), jobs...); err != nil {
		t.Fatal(err)
	}
}

func TestAcceptedJobsAreHandedOverInOrderAsTheyWereAccepted(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := emptyStore(t, time.Now)
		want := []replay.Job{someJob("acme", 1), someJob("acme", 2), someJob("beta", 1), someJob("acme", 3), someJob("gamma", 1)}
		accept(t, s, want[0])
		accept(t, s, want[1], want[2]) // replaces the first, which is handed over all the same
		var got []replay.Job
		stop := reading(t, s, func(_ context.Context, job replay.Job) error {
			got = append(got, job)
			return nil
		})
		synctest.Wait()
		accept(t, s, want[3]) // wakes it
		synctest.Wait()
		accept(t, s, want[1]) // a repetition, which does not
		accept(t, s, want[4])
		synctest.Wait()
		stop()
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("handed over (-want +got):\n%s", diff)
		}
	})
}

func TestAJobWhoseFanOutFailsIsTriedAgainAndHoldsTheNextBack(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := emptyStore(t, time.Now)
		accept(t, s, someJob("acme", 1))
		accept(t, s, someJob("beta", 1))
		var got []string
		var at []time.Duration
		began, last := time.Now(), make(chan struct{})
		stop := reading(t, s, func(_ context.Context, job replay.Job) error {
			got, at = append(got, job.JobID), append(at, time.Since(began))
			switch len(got) {
			case 1, 2:
				return errOut
			case 4:
				close(last)
			}
			return nil
		})
		<-last
		stop()
		if diff := cmp.Diff([]string{"acme-job-1", "acme-job-1", "acme-job-1", "beta-job-1"}, got); diff != "" {
			t.Error(diff)
		}
		if diff := cmp.Diff([]time.Duration{0, time.Second, 3 * time.Second, 3 * time.Second}, at); diff != "" {
			t.Error(diff)
		}
	})
}

func TestAJobWhoseFanOutNeverWorksIsLetGoAfterFiveTries(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := emptyStore(t, time.Now)
		accept(t, s, someJob("acme", 1))
		accept(t, s, someJob("beta", 1))
		tries, last := make(map[string]int), make(chan struct{})
		stop := reading(t, s, func(_ context.Context, job replay.Job) error {
			tries[job.JobID]++
			if job.Org == "acme" {
				return errOut
			}
			close(last)
			return nil
		})
		<-last
		stop()
		if diff := cmp.Diff(map[string]int{"acme-job-1": 5, "beta-job-1": 1}, tries); diff != "" {
			t.Error(diff)
		}
	})
}

func TestTheEndOfTheOutboxWaitsForNoTimer(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := emptyStore(t, time.Now)
		accept(t, s, someJob("acme", 1))
		stop := reading(t, s, func(context.Context, replay.Job) error { return errOut })
		synctest.Wait()
		before := time.Now()
		stop()
		if took := time.Since(before); took != 0 {
			t.Errorf("it took %v", took)
		}
	})
}

func TestWhatWasNotHandledIsHandedOverAfterARestart(t *testing.T) {
	path := filepath.Join(t.TempDir(), "reprise.db")
	s := openStore(t, path, noon)
	accept(t, s, someJob("acme", 1))
	accept(t, s, someJob("beta", 1))
	accept(t, s, someJob("gamma", 1))
	var got []string
	first := func(_ context.Context, job replay.Job) error {
		got = append(got, job.JobID)
		if job.Org == "beta" {
			return errOut // the process dies in the middle of it
		}
		return nil
	}
	if err := s.PumpAccepted(t.Context(), first); !errors.Is(err, errOut) {
		t.Fatalf("got %v", err)
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	s = openStore(t, path, noon)
	for range 2 { // the second finds nothing
		if err := s.PumpAccepted(t.Context(), func(_ context.Context, job replay.Job) error {
			got = append(got, job.JobID)
			return nil
		}); err != nil {
			t.Fatal(err)
		}
	}
	if diff := cmp.Diff([]string{"acme-job-1", "beta-job-1", "beta-job-1", "gamma-job-1"}, got); diff != "" {
		t.Error(diff)
	}
}

func TestAJobAcceptedInsideTheFanOutIsHandedOverToo(t *testing.T) {
	s := emptyStore(t, noon)
	accept(t, s, someJob("acme", 1))
	var got []string
	err := s.PumpAccepted(t.Context(), func(ctx context.Context, job replay.Job) error {
		got = append(got, job.JobID)
		if len(got) == 1 {
			return s.Accept(ctx, someJob("beta", 1))
		}
		return nil
	})
	if diff := cmp.Diff([]string{"acme-job-1", "beta-job-1"}, got); diff != "" || err != nil {
		t.Error(err, diff)
	}
}

func TestWorkThatWasDoneWhenTheEndCameIsMarked(t *testing.T) {
	s := emptyStore(t, noon)
	accept(t, s, someJob("acme", 1))
	ctx, cancel := context.WithCancel(t.Context())
	times := 0
	out := func(context.Context, replay.Job) error {
		times++
		cancel()
		return nil
	}
	if err := s.OnAccepted(ctx, out); err != nil {
		t.Fatal(err)
	}
	if err := s.PumpAccepted(t.Context(), out); err != nil {
		t.Fatal(err)
	}
	if times != 1 {
		t.Errorf("handed over %d times", times)
	}
}
