package simtest_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"reprise/shared/chunk"
	"reprise/shared/replay"
	"reprise/shared/simtest"
)

// nth is a chunk of the nth second of the window.
func nth(n int, id string) chunk.Chunk {
	at := window().From.Add(time.Duration(n) * time.Second)
	return chunk.Chunk{Key: fmt.Sprintf("%013d-%s", at.UnixMilli(), id), First: at, Last: at, Entries: 1, Deflate: []byte(fmt.Sprint(n, id))}
}

func kept(t *testing.T, chunks ...chunk.Chunk) *simtest.Store {
	t.Helper()
	s := simtest.NewTables().As(noon, numbers())
	if err := s.KeepChunks(t.Context(), here(), chunks); err != nil {
		t.Fatal(err)
	}
	return s
}

func tenSeconds() (all []chunk.Chunk) {
	for n := range 10 {
		all = append(all, nth(n, "a"))
	}
	return all
}

func TestAChunkThatComesLateIsYieldedIfItsPageWasNotRead(t *testing.T) {
	s, pages, got := kept(t, tenSeconds()...), 0, []string(nil)
	paged := s.OnPage(func(ctx context.Context) error {
		if pages++; pages == 2 { // chunks 0 to 3 were read
			return s.KeepChunks(ctx, here(), []chunk.Chunk{nth(2, "late"), nth(3, "late"), nth(8, "late")})
		}
		return nil
	})
	for c, err := range paged.Chunks(t.Context(), here(), window(), replay.Cursor{}) {
		if err != nil {
			t.Fatal(err)
		}
		got = append(got, string(c.Deflate))
	}
	want := []string{"0a", "1a", "2a", "3a", "3late", "4a", "5a", "6a", "7a", "8a", "8late", "9a"}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	if pages != 4 { // four, four, four, none
		t.Errorf("%d pages were read", pages)
	}
}

func TestWhoeverHoldsOnToAChunksBytesFindsThemSpoilt(t *testing.T) {
	var held [][]byte
	for c, err := range kept(t, tenSeconds()...).Chunks(t.Context(), here(), window(), replay.Cursor{}) {
		if err != nil {
			t.Fatal(err)
		}
		if want := nth(len(held), "a").Deflate; !bytes.Equal(c.Deflate, want) {
			t.Errorf("got %q, want %q", c.Deflate, want)
		}
		held = append(held, c.Deflate)
	}
	for n, b := range held {
		if bytes.Equal(b, nth(n, "a").Deflate) {
			t.Errorf("chunk %d can still be read", n)
		}
	}
}

func TestAnErrorBeforeAPageEndsTheSequence(t *testing.T) {
	broken, pages, got := errors.New("broken"), 0, 0
	s := kept(t, tenSeconds()...).OnPage(func(context.Context) error {
		if pages++; pages == 2 {
			return broken
		}
		return nil
	})
	var last error
	for _, err := range s.Chunks(t.Context(), here(), window(), replay.Cursor{}) {
		if last = err; err == nil {
			got++
		}
	}
	if !errors.Is(last, broken) || got != 4 {
		t.Errorf("%d chunks came, then %v", got, last)
	}
}

func TestTheStreamIsEveryJobAsItWasAccepted(t *testing.T) {
	tables := simtest.NewTables()
	s, ctx := tables.As(noon, numbers()), t.Context()
	one, two := first(), first()
	two.JobID = "job-2"
	for _, step := range []func() error{
		func() error { return s.Accept(ctx, one) },
		func() error { return s.Pend(ctx, one.Fence) },
		func() error { return s.Accept(ctx, two) },
		func() error { return s.Accept(ctx, one) }, // a repetition
	} {
		if err := step(); err != nil {
			t.Fatal(err)
		}
	}
	if diff := cmp.Diff([]replay.Job{one, two}, tables.Accepted()); diff != "" {
		t.Error(diff)
	}
}

func TestOfAQueueTheHeadsAreVisibleOrToldWhenTheyWillBe(t *testing.T) {
	c := newClock()
	q, ctx := simtest.NewQueue(c.Now), t.Context()
	other := slice(1)
	other.Lane = 1
	if err := q.Send(ctx, 0, slice(0), slice(2), other); err != nil {
		t.Fatal(err)
	}
	if _, hidden := q.NextVisible(); hidden {
		t.Error("nothing is hidden")
	}
	heads := q.Visible()
	if len(heads) != 2 || heads[0].Slice != slice(0) || heads[1].Slice != other {
		t.Fatalf("the heads are %+v", heads)
	}
	held, ok := q.Receive(heads[0])
	if _, twice := q.Receive(heads[0]); !ok || twice || held.Receives != 1 {
		t.Errorf("received: %t, %d times; a second time: %t", ok, held.Receives, twice)
	}
	if at, hidden := q.NextVisible(); !hidden || !at.Equal(c.Now().Add(replay.Lease)) || len(q.Visible()) != 1 {
		t.Errorf("the next is visible at %v (%t)", at, hidden)
	}
	q.Show(held, time.Second)
	q.Delete(held) // a receipt is good for one answer
	if at, hidden := q.NextVisible(); !hidden || !at.Equal(c.Now().Add(time.Second)) || q.Len() != 3 {
		t.Errorf("the next is visible at %v (%t), %d are there", at, hidden, q.Len())
	}
}

func TestADeadLetterStaysUntilItIsTakenAway(t *testing.T) {
	c := newClock()
	q := simtest.NewQueue(c.Now)
	if err := q.Send(t.Context(), 0, slice(0), slice(2)); err != nil {
		t.Fatal(err)
	}
	for range replay.MaxReceives {
		if m, ok := q.Receive(q.Visible()[0]); !ok || m.Slice != slice(0) {
			t.Fatalf("%+v, %t", m, ok)
		}
		c.Pass(replay.Lease)
	}
	if m, ok := q.Receive(q.Visible()[0]); ok {
		t.Fatalf("%+v was received once more", m)
	}
	if dead := q.DeadLetters(); len(dead) != 1 || dead[0] != slice(0) || q.Len() != 1 {
		t.Fatalf("the dead letters are %+v, %d messages are left", dead, q.Len())
	}
	if heads := q.Visible(); len(heads) != 1 || heads[0].Slice != slice(2) {
		t.Errorf("the heads are %+v", heads)
	}
	if q.RemoveDead(0); len(q.DeadLetters()) != 0 {
		t.Error("the dead letter is still there")
	}
}
