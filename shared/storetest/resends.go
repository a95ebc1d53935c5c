package storetest

import (
	"errors"
	"sync"
	"testing"

	"reprise/shared/replay"
)

// resendGuarantees: the sweep takes a slice from whoever holds it, over the very row it read (DESIGN.md §3, §7).
func resendGuarantees() []guarantee {
	return []guarantee{
		{"a resend of a slice without a row makes its row", aResendWithoutARow},
		{"a resend takes the next Seq and generation and keeps the rest", aResendKeepsTheRest},
		{"a resend over another Seq than was read conflicts and changes nothing", aResendOverAnotherSeq},
		{"a resend of a done slice conflicts and changes nothing", aResendOfADoneSlice},
		{"of two sweeps one sends", ofTwoSweepsOneSends},
		{"after a resend whoever held the slice loses its advance", theHolderLosesItsAdvance},
		{"a try after a resend goes on from there", aTryAfterAResend},
		{"of sweeps that race one sends", sweepsRace},
	}
}

func aResendWithoutARow(t *testing.T, b *bench) {
	for _, n := range []int{0, 10} {
		s := b.recorded(t, replay.MaxSlices).Slices[n]
		unread := replay.Progress{N: n}
		want := unread.Resend(b.clock.tick())
		generation, err := b.Resend(t.Context(), s, unread)
		expect(t, "Resend", err, nil)
		same(t, "the generation", generation, 1)
		b.row(t, "the row", s.Fence, want)
	}
}

func aResendKeepsTheRest(t *testing.T, b *bench) {
	s, p := b.tried(t)
	now := b.clock.tick()
	p = replay.Progress{
		N: p.N, Seq: p.Seq + 1, Cursor: cursorAt(7, 3), Starts: 2, Attempts: 4, Since: now, Due: now, Limit: 4096, Tally: someTally(),
	}
	expect(t, "Advance", b.Advance(t.Context(), s, p), nil)
	for want := 1; want <= 3; want++ {
		p = p.Resend(b.clock.tick())
		read := b.progress(t, s.Fence)[0]
		generation, err := b.Resend(t.Context(), s, read)
		expect(t, "Resend", err, nil)
		same(t, "the generation", generation, want)
		b.row(t, "the row", s.Fence, p)
	}
}

func aResendOverAnotherSeq(t *testing.T, b *bench) {
	s, p := b.tried(t)
	p = p.Step(cursorAt(1, 1), replay.Tally{Batches: 1, Entries: 10, Bytes: 100}, b.clock.tick())
	expect(t, "Advance", b.Advance(t.Context(), s, p), nil)
	for _, seq := range []int{0, p.Seq - 1, p.Seq + 1, p.Seq + 100} {
		b.clock.tick()
		read := p
		read.Seq = seq
		if seq == 0 {
			read = replay.Progress{N: s.N} // a sweep that read before the first try
		}
		_, err := b.Resend(t.Context(), s, read)
		expect(t, "Resend over another Seq", err, replay.ErrConflict)
		b.row(t, "the row", s.Fence, p)
	}
	untouched := b.recorded(t, 1).Slices[0]
	_, err := b.Resend(t.Context(), untouched, replay.Progress{N: 0, Seq: 1})
	expect(t, "Resend over a row that is not there", err, replay.ErrConflict)
	same(t, "the rows", b.progress(t, untouched.Fence), nil)
}

func aResendOfADoneSlice(t *testing.T, b *bench) {
	s, p := b.ended(t)
	before := p
	before.Seq, before.Done = p.Seq-1, false // as a sweep read it just before the end
	for _, read := range []replay.Progress{before, p} {
		b.clock.tick()
		_, err := b.Resend(t.Context(), s, read)
		expect(t, "Resend of a done slice", err, replay.ErrConflict)
		b.row(t, "the done slice's row", s.Fence, p)
	}
}

func ofTwoSweepsOneSends(t *testing.T, b *bench) {
	tried, p := b.tried(t)
	untouched := b.recorded(t, 1).Slices[0]
	for s, read := range map[replay.Slice]replay.Progress{tried: p, untouched: {N: 0}} {
		want := read.Resend(b.clock.tick())
		_, err := b.Resend(t.Context(), s, read)
		expect(t, "the first sweep's Resend", err, nil)
		_, err = b.Resend(t.Context(), s, read) // within the same millisecond: it would write the very same row
		expect(t, "the second sweep's Resend", err, replay.ErrConflict)
		b.row(t, "the row", s.Fence, want)
	}
}

func theHolderLosesItsAdvance(t *testing.T, b *bench) {
	s, holder := b.tried(t)
	want := holder.Resend(b.clock.tick())
	_, err := b.Resend(t.Context(), s, holder)
	expect(t, "Resend", err, nil)
	for _, late := range []replay.Progress{holder.Step(cursorAt(1, 1), someTally(), b.clock.tick()), holder.End(b.clock.tick())} {
		expect(t, "the holder's Advance", b.Advance(t.Context(), s, late), replay.ErrConflict)
		b.row(t, "the row", s.Fence, want)
	}
}

func aTryAfterAResend(t *testing.T, b *bench) {
	s := b.recorded(t, 1).Slices[0]
	want := replay.Progress{N: s.N}.Resend(b.clock.tick())
	_, err := b.Resend(t.Context(), s, replay.Progress{N: s.N})
	expect(t, "Resend", err, nil)
	want = want.Start(b.clock.tick())
	p, err := b.Try(t.Context(), s)
	expect(t, "Try", err, nil)
	same(t, "what Try returns", p, want)
	want = want.Step(cursorAt(1, 1), someTally(), b.clock.tick())
	expect(t, "Advance", b.Advance(t.Context(), s, want), nil)
	b.row(t, "the row", s.Fence, want)
}

func sweepsRace(t *testing.T, b *bench) {
	for range 3 {
		tried, p := b.tried(t)
		untouched := b.recorded(t, 1).Slices[0]
		for s, read := range map[replay.Slice]replay.Progress{tried: p, untouched: {N: 0}} {
			errs := together(16, func(int) error {
				_, err := b.Resend(t.Context(), s, read)
				return err
			})
			won, _ := outcomes(t, "Resend", errs)
			same(t, "sweeps that send", won, 1)
			same(t, "the generation", b.progress(t, s.Fence)[0].Generation, 1)
		}
	}
}

func triesRace(t *testing.T, b *bench) {
	s := b.recorded(t, 1).Slices[0]
	const holders = 16
	var got [holders]replay.Progress
	for _, err := range together(holders, func(i int) (err error) {
		got[i], err = b.Try(t.Context(), s)
		return err
	}) {
		expect(t, "Try", err, nil)
	}
	seen := make(map[int]bool)
	for _, p := range got {
		if p.Seq < 1 || p.Seq > holders || seen[p.Seq] || p.Starts != p.Seq {
			t.Fatalf("tries share a Seq, or one was not counted: %+v", got)
		}
		seen[p.Seq] = true
	}
	same(t, "tries in the row", b.progress(t, s.Fence)[0].Starts, holders)
}

func advancesRace(t *testing.T, b *bench) {
	for range 3 {
		s, p := b.tried(t)
		now := b.clock.tick()
		errs := together(16, func(i int) error {
			return b.Advance(t.Context(), s, p.Step(cursorAt(i, i), replay.Tally{Batches: 1, Entries: int64(i)}, now))
		})
		won, _ := outcomes(t, "Advance", errs)
		same(t, "advances that were made", won, 1)
		for i, err := range errs {
			if err == nil {
				b.row(t, "the row", s.Fence, p.Step(cursorAt(i, i), replay.Tally{Batches: 1, Entries: int64(i)}, now))
			}
		}
	}
}

// theTallyNeverGoesBack lets many take the slice from each other while somebody watches, as GET does.
func theTallyNeverGoesBack(t *testing.T, b *bench) {
	s := b.recorded(t, 1).Slices[0]
	now := stamp(b.clock.Now())
	var mu sync.Mutex
	made := int64(0)
	work := func() error {
		for range 12 {
			p, err := b.Try(t.Context(), s)
			if err != nil {
				return err
			}
			err = b.Advance(t.Context(), s, p.Step(cursorAt(1, p.Seq), replay.Tally{Batches: 1, Entries: 2, Bytes: 3}, now))
			if err == nil {
				mu.Lock()
				made++
				mu.Unlock()
			} else if !errors.Is(err, replay.ErrConflict) {
				return err
			}
		}
		return nil
	}
	watch := func() error {
		var last replay.Tally
		for range 60 {
			all, err := b.Progress(t.Context(), s.Fence)
			if err != nil {
				return err
			}
			now := replay.Sum(all)
			if now.Batches < last.Batches || now.Entries != 2*now.Batches || now.Bytes != 3*now.Batches {
				t.Errorf("the tally went from %+v to %+v", last, now)
			}
			last = now
		}
		return nil
	}
	for _, err := range together(16, func(i int) error {
		if i == 0 {
			return watch()
		}
		return work()
	}) {
		expect(t, "a worker", err, nil)
	}
	same(t, "batches in the row, of those acknowledged", b.progress(t, s.Fence)[0].Tally, replay.Tally{Batches: made, Entries: 2 * made, Bytes: 3 * made})
}
