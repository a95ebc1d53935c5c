package sqlite_test

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"reprise/shared/chunk"
	"reprise/shared/replay"
	"reprise/shared/sqlite"
)

// chunkAt is a chunk that says of itself what it is; nothing here decodes it.
func chunkAt(at time.Time, n, size int) chunk.Chunk {
	body := make([]byte, size)
	for i := range body {
		body[i] = byte(n + i)
	}
	return chunk.Chunk{
		Key: fmt.Sprintf("%013d-%06d", at.UnixMilli(), n), First: at, Last: at.Add(time.Millisecond),
		Entries: n + 1, Bytes: 3 * size, CRC: 1<<31 + uint32(n), Checksum: 1<<31 - uint32(n), Deflate: body,
	}
}

func keys(t *testing.T, s *sqlite.Store, at replay.Scope, w replay.Window) []string {
	t.Helper()
	var got []string
	for c, err := range s.Chunks(t.Context(), at, w, replay.Cursor{}) {
		if err != nil {
			t.Fatal(err)
		}
		got = append(got, c.Key)
	}
	return got
}

func TestEntriesAndCountsExpireAfterNineDays(t *testing.T) {
	now := noon()
	s := emptyStore(t, func() time.Time { return now })
	at := replay.Scope{Org: "acme", Region: "eu"}
	var old []chunk.Chunk
	for i := range 450 { // more than two steps
		old = append(old, chunkAt(noon(), i, 10))
	}
	young := chunkAt(noon().Add(time.Hour), 0, 10)
	hours := []replay.Count{{Hour: noon(), Entries: 450, Bytes: 1}, {Hour: noon().Add(time.Hour), Entries: 1, Bytes: 2}}
	if err := errors.Join(s.AddCounts(t.Context(), at, hours), s.KeepChunks(t.Context(), at, append(old, young))); err != nil {
		t.Fatal(err)
	}
	w := replay.Window{From: noon(), To: noon().Add(2 * time.Hour)}
	for _, story := range []struct {
		name         string
		after        time.Duration
		chunks, left int
	}{
		{"just before", 9 * 24 * time.Hour, 451, 2},
		{"just after", 9*24*time.Hour + time.Minute, 1, 1},
		{"much later", 10 * 24 * time.Hour, 0, 0},
	} {
		now = noon().Add(story.after)
		if err := s.Expire(t.Context()); err != nil {
			t.Fatal(err)
		}
		counts, err := s.CountsIn(t.Context(), at, w)
		if got := keys(t, s, at, w); len(got) != story.chunks || len(counts) != story.left || err != nil {
			t.Errorf("%s: %d chunks and %d counts are left, %v", story.name, len(got), len(counts), err)
		}
	}
}

func TestPlansAndSlicesExpireAfterThirtyDaysAndJobsNever(t *testing.T) {
	now := noon()
	s := emptyStore(t, func() time.Time { return now })
	job := someJob("acme", 1)
	slice := replay.Slice{Fence: job.Fence, Window: job.Window}
	accept(t, s, job)
	if _, err := s.RecordPlan(t.Context(), replay.Plan{Fence: job.Fence, Lanes: 1, Slices: []replay.Slice{slice}}); err != nil {
		t.Fatal(err)
	}
	if _, err := s.Try(t.Context(), slice); err != nil {
		t.Fatal(err)
	}
	for _, story := range []struct {
		after time.Duration
		gone  bool
	}{{30 * 24 * time.Hour, false}, {30*24*time.Hour + time.Second, true}} {
		now = noon().Add(story.after)
		if err := s.Expire(t.Context()); err != nil {
			t.Fatal(err)
		}
		_, err := s.Plan(t.Context(), job.Fence)
		rows, err2 := s.Progress(t.Context(), job.Fence)
		if gone := errors.Is(err, replay.ErrNotFound); gone != story.gone || (len(rows) == 0) != story.gone || err2 != nil {
			t.Errorf("after %v: plan %v, rows %v, %v", story.after, err, rows, err2)
		}
	}
	got, err := s.Job(t.Context(), job.Scope)
	if diff := cmp.Diff(job, got); diff != "" || err != nil {
		t.Error(err, diff)
	}
}

func TestAnAcceptedJobIsKnownForTenMinutesAfterItWasHandled(t *testing.T) {
	now := noon()
	s := emptyStore(t, func() time.Time { return now })
	first, second := someJob("acme", 1), someJob("acme", 2)
	accept(t, s, first)
	handed := 0
	count := func(context.Context, replay.Job) error { handed++; return nil }
	now = noon().Add(time.Hour) // it was not handled yet: it does not expire
	if err := errors.Join(s.Expire(t.Context()), s.PumpAccepted(t.Context(), count)); err != nil || handed != 1 {
		t.Fatal(err, handed)
	}
	accept(t, s, second)
	now = now.Add(10 * time.Minute)
	if err := s.Expire(t.Context()); err != nil {
		t.Fatal(err)
	}
	accept(t, s, first) // a repetition still
	if got, err := s.Job(t.Context(), first.Scope); err != nil || got.JobID != second.JobID {
		t.Errorf("the repetition of an old PUT won: %v, %v", got, err)
	}
	now = now.Add(time.Millisecond)
	if err := s.Expire(t.Context()); err != nil {
		t.Fatal(err)
	}
	accept(t, s, first) // nothing remembers it
	if got, err := s.Job(t.Context(), first.Scope); err != nil || got.JobID != first.JobID {
		t.Errorf("got %v, %v", got, err)
	}
}

// What Expire deletes must be what Send would take for forgotten: deleted earlier, a generation could be sent twice.
func TestExpiringForgetsNoSliceThatSendRemembers(t *testing.T) {
	slice := replay.Slice{Fence: someJob("acme", 1).Fence}
	for _, story := range []struct {
		name  string
		after time.Duration
		want  int // how often it is handed over in all
	}{
		{"just before five minutes", 5*time.Minute - time.Millisecond, 1},
		{"after five minutes", 5 * time.Minute, 1},
		{"just after five minutes", 5*time.Minute + time.Millisecond, 2},
	} {
		for _, expires := range []bool{false, true} {
			now, handed := noon(), 0
			s := emptyStore(t, func() time.Time { return now })
			send := func() error {
				return errors.Join(s.Queue().Send(t.Context(), 1, slice), s.Queue().Pump(t.Context(), func(context.Context, replay.Slice) (replay.Next, error) {
					handed++
					return replay.Done(), nil
				}))
			}
			err := send()
			now = noon().Add(story.after)
			if expires {
				err = errors.Join(err, s.Expire(t.Context()))
			}
			if err := errors.Join(err, send()); err != nil || handed != story.want {
				t.Errorf("%s, with Expire %v: handed over %d times, want %d, %v", story.name, expires, handed, story.want, err)
			}
		}
	}
}

func TestExpiringStopsWhenItIsTold(t *testing.T) {
	s := emptyStore(t, noon)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := s.Expire(ctx); !errors.Is(err, context.Canceled) {
		t.Errorf("got %v", err)
	}
}
