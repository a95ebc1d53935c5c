package sqlite_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"reprise/shared/replay"
	"reprise/shared/sqlite"
)

// listening runs listen on a new file with the bubble's clock; stop ends it and waits for its end.
func listening(t *testing.T, on func(*sqlite.Store) *sqlite.Queue, handle func(context.Context, replay.Slice) (replay.Next, error)) (store *sqlite.Store, path string, stop func()) {
	t.Helper()
	path = filepath.Join(t.TempDir(), "queue.db")
	store = queueFile(t, path, time.Now)
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- on(store).OnMessage(ctx, handle) }()
	return store, path, func() {
		t.Helper()
		cancel()
		if err := <-ended; err != nil {
			t.Errorf("OnMessage: %v", err)
		}
	}
}

// tape keeps what handlers add, who may run side by side.
type tape[T any] struct {
	mu  sync.Mutex
	all []T
}

// add returns how many there are now.
func (t *tape[T]) add(v T) int {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.all = append(t.all, v)
	return len(t.all)
}

func (t *tape[T]) played() []T {
	t.mu.Lock()
	defer t.mu.Unlock()
	return slices.Clone(t.all)
}

func sendTo(t *testing.T, store *sqlite.Store, slices ...replay.Slice) {
	t.Helper()
	if err := store.Queue().Send(t.Context(), 0, slices...); err != nil {
		t.Fatal(err)
	}
}

func TestWhatIsSentIsHandedOverAtOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var taken tape[replay.Slice]
		store, _, stop := listening(t, (*sqlite.Store).Queue, func(_ context.Context, s replay.Slice) (replay.Next, error) {
			taken.add(s)
			return replay.Done(), nil
		})
		synctest.Wait()
		begin, slices := time.Now(), queued(queuedJob, 1, 5)
		sendTo(t, store, slices...)
		synctest.Wait()
		if diff := cmp.Diff(slices, taken.played()); diff != "" {
			t.Errorf("handed over (-want +got):\n%s", diff)
		}
		if took := time.Since(begin); took != 0 {
			t.Errorf("it took %s", took)
		}
		stop()
	})
}

func TestAMessageComesAgainWhenItIsTime(t *testing.T) {
	for name, row := range map[string]struct {
		next  replay.Next
		err   error
		after time.Duration
	}{
		"a wait for the receiver": {next: replay.Again(42 * time.Second), after: 42 * time.Second},
		"a long wait":             {next: replay.Again(3 * replay.Lease), after: 3 * replay.Lease},
		"no wait":                 {next: replay.Again(0)},
		"a handler's error":       {err: errors.New("no luck"), after: replay.Lease},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				var came tape[time.Time]
				store, _, stop := listening(t, (*sqlite.Store).Queue, func(context.Context, replay.Slice) (replay.Next, error) {
					if came.add(time.Now()) == 1 {
						return row.next, row.err
					}
					return replay.Done(), nil
				})
				begin := time.Now()
				sendTo(t, store, queued(queuedJob, 1, 1)...)
				<-time.After(row.after + replay.Lease)
				stop()
				want := []time.Time{begin, begin.Add(row.after)}
				if diff := cmp.Diff(want, came.played()); diff != "" {
					t.Errorf("it came (-want +got):\n%s", diff)
				}
			})
		})
	}
}

func TestAHandlerThatOutlivesItsVisibilityChangesNothing(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var came tape[time.Duration]
		begin := time.Now()
		store, _, stop := listening(t, (*sqlite.Store).Queue, func(context.Context, replay.Slice) (replay.Next, error) {
			switch came.add(time.Since(begin)) {
			case 1:
				<-time.After(2 * replay.Lease) // deaf to its deadline
			case 2:
				return replay.Again(5 * time.Minute), nil
			}
			return replay.Done(), nil
		})
		sendTo(t, store, queued(queuedJob, 1, 1)...)
		<-time.After(10 * time.Minute)
		stop()
		want := []time.Duration{0, replay.Lease, replay.Lease + 5*time.Minute}
		if diff := cmp.Diff(want, came.played()); diff != "" {
			t.Errorf("it came (-want +got):\n%s", diff)
		}
	})
}

func TestAtMostSixteenGroupsAreAtWorkAtOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var atWork, handled atomic.Int32
		release := make(chan struct{})
		store, _, stop := listening(t, (*sqlite.Store).Queue, func(context.Context, replay.Slice) (replay.Next, error) {
			atWork.Add(1)
			<-release
			atWork.Add(-1)
			handled.Add(1)
			return replay.Done(), nil
		})
		sendTo(t, store, queued(queuedJob, 20, 40)...)
		for left := int32(40); left > 0; left-- {
			synctest.Wait()
			if got, most := atWork.Load(), min(16, left); got > most || left > 20 && got != most {
				t.Errorf("%d at work with %d to go", got, left)
			}
			release <- struct{}{}
		}
		synctest.Wait()
		if handled.Load() != 40 {
			t.Errorf("%d handled, want 40", handled.Load())
		}
		stop()
	})
}

func TestTheEndWaitsForTheBatchInHand(t *testing.T) {
	for name, next := range map[string]replay.Next{"and shows the rest": replay.Again(0), "and deletes what is done": replay.Done()} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				slices := queued(queuedJob, 1, 2)
				finished := 0
				store, _, stop := listening(t, (*sqlite.Store).Queue, func(ctx context.Context, _ replay.Slice) (replay.Next, error) {
					<-ctx.Done()
					<-time.After(3 * time.Second) // the batch in hand
					finished++
					return next, nil
				})
				sendTo(t, store, slices...)
				synctest.Wait()
				begin := time.Now()
				stop()
				if took := time.Since(begin); took != 3*time.Second || finished != 1 {
					t.Errorf("OnMessage returned after %s with %d batches finished", took, finished)
				}
				want := slices
				if !next.Again {
					want = slices[1:]
				}
				if diff := cmp.Diff(want, pump(t, store.Queue(), replay.Done(), nil)); diff != "" {
					t.Errorf("the next process finds at once (-want +got):\n%s", diff)
				}
			})
		})
	}
}

func TestAHandlerIsToldByWhenToEnd(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		type key struct{}
		store := queueFile(t, filepath.Join(t.TempDir(), "queue.db"), time.Now)
		sendTo(t, store, queued(queuedJob, 1, 1)...)
		err := store.Queue().Pump(context.WithValue(t.Context(), key{}, "trace"), func(ctx context.Context, _ replay.Slice) (replay.Next, error) {
			if until, ok := ctx.Deadline(); !ok || time.Until(until) != 60*time.Second {
				t.Errorf("its deadline is %s, %t", until, ok)
			}
			if ctx.Value(key{}) != "trace" {
				t.Error("it lost what the context says")
			}
			return replay.Done(), nil
		})
		if err != nil {
			t.Fatal(err)
		}
	})
}

// logged collects what is logged during the test.
func logged(t *testing.T) *bytes.Buffer {
	t.Helper()
	var log bytes.Buffer
	before := slog.Default()
	slog.SetDefault(slog.New(slog.NewTextHandler(&log, nil)))
	t.Cleanup(func() { slog.SetDefault(before) })
	return &log
}

func TestAHandlersTroubleIsLoggedOnceAndCostsOnlyItsTurn(t *testing.T) {
	for name, trouble := range map[string]func() error{
		"an error": func() error { return errors.New("spilt milk") },
		"a panic":  func() error { panic("spilt milk") },
	} {
		t.Run(name, func(t *testing.T) {
			log := logged(t)
			synctest.Test(t, func(t *testing.T) {
				var handed atomic.Int32
				store, _, stop := listening(t, (*sqlite.Store).Queue, func(context.Context, replay.Slice) (replay.Next, error) {
					if handed.Add(1) == 1 {
						return replay.Done(), trouble()
					}
					return replay.Done(), nil
				})
				sendTo(t, store, queued(queuedJob, 1, 2)...)
				synctest.Wait()
				if handed.Load() != 1 {
					t.Errorf("handed over %d times at once", handed.Load())
				}
				<-time.After(replay.Lease)
				synctest.Wait()
				stop()
				if handed.Load() != 3 {
					t.Errorf("handed over %d times, want 3", handed.Load())
				}
			})
			if got := strings.Count(log.String(), "spilt milk"); got != 1 {
				t.Errorf("logged %d times:\n%s", got, log)
			}
			for _, part := range []string{"job=" + queuedJob, "org=org-1", "region=eu", "slice=0", "level=ERROR"} {
				if !strings.Contains(log.String(), part) {
					t.Errorf("the log does not say %s:\n%s", part, log)
				}
			}
		})
	}
}

func TestADeadLetterWakesItsListener(t *testing.T) {
	logged(t)
	synctest.Test(t, func(t *testing.T) {
		var buried tape[replay.Slice]
		store, path, stop := listening(t, (*sqlite.Store).DeadQueue, func(_ context.Context, s replay.Slice) (replay.Next, error) {
			buried.add(s)
			return replay.Done(), nil
		})
		slices := queued(queuedJob, 1, 1)
		sendTo(t, store, slices...)
		overwriteFirstBody(t, path, "?")
		synctest.Wait()
		begin := time.Now()
		pump(t, store.Queue(), replay.Done(), nil)
		synctest.Wait()
		if diff := cmp.Diff([]replay.Slice{{Fence: slices[0].Fence}}, buried.played()); diff != "" {
			t.Errorf("buried (-want +got):\n%s", diff)
		}
		if took := time.Since(begin); took != 0 {
			t.Errorf("it took %s", took)
		}
		stop()
	})
}

func TestWhatAnotherProcessSentIsNoticedInSeconds(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var taken tape[replay.Slice]
		_, path, stop := listening(t, (*sqlite.Store).Queue, func(_ context.Context, s replay.Slice) (replay.Next, error) {
			taken.add(s)
			return replay.Done(), nil
		})
		synctest.Wait()
		slices := queued(queuedJob, 1, 3)
		sendTo(t, queueFile(t, path, time.Now), slices...)
		<-time.After(5 * time.Second)
		synctest.Wait()
		if diff := cmp.Diff(slices, taken.played()); diff != "" {
			t.Errorf("handed over (-want +got):\n%s", diff)
		}
		stop()
	})
}

func TestAQueueThatCannotBeUsedIsTriedAgainWithoutHaste(t *testing.T) {
	log := logged(t)
	synctest.Test(t, func(t *testing.T) {
		store, _, stop := listening(t, (*sqlite.Store).Queue, nil)
		synctest.Wait()
		if err := store.Close(); err != nil {
			t.Fatal(err)
		}
		<-time.After(time.Minute)
		stop()
	})
	if got := strings.Count(log.String(), "\n"); got < 6 || got > 12 {
		t.Errorf("logged %d times in a minute:\n%s", got, log)
	}
}

// TestSendersAndListenersSideBySide has real goroutines, for the race detector.
func TestSendersAndListenersSideBySide(t *testing.T) {
	path := filepath.Join(t.TempDir(), "queue.db")
	store := queueFile(t, path, time.Now)
	const jobs, each = 8, 20
	var mu sync.Mutex
	got, all := map[string][]int{}, make(chan struct{})
	atWork, handled := map[string]bool{}, 0
	handle := func(_ context.Context, s replay.Slice) (replay.Next, error) {
		mu.Lock()
		defer mu.Unlock()
		group := fmt.Sprint(s.JobID, s.Lane)
		if atWork[group] {
			t.Errorf("two of %s at once", group)
		}
		atWork[group] = true
		mu.Unlock()
		mu.Lock()
		atWork[group] = false
		got[group] = append(got[group], s.N)
		if handled++; handled == jobs*each {
			close(all)
		}
		return replay.Done(), nil
	}
	ctx, stop := context.WithCancel(t.Context())
	var listeners, senders sync.WaitGroup
	for range 2 {
		listeners.Go(func() { _ = store.Queue().OnMessage(ctx, handle) })
	}
	for j := range jobs {
		senders.Go(func() {
			for _, s := range queued(fmt.Sprintf("job-%d-", j), 4, each) {
				if err := store.Queue().Send(ctx, 0, s); err != nil {
					t.Error(err)
				}
			}
		})
	}
	senders.Wait()
	<-all
	stop()
	listeners.Wait()
	for j := range jobs {
		for lane := range 4 {
			want := []int{lane, lane + 4, lane + 8, lane + 12, lane + 16}
			if diff := cmp.Diff(want, got[fmt.Sprint(fmt.Sprintf("job-%d-", j), lane)]); diff != "" {
				t.Errorf("job %d, lane %d (-want +got):\n%s", j, lane, diff)
			}
		}
	}
}
