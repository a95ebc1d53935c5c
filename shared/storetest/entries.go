package storetest

import (
	"bytes"
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"iter"
	"slices"
	"testing"
	"time"

	"reprise/shared/chunk"
	"reprise/shared/replay"
)

// entryGuarantees: what was kept comes back, all of it, in order of key (DESIGN.md §4).
func entryGuarantees() []guarantee {
	return []guarantee{
		{"an empty archive yields nothing", anEmptyArchive},
		{"kept chunks come back equal, in order of key", keptChunksComeBack},
		{"keeping nothing is no error", keepingNothing},
		{"a kept chunk is left as it is", aKeptChunkIsLeft},
		{"keeping some that are there keeps the others", keepingSomeAgain},
		{"chunks' bytes are not held on to", bytesAreNotHeldOnTo},
		{"the largest chunks come back, more than a page of them", theLargestChunks},
		{"hundreds of chunks come back in order", hundredsOfChunks},
		{"the archives of two scopes never touch", archivesOfTwoScopes},
		{"whoever reads chunks may write", whoeverReadsMayWrite},
		{"readers at once are each shown their own", readersAtOnce},
		{"whoever stops reading chunks is in nobody's way", stoppingToRead},
		{"a reader whose context ends gets an error, never a short answer", aReaderWhoseContextEnds},
		{"chunks beyond retention are still yielded", chunksBeyondRetention},
	}
}

// chunkAt is a chunk whose first entry happened at a time; its bytes are no DEFLATE, only so many that tell it apart.
func chunkAt(at time.Time, id, size int) chunk.Chunk {
	c := chunk.Chunk{
		Key:   fmt.Sprintf("%013d-%032x", at.UnixMilli(), id),
		First: at, Last: at.Truncate(time.Minute).Add(time.Minute - time.Millisecond),
		Entries: 1 + id, Bytes: 3*size + id, CRC: 0xffffffff - uint32(id),
		Checksum: 1<<31 + uint32(id), // a store gives back what it was given
		Deflate:  make([]byte, size),
	}
	for i := range c.Deflate {
		c.Deflate[i] = byte(i*7 + i>>8 + id) // every byte there is, zero too
	}
	return c
}

// noon is the day of the entries' tests.
func noon() time.Time { return time.Date(2040, time.March, 1, 12, 0, 0, 0, time.UTC) }

// around is a window wide enough for every chunk of a test.
func around() replay.Window {
	return replay.Window{From: noon().Add(-24 * time.Hour), To: noon().Add(24 * time.Hour)}
}

// keep stores the chunks and then overwrites their bytes, as intake's reused buffers do; it returns what was stored.
func (b *bench) keep(t *testing.T, at replay.Scope, chunks ...chunk.Chunk) []chunk.Chunk {
	t.Helper()
	kept := slices.Clone(chunks)
	for i := range kept {
		kept[i].Deflate = bytes.Clone(kept[i].Deflate)
	}
	expect(t, "KeepChunks", b.KeepChunks(t.Context(), at, chunks), nil)
	for _, c := range chunks {
		for i := range c.Deflate {
			c.Deflate[i] = 0xaa
		}
	}
	return kept
}

// bounded ends a sequence with an error where it does not end by itself.
func bounded(seq iter.Seq2[chunk.Chunk, error]) iter.Seq2[chunk.Chunk, error] {
	const enough = 2000 // more than any test keeps
	return func(yield func(chunk.Chunk, error) bool) {
		n := 0
		for c, err := range seq {
			if n++; n > enough {
				yield(chunk.Chunk{}, errors.New("it yields for ever"))
				return
			}
			if !yield(c, err) {
				return
			}
		}
	}
}

// drain copies what a reader is shown: a chunk's bytes need only be valid until the next is asked for.
func drain(t *testing.T, seq iter.Seq2[chunk.Chunk, error]) []chunk.Chunk {
	t.Helper()
	var all []chunk.Chunk
	for c, err := range bounded(seq) {
		expect(t, "Chunks", err, nil)
		c.Deflate = bytes.Clone(c.Deflate)
		all = append(all, c)
	}
	return all
}

// yields checks everything that the scope has in a window.
func (b *bench) yields(t *testing.T, what string, at replay.Scope, w replay.Window, want ...chunk.Chunk) {
	t.Helper()
	got := drain(t, b.Chunks(t.Context(), at, w, replay.Cursor{}))
	same(t, what+": the keys", keysOf(got), keysOf(want))
	same(t, what, digested(got), digested(want))
}

// digested has a digest of each chunk's bytes in their place: as certain to differ, and a difference that can be read.
func digested(chunks []chunk.Chunk) []chunk.Chunk {
	all := slices.Clone(chunks)
	for i, c := range all {
		all[i].Deflate = fmt.Appendf(nil, "%d bytes, %x", len(c.Deflate), sha256.Sum256(c.Deflate))
	}
	return all
}

func keysOf(chunks []chunk.Chunk) []string {
	var keys []string
	for _, c := range chunks {
		keys = append(keys, c.Key)
	}
	return keys
}

func anEmptyArchive(t *testing.T, b *bench) {
	b.yields(t, "an empty archive", b.scope(), around())
}

func keptChunksComeBack(t *testing.T, b *bench) {
	at := b.scope()
	want := b.keep(t, at,
		chunkAt(noon().Add(-time.Millisecond), 9, 1000),
		chunkAt(noon(), 3, 2000),
		chunkAt(noon(), 4, 1),
		chunkAt(noon().Add(time.Millisecond), 1, 3000),
		chunkAt(noon().Add(time.Minute), 0, 500))
	b.yields(t, "kept in order", at, around(), want...)
	got := drain(t, b.Chunks(t.Context(), at, around(), replay.Cursor{}))
	for _, c := range got {
		plain(t, "a chunk", c.First, c.Last)
	}
	backwards := b.scope()
	slices.Reverse(want)
	for _, c := range want {
		b.keep(t, backwards, c)
	}
	slices.Reverse(want)
	b.yields(t, "kept last first", backwards, around(), got...)
}

func keepingNothing(t *testing.T, b *bench) {
	at := b.scope()
	b.keep(t, at)
	b.yields(t, "nothing", at, around())
}

// aKeptChunkIsLeft: the same body sent again may be signed with another key; a cursor counts the lines that were stored first.
func aKeptChunkIsLeft(t *testing.T, b *bench) {
	at := b.scope()
	want := b.keep(t, at, chunkAt(noon(), 1, 1000))
	other := chunkAt(noon(), 2, 500)
	other.Key = want[0].Key
	for range 2 {
		b.keep(t, at, other)
		b.yields(t, "kept twice", at, around(), want...)
	}
}

func keepingSomeAgain(t *testing.T, b *bench) {
	at := b.scope()
	second := b.keep(t, at, chunkAt(noon().Add(time.Second), 2, 1000))
	changed := chunkAt(noon().Add(time.Second), 2, 900)
	first, third := chunkAt(noon(), 1, 1000), chunkAt(noon().Add(2*time.Second), 3, 1000)
	kept := b.keep(t, at, first, changed, third)
	b.yields(t, "the one that was there among new ones", at, around(), kept[0], second[0], kept[2])
}

func bytesAreNotHeldOnTo(t *testing.T, b *bench) {
	at := b.scope()
	buffer := chunkAt(noon(), 1, 2000)
	want := b.keep(t, at, buffer)
	next := chunkAt(noon().Add(time.Second), 2, 2000)
	copy(buffer.Deflate, next.Deflate)
	next.Deflate = buffer.Deflate // the same memory again
	want = append(want, b.keep(t, at, next)...)
	b.yields(t, "written from one buffer", at, around(), want...)
}

// theLargestChunks are 256 KiB that end in an entry of 128 KiB, where nothing compresses (DESIGN.md §4).
func theLargestChunks(t *testing.T, b *bench) {
	at := b.scope()
	var all []chunk.Chunk
	for i := range 6 {
		all = append(all, chunkAt(noon().Add(time.Duration(i)*time.Second), i, (384<<10)+200))
	}
	b.yields(t, "the largest", at, around(), b.keep(t, at, all...)...)
}

func hundredsOfChunks(t *testing.T, b *bench) {
	at := b.scope()
	const n, parts = 420, 3
	var want []chunk.Chunk
	for part := range parts { // each part fills the others' gaps, last minutes first
		var some []chunk.Chunk
		for i := n - 1 - part; i >= 0; i -= parts {
			some = append(some, chunkAt(noon().Add(time.Duration(i)*37*time.Second), i, 300))
		}
		want = append(want, b.keep(t, at, some...)...)
	}
	slices.SortFunc(want, func(c, d chunk.Chunk) int { return c.First.Compare(d.First) })
	b.yields(t, "all of them", at, around(), want...)
	for _, i := range []int{0, 1, 15, 16, 17, 63, 64, 99, 100, 101, 255, 256, n - 1} {
		got := drain(t, b.Chunks(t.Context(), at, around(), replay.Cursor{Chunk: want[i].Key, Line: 1}))
		same(t, fmt.Sprintf("the keys from the cursor in chunk %d", i), keysOf(got), keysOf(want[i:]))
	}
}

func archivesOfTwoScopes(t *testing.T, b *bench) {
	org := b.scope().Org
	kept := make(map[replay.Scope][]chunk.Chunk)
	scopes := []replay.Scope{
		{Org: org, Region: "eu"}, {Org: org, Region: "eu-2"}, {Org: org, Region: "us"}, {Org: org + "2", Region: "eu"}, {Org: b.scope().Org, Region: "eu"},
	}
	for i, at := range scopes {
		mine, own := chunkAt(noon(), 1, 100+i), chunkAt(noon().Add(time.Duration(i)*time.Second), 2, 100)
		kept[at] = b.keep(t, at, mine, own)
	}
	for at, want := range kept {
		b.yields(t, at.Region, at, around(), want...)
	}
	b.yields(t, "a scope without any", replay.Scope{Org: org, Region: "au"}, around())
}

// whoeverReadsMayWrite does between two chunks what delivery does.
func whoeverReadsMayWrite(t *testing.T, b *bench) {
	s, p := b.tried(t)
	var all []chunk.Chunk
	for i := range 40 {
		all = append(all, chunkAt(noon().Add(time.Duration(i)*time.Second), i, 100))
	}
	want := keysOf(b.keep(t, s.Scope, all...))
	var got []string
	for c, err := range bounded(b.Chunks(t.Context(), s.Scope, around(), replay.Cursor{})) {
		expect(t, "Chunks", err, nil)
		got = append(got, c.Key)
		same(t, "the job read meanwhile", b.job(t, s.Scope).JobID, s.JobID)
		p = p.Step(replay.Cursor{Chunk: c.Key, Line: 1}, replay.Tally{Batches: 1}, b.clock.tick())
		expect(t, "Advance meanwhile", b.Advance(t.Context(), s, p), nil)
	}
	same(t, "the keys", got, want)
}

// readersAtOnce: the lanes of a job read side by side; what one is shown must lie in no other's memory.
func readersAtOnce(t *testing.T, b *bench) {
	const readers = 8
	var scopes [readers]replay.Scope
	var want, got [readers][]chunk.Chunk
	for r := range scopes {
		scopes[r] = b.scope()
		var all []chunk.Chunk
		for i := range 20 {
			all = append(all, chunkAt(noon().Add(time.Duration(i)*time.Second), 100*r+i, 20<<10+r))
		}
		want[r] = b.keep(t, scopes[r], all...)
	}
	for _, err := range together(readers, func(r int) error {
		for c, err := range bounded(b.Chunks(t.Context(), scopes[r], around(), replay.Cursor{})) {
			if err != nil {
				return err
			}
			c.Deflate = bytes.Clone(c.Deflate)
			got[r] = append(got[r], c)
		}
		return nil
	}) {
		expect(t, "Chunks", err, nil)
	}
	for r := range scopes {
		same(t, fmt.Sprintf("what reader %d was shown", r), digested(got[r]), digested(want[r]))
	}
}

func stoppingToRead(t *testing.T, b *bench) {
	at := b.scope()
	var all []chunk.Chunk
	for i := range 40 {
		all = append(all, chunkAt(noon().Add(time.Duration(i)*time.Second), i, 100))
	}
	want := b.keep(t, at, all...)
	for i := range 100 { // more often than a store has connections
		n := 0
		for _, err := range b.Chunks(t.Context(), at, around(), replay.Cursor{}) {
			expect(t, "Chunks", err, nil)
			if n++; n > i%20 {
				break
			}
		}
	}
	b.keep(t, at, chunkAt(noon().Add(-time.Minute), 99, 100))
	got := drain(t, b.Chunks(t.Context(), at, around(), replay.Cursor{}))
	same(t, "the keys afterwards", keysOf(got[1:]), keysOf(want))
}

// aReaderWhoseContextEnds: a sequence that just stopped would end its slice, with entries that were never sent.
func aReaderWhoseContextEnds(t *testing.T, b *bench) {
	at := b.scope()
	var all []chunk.Chunk
	for i := range 300 {
		all = append(all, chunkAt(noon().Add(time.Duration(i)*time.Second), i, 100))
	}
	b.keep(t, at, all...)
	for _, after := range []int{0, 1, 150} {
		ctx, cancel := context.WithCancel(t.Context())
		if after == 0 {
			cancel()
		}
		n, failed := 0, false
		for _, err := range bounded(b.Chunks(ctx, at, around(), replay.Cursor{})) {
			if failed = err != nil; failed {
				break
			}
			if n++; n == after {
				cancel()
			}
		}
		if n < len(all) && !failed {
			t.Errorf("cancelled after %d chunks, the reader got %d of %d with no error", after, n, len(all))
		}
		cancel()
	}
}

// chunksBeyondRetention: a job of seven days, a day old, still finds all of its entries; what may be asked for is PUT's rule.
func chunksBeyondRetention(t *testing.T, b *bench) {
	at := b.scope()
	old := stamp(b.clock.Now()).Add(-replay.Retention - replay.MaxAge)
	want := b.keep(t, at, chunkAt(old, 1, 100), chunkAt(stamp(b.clock.Now()).Add(5*time.Minute), 2, 100))
	b.yields(t, "old ones and ones ahead", at, replay.Window{From: old, To: old.Add(9 * 24 * time.Hour)}, want...)
}
