package storetest

import (
	"testing"
	"time"

	"reprise/shared/replay"
)

// sliceGuarantees: a slice's row only goes forward, by compare-and-swap over its Seq (DESIGN.md §3).
func sliceGuarantees() []guarantee {
	return []guarantee{
		{"a first try is counted and takes a Seq", aFirstTry},
		{"every further try is counted and takes the next Seq", everyFurtherTry},
		{"a try over recorded progress keeps it", aTryKeepsProgress},
		{"every field of a progress comes back", everyFieldComesBack},
		{"an advance over another Seq conflicts and changes nothing", anAdvanceOverAnotherSeq},
		{"an advance after somebody else's try conflicts", aZombiesAdvance},
		{"an advance made twice counts once", anAdvanceMadeTwice},
		{"an advance of a slice without a row conflicts", anAdvanceWithoutARow},
		{"a done slice is not advanced", aDoneSliceIsNotAdvanced},
		{"a try of a done slice changes nothing", aTryOfADoneSlice},
		{"there is one progress for each slice that was touched", oneProgressASlice},
		{"the slices of two jobs never touch", slicesOfTwoJobs},
		{"tries that race all take a Seq of their own", triesRace},
		{"of advances that race over one Seq one is made", advancesRace},
		{"the tally never goes back while many work on a slice", theTallyNeverGoesBack},
	}
}

// row checks that the job's one row is p.
func (b *bench) row(t *testing.T, what string, f replay.Fence, p replay.Progress) {
	t.Helper()
	same(t, what, b.progress(t, f), []replay.Progress{p})
}

// tried is a slice of a new job after its first try.
func (b *bench) tried(t *testing.T) (replay.Slice, replay.Progress) {
	t.Helper()
	s := b.recorded(t, 1).Slices[0]
	b.clock.tick()
	p, err := b.Try(t.Context(), s)
	expect(t, "Try", err, nil)
	return s, p
}

// ended is a slice that is done.
func (b *bench) ended(t *testing.T) (replay.Slice, replay.Progress) {
	t.Helper()
	s, p := b.tried(t)
	p = p.Step(cursorAt(3, 14), someTally(), b.clock.tick())
	expect(t, "Advance", b.Advance(t.Context(), s, p), nil)
	p = p.End(b.clock.tick())
	expect(t, "the last Advance", b.Advance(t.Context(), s, p), nil)
	return s, p
}

func aFirstTry(t *testing.T, b *bench) {
	for _, n := range []int{0, 1, 9, 10, replay.MaxSlices - 1} {
		s := sliceOf(b.recorded(t, replay.MaxSlices).Fence, n)
		want := replay.Progress{N: n}.Start(b.clock.tick())
		p, err := b.Try(t.Context(), s)
		expect(t, "Try", err, nil)
		same(t, "what Try returns", p, want)
		b.row(t, "the row, before any work was done", s.Fence, want)
		plain(t, "Due", p.Due)
	}
}

func everyFurtherTry(t *testing.T, b *bench) {
	s, want := b.tried(t)
	for range 3 {
		want = want.Start(b.clock.tick())
		p, err := b.Try(t.Context(), s)
		expect(t, "Try", err, nil)
		same(t, "what Try returns", p, want)
		b.row(t, "the row", s.Fence, want)
	}
}

func aTryKeepsProgress(t *testing.T, b *bench) {
	s, p := b.tried(t)
	for _, next := range []func(replay.Progress) replay.Progress{
		func(p replay.Progress) replay.Progress {
			return p.Step(cursorAt(3, 14), someTally(), b.clock.tick())
		},
		func(p replay.Progress) replay.Progress { return p.Halve(1<<20, b.clock.tick()) },
		func(p replay.Progress) replay.Progress { return p.Wait(time.Minute, b.clock.tick()) },
		func(p replay.Progress) replay.Progress { return p.Wait(time.Hour, b.clock.tick()) },
	} {
		p = next(p)
		expect(t, "Advance", b.Advance(t.Context(), s, p), nil)
		b.row(t, "the row after Advance", s.Fence, p)
		p = p.Start(b.clock.tick())
		got, err := b.Try(t.Context(), s)
		expect(t, "Try", err, nil)
		same(t, "what Try returns", got, p)
	}
}

func everyFieldComesBack(t *testing.T, b *bench) {
	s, p := b.tried(t)
	now := b.clock.tick()
	full := replay.Progress{
		N: p.N, Seq: p.Seq + 1, Cursor: cursorAt(7, 1<<20), Starts: 9, Attempts: 11,
		Since: now.Add(-time.Hour - time.Millisecond), Due: now.Add(time.Minute + time.Millisecond),
		Limit: 1<<20 - 1, Generation: 5, Tally: someTally(),
	}
	expect(t, "Advance", b.Advance(t.Context(), s, full), nil)
	b.row(t, "a row with every field", s.Fence, full)
	got := b.progress(t, s.Fence)[0]
	plain(t, "the row", got.Since, got.Due)

	back := replay.Progress{N: p.N, Seq: full.Seq + 1, Cursor: full.Cursor, Due: now, Tally: full.Tally, Done: true}
	expect(t, "Advance", b.Advance(t.Context(), s, back), nil)
	b.row(t, "a row whose fields went back to zero", s.Fence, back)
}

func anAdvanceOverAnotherSeq(t *testing.T, b *bench) {
	s, p := b.tried(t)
	p = p.Step(cursorAt(1, 1), replay.Tally{Batches: 1, Entries: 10, Bytes: 100}, b.clock.tick())
	expect(t, "Advance", b.Advance(t.Context(), s, p), nil)
	for _, seq := range []int{0, p.Seq - 1, p.Seq, p.Seq + 2, p.Seq + 100} {
		for _, done := range []bool{false, true} {
			q := p.Step(cursorAt(9, 9), someTally(), b.clock.tick())
			q.Seq, q.Done = seq, done
			expect(t, "Advance over another Seq", b.Advance(t.Context(), s, q), replay.ErrConflict)
			b.row(t, "the row", s.Fence, p)
		}
	}
}

// aZombiesAdvance: a holder that was thought dead comes back after another took the slice.
func aZombiesAdvance(t *testing.T, b *bench) {
	s, zombie := b.tried(t)
	b.clock.tick()
	holder, err := b.Try(t.Context(), s)
	expect(t, "Try", err, nil)
	for _, late := range []replay.Progress{
		zombie.Step(cursorAt(2, 2), someTally(), b.clock.tick()), zombie.Wait(time.Hour, b.clock.tick()), zombie.End(b.clock.tick()),
	} {
		expect(t, "the zombie's Advance", b.Advance(t.Context(), s, late), replay.ErrConflict)
		b.row(t, "the holder's row", s.Fence, holder)
	}
	holder = holder.Step(cursorAt(1, 1), replay.Tally{Batches: 1, Entries: 1, Bytes: 1}, b.clock.tick())
	expect(t, "the holder's Advance", b.Advance(t.Context(), s, holder), nil)
	b.row(t, "the holder's row", s.Fence, holder)
}

// anAdvanceMadeTwice: two callers with the same Seq in hand are two writes, even where both would write the same.
func anAdvanceMadeTwice(t *testing.T, b *bench) {
	s, p := b.tried(t)
	p = p.Step(cursorAt(1, 1), replay.Tally{Batches: 1, Entries: 10, Bytes: 100}, b.clock.tick())
	expect(t, "Advance", b.Advance(t.Context(), s, p), nil)
	b.clock.tick()
	expect(t, "the same Advance by another caller", b.Advance(t.Context(), s, p), replay.ErrConflict)
	b.row(t, "the row", s.Fence, p)
}

func anAdvanceWithoutARow(t *testing.T, b *bench) {
	s := b.recorded(t, 1).Slices[0]
	first := replay.Progress{N: s.N}
	for _, p := range []replay.Progress{first.Step(cursorAt(1, 1), someTally(), b.clock.tick()), first.End(b.clock.tick())} {
		for _, seq := range []int{0, 1, 2} {
			p.Seq = seq
			expect(t, "Advance of a slice that nobody tried", b.Advance(t.Context(), s, p), replay.ErrConflict)
			same(t, "the rows", b.progress(t, s.Fence), nil)
		}
	}
}

func aDoneSliceIsNotAdvanced(t *testing.T, b *bench) {
	s, p := b.ended(t)
	for _, q := range []replay.Progress{p.Step(cursorAt(9, 9), someTally(), b.clock.tick()), p.End(b.clock.tick())} {
		for _, done := range []bool{false, true} {
			q.Done = done
			expect(t, "Advance of a done slice", b.Advance(t.Context(), s, q), replay.ErrConflict)
			b.row(t, "the done slice's row", s.Fence, p)
		}
	}
}

func aTryOfADoneSlice(t *testing.T, b *bench) {
	s, want := b.ended(t)
	for range 2 {
		b.clock.tick()
		p, err := b.Try(t.Context(), s)
		expect(t, "Try", err, nil)
		same(t, "what Try returns", p, want)
		b.row(t, "the done slice's row", s.Fence, want)
	}
}

func oneProgressASlice(t *testing.T, b *bench) {
	plan := b.recorded(t, replay.MaxSlices)
	want := make(map[int]replay.Progress)
	check := func() {
		t.Helper()
		got := make(map[int]replay.Progress)
		all := b.progress(t, plan.Fence)
		for _, p := range all {
			got[p.N] = p
		}
		same(t, "the rows by slice", got, want)
		same(t, "how many rows there are", len(all), len(want))
	}
	check()
	for _, s := range plan.Slices[:replay.MaxSlices-1] { // the last stays untouched
		p, err := b.Try(t.Context(), s)
		expect(t, "Try", err, nil)
		want[s.N] = p
		check()
	}
	for _, n := range []int{30, 0, 10, 2} { // done ones stay
		want[n] = want[n].End(b.clock.tick())
		expect(t, "Advance", b.Advance(t.Context(), plan.Slices[n], want[n]), nil)
		check()
	}
}

func slicesOfTwoJobs(t *testing.T, b *bench) {
	at := b.scope()
	old, other := b.accepted(t, at), b.accepted(t, b.scope())
	job := b.accepted(t, at)
	for i, f := range []replay.Fence{old.Fence, job.Fence, other.Fence} {
		for range i + 1 {
			_, err := b.Try(t.Context(), sliceOf(f, 0))
			expect(t, "Try", err, nil)
		}
	}
	for i, f := range []replay.Fence{old.Fence, job.Fence, other.Fence} {
		all := b.progress(t, f)
		same(t, "rows of one job", len(all), 1)
		same(t, "tries of one job", all[0].Starts, i+1)
	}
}
