package sqlite_test

import (
	"context"
	"errors"
	"path/filepath"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	zombiezen "zombiezen.com/go/sqlite"
	"zombiezen.com/go/sqlite/sqlitex"

	"reprise/shared/replay"
	"reprise/shared/sqlite"
)

const queuedJob = "01J8000000000000000000000Q"

// queued is n slices of a minute each, in so many lanes.
func queued(job string, lanes, n int) []replay.Slice {
	from := time.Date(2025, 6, 18, 21, 0, 0, 0, time.UTC)
	slices := make([]replay.Slice, n)
	for i := range slices {
		at := from.Add(time.Duration(i) * time.Minute)
		slices[i] = replay.Slice{
			Fence: replay.Fence{Scope: replay.Scope{Org: "org-1", Region: "eu"}, JobID: job}, N: i, Lane: i % lanes,
			Window: replay.Window{From: at, To: at.Add(time.Minute - time.Millisecond)},
		}
	}
	return slices
}

// queueFile opens the file at path, for as long as the test.
func queueFile(t *testing.T, path string, now func() time.Time) *sqlite.Store {
	t.Helper()
	store, err := sqlite.Open(path, now)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = store.Close() })
	return store
}

// pump hands over what is visible and returns it.
func pump(t *testing.T, q *sqlite.Queue, next replay.Next, err error) []replay.Slice {
	t.Helper()
	var taken []replay.Slice
	if err := q.Pump(t.Context(), func(_ context.Context, s replay.Slice) (replay.Next, error) {
		taken = append(taken, s)
		return next, err
	}); err != nil {
		t.Fatal(err)
	}
	return taken
}

func TestTheQueueIsThereAfterReopening(t *testing.T) {
	path, clock := filepath.Join(t.TempDir(), "queue.db"), newHandClock()
	slices := queued(queuedJob, 3, 6)
	store := queueFile(t, path, clock.Now)
	if err := store.Queue().Send(t.Context(), 0, slices...); err != nil {
		t.Fatal(err)
	}
	// Lane 0's head is in the hands of a process that ends, lane 1's waits, lane 2 was handled.
	err := store.Queue().Pump(t.Context(), func(_ context.Context, s replay.Slice) (replay.Next, error) {
		switch s.Lane {
		case 0:
			return replay.Next{}, errors.New("out of breath")
		case 1:
			return replay.Again(2 * replay.Lease), nil
		}
		return replay.Done(), nil
	})
	if err := errors.Join(err, store.Close()); err != nil {
		t.Fatal(err)
	}

	store = queueFile(t, path, clock.Now)
	if err := store.Queue().Send(t.Context(), 0, slices...); err != nil {
		t.Fatal(err)
	}
	if got := pump(t, store.Queue(), replay.Done(), nil); len(got) != 0 {
		t.Errorf("%v came at once: neither what is hidden nor what was sent before should", got)
	}
	clock.Pass(replay.Lease)
	if diff := cmp.Diff([]replay.Slice{slices[0], slices[3]}, pump(t, store.Queue(), replay.Done(), nil)); diff != "" {
		t.Errorf("after the visibility of what was in hand (-want +got):\n%s", diff)
	}
	clock.Pass(replay.Lease)
	if diff := cmp.Diff([]replay.Slice{slices[1], slices[4]}, pump(t, store.Queue(), replay.Done(), nil)); diff != "" {
		t.Errorf("after the wait (-want +got):\n%s", diff)
	}
}

func TestWhatWasInHandIsTakenBack(t *testing.T) {
	clock := newHandClock()
	store := emptyStore(t, clock.Now)
	slices := queued(queuedJob, 3, 6)
	sendTo(t, store, slices...)
	err := store.Queue().Pump(t.Context(), func(_ context.Context, s replay.Slice) (replay.Next, error) {
		if s.Lane == 1 {
			return replay.Again(2 * replay.Lease), nil
		}
		return replay.Next{}, errors.New("out of breath")
	})
	if err != nil {
		t.Fatal(err)
	}
	if n, err := store.TakeBack(t.Context()); err != nil || n != 2 {
		t.Errorf("took %d back, %v, want the heads of lanes 0 and 2", n, err)
	}
	if diff := cmp.Diff([]replay.Slice{slices[0], slices[2], slices[3], slices[5]}, pump(t, store.Queue(), replay.Done(), nil),
		cmpopts.SortSlices(func(a, b replay.Slice) bool { return a.N < b.N })); diff != "" {
		t.Errorf("at once (-want +got):\n%s", diff)
	}
	if n, err := store.TakeBack(t.Context()); err != nil || n != 0 {
		t.Errorf("took %d back, %v: what was told to wait is in nobody's hands", n, err)
	}
	clock.Pass(2 * replay.Lease)
	if diff := cmp.Diff([]replay.Slice{slices[1], slices[4]}, pump(t, store.Queue(), replay.Done(), nil)); diff != "" {
		t.Errorf("after the wait (-want +got):\n%s", diff)
	}
}

func TestASliceThatMayBeWhatEndsTheProcessWaitsForItsVisibility(t *testing.T) {
	clock := newHandClock()
	store := emptyStore(t, clock.Now)
	slices := queued(queuedJob, 2, 2)
	sendTo(t, store, slices...)
	for n := range replay.MaxStarts {
		for _, s := range pump(t, store.Queue(), replay.Next{}, errors.New("out of breath")) {
			if s.N == 1 && n > 0 {
				continue // this one's tries are not counted: something was recorded in between
			}
			if _, err := store.Try(t.Context(), s); err != nil {
				t.Fatal(err)
			}
		}
		want := 2 // of the first slice half of its tries
		if n+1 >= replay.MaxStarts/2 {
			want = 1
		}
		if got, err := store.TakeBack(t.Context()); err != nil || got != want {
			t.Errorf("after %d crashes %d were taken back, %v; want %d", n+1, got, err, want)
		}
	}
	pump(t, store.Queue(), replay.Done(), nil)
	clock.Pass(replay.Lease)
	if diff := cmp.Diff(slices[:1], pump(t, store.Queue(), replay.Done(), nil)); diff != "" {
		t.Errorf("after its visibility (-want +got):\n%s", diff)
	}
}

func TestWhoseMessageWasTakenBackCanSayNothingMore(t *testing.T) {
	store := emptyStore(t, newHandClock().Now)
	slices := queued(queuedJob, 1, 1)
	sendTo(t, store, slices...)
	first := true
	err := store.Queue().Pump(t.Context(), func(ctx context.Context, _ replay.Slice) (replay.Next, error) {
		if !first {
			t.Error("it came again, though another has it")
		}
		first = false
		if n, err := store.TakeBack(ctx); err != nil || n != 1 {
			t.Errorf("took %d back, %v", n, err)
		}
		if got := pump(t, store.Queue(), replay.Next{}, errors.New("out of breath")); len(got) != 1 {
			t.Errorf("%d came to the other", len(got))
		}
		return replay.Again(0), nil
	})
	if err != nil {
		t.Fatal(err)
	}
}

func TestReceivesAreCountedAcrossReopening(t *testing.T) {
	path, clock := filepath.Join(t.TempDir(), "queue.db"), newHandClock()
	store := queueFile(t, path, clock.Now)
	sendTo(t, store, queued(queuedJob, 1, 1)...)
	change(t, path, "UPDATE messages SET receives = ?", replay.RetireReceives-2)
	ctx, stop := context.WithCancel(t.Context())
	received := 0
	shown := func(context.Context, replay.Slice) (replay.Next, error) {
		received++
		stop()
		return replay.Again(0), nil
	}
	_ = store.Queue().Pump(ctx, shown)
	if err := store.Close(); err != nil {
		t.Fatal(err)
	}
	if err := queueFile(t, path, clock.Now).Queue().Pump(t.Context(), shown); err != nil {
		t.Fatal(err)
	}
	if received != 2 {
		t.Errorf("received %d times, want once before and once after", received)
	}
}

func TestAMessageThatCannotBeReadIsADeadLetterAtOnce(t *testing.T) {
	slices := queued(queuedJob, 1, 2)
	for name, body := range map[string]string{
		"not JSON":                  "\x00\xff",
		"of a version to come":      `{"version":2,"slice":0,"lane":0,"from":"2025-06-18T21:00:00Z","to":"2025-06-18T21:00:59.999Z"}`,
		"of no version":             `{"slice":0,"lane":0,"from":"2025-06-18T21:00:00Z","to":"2025-06-18T21:00:59.999Z"}`,
		"empty":                     "",
		"a window that ends before": `{"version":1,"slice":0,"lane":0,"from":"2025-06-18T21:00:00Z","to":"2025-06-18T20:00:00Z"}`,
		"a slice below nought":      `{"version":1,"slice":-1,"lane":0,"from":"2025-06-18T21:00:00Z","to":"2025-06-18T21:00:59.999Z"}`,
		"another type":              `{"version":1,"slice":"0","lane":0}`,
	} {
		t.Run(name, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), "queue.db")
			store := queueFile(t, path, newHandClock().Now)
			if err := store.Queue().Send(t.Context(), 0, slices...); err != nil {
				t.Fatal(err)
			}
			overwriteFirstBody(t, path, body)
			if diff := cmp.Diff(slices[1:], pump(t, store.Queue(), replay.Done(), nil)); diff != "" {
				t.Errorf("only the one behind it is handed over (-want +got):\n%s", diff)
			}
			want := []replay.Slice{{Fence: slices[0].Fence}}
			if diff := cmp.Diff(want, pump(t, store.DeadQueue(), replay.Done(), nil)); diff != "" {
				t.Errorf("the dead letter names its job (-want +got):\n%s", diff)
			}
			if got := pump(t, store.DeadQueue(), replay.Done(), nil); len(got) != 0 {
				t.Errorf("a dead letter that was buried came again: %v", got)
			}
		})
	}
}

// overwriteFirstBody does what another program, or another version of this one, might have done.
func overwriteFirstBody(t *testing.T, path, body string) {
	t.Helper()
	change(t, path, "UPDATE messages SET body = ? WHERE id = (SELECT min(id) FROM messages)", []byte(body))
}

// change changes the file behind the store's back.
func change(t *testing.T, path, statement string, args ...any) {
	t.Helper()
	conn, err := zombiezen.OpenConn(path, zombiezen.OpenReadWrite)
	if err != nil {
		t.Fatal(err)
	}
	err = sqlitex.Execute(conn, statement, &sqlitex.ExecOptions{Args: args})
	if err := errors.Join(err, conn.Close()); err != nil {
		t.Fatal(err)
	}
}

func TestADeadLetterIsHandedOverUntilItIsDone(t *testing.T) {
	path, clock := filepath.Join(t.TempDir(), "queue.db"), newHandClock()
	store := queueFile(t, path, clock.Now)
	slices := queued(queuedJob, 1, 1)
	sendTo(t, store, slices...)
	change(t, path, "UPDATE messages SET receives = ?", replay.MaxReceives)
	if got := pump(t, store.Queue(), replay.Done(), nil); len(got) != 0 {
		t.Fatalf("received too often, and handed over: %v", got)
	}
	for name, answer := range map[string]struct {
		next replay.Next
		err  error
	}{
		"an error":  {err: errors.New("the clerk is out")},
		"not today": {next: replay.Again(replay.Lease)},
	} {
		if diff := cmp.Diff(slices, pump(t, store.DeadQueue(), answer.next, answer.err)); diff != "" {
			t.Errorf("handed over, and answered with %s (-want +got):\n%s", name, diff)
		}
		clock.Pass(replay.Lease)
	}
	if diff := cmp.Diff(slices, pump(t, store.DeadQueue(), replay.Done(), nil)); diff != "" {
		t.Errorf("handed over at last (-want +got):\n%s", diff)
	}
	if got := pump(t, store.DeadQueue(), replay.Done(), nil); len(got) != 0 {
		t.Errorf("came again after it was done: %v", got)
	}
}

func TestAGroupThatHadItsTurnQueuesUpBehindTheOthers(t *testing.T) {
	clock := newHandClock()
	q := queueFile(t, filepath.Join(t.TempDir(), "queue.db"), clock.Now).Queue()
	large, small := queued(queuedJob, 1, 3), queued("01J8000000000000000000000R", 1, 1)
	if err := errors.Join(q.Send(t.Context(), 0, large...), q.Send(t.Context(), 0, small...)); err != nil {
		t.Fatal(err)
	}
	var order []replay.Slice
	err := q.Pump(t.Context(), func(_ context.Context, s replay.Slice) (replay.Next, error) {
		clock.Pass(time.Second)
		order = append(order, s)
		return replay.Done(), nil
	})
	if err != nil {
		t.Fatal(err)
	}
	want := []replay.Slice{large[0], small[0], large[1], large[2]}
	if diff := cmp.Diff(want, order); diff != "" {
		t.Errorf("a large job keeps a small one waiting (-want +got):\n%s", diff)
	}
}

func TestASendThatFailsSendsNothingAndRemembersNothing(t *testing.T) {
	q := queueFile(t, filepath.Join(t.TempDir(), "queue.db"), newHandClock().Now).Queue()
	slices := queued(queuedJob, 1, 3)
	bad := slices[2]
	bad.Window.To = time.Date(10000, 1, 1, 0, 0, 0, 0, time.UTC)
	if err := q.Send(t.Context(), 0, slices[0], slices[1], bad); err == nil {
		t.Fatal("a time that JSON cannot say was sent")
	}
	ended, end := context.WithCancel(t.Context())
	end()
	if err := q.Send(ended, 0, slices...); !errors.Is(err, context.Canceled) {
		t.Fatalf("sending for somebody who has gone: %v", err)
	}
	if err := q.Pump(ended, nil); !errors.Is(err, context.Canceled) {
		t.Fatalf("pumping for somebody who has gone: %v", err)
	}
	if got := pump(t, q, replay.Done(), nil); len(got) != 0 {
		t.Errorf("%v was sent", got)
	}
	if err := q.Send(t.Context(), 0, slices...); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(slices, pump(t, q, replay.Done(), nil)); diff != "" {
		t.Errorf("sent once more (-want +got):\n%s", diff)
	}
}
