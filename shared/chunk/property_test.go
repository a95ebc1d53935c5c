package chunk_test

import (
	"bytes"
	"fmt"
	"iter"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"reprise/shared/chunk"
	"reprise/shared/replay"
)

func TestTheBatchesAreTheWindowsLinesAfterTheCursorInOrderOnce(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		chunks, w, limit := drawChunks(t), drawWindow(t), drawLimit(t, "limit")
		from, write := drawCursor(t, chunks), drawWrite(t)
		want := written(t, rest(places(t, chunks), w, from), write)
		for _, b := range collect(t, chunk.Batches("job", w, from, limit, write, stored(chunks))) {
			n := int(b.Tally.Entries)
			if n < 1 || n > len(want) {
				t.Fatalf("a batch says %d lines where %d are left", n, len(want))
			}
			lines := gunzip(t, b.Body)
			if lines != text(want[:n]) {
				t.Fatalf("a batch of %d lines has others than the next", n)
			}
			if b.Tally != (replay.Tally{Batches: 1, Entries: int64(n), Bytes: int64(len(lines))}) || b.Last != want[n-1].cursor {
				t.Fatalf("a batch of %d lines, %d bytes, up to %v says %+v, %+v", n, len(lines), want[n-1].cursor, b.Tally, b.Last)
			}
			if !b.First.Equal(want[0].at) {
				t.Fatalf("a batch whose first line is of %v says %v", want[0].at, b.First)
			}
			if n < len(want) && len(lines)+len(want[n].line)+1 <= limit && write != nil {
				t.Fatalf("a batch of %d bytes has no room for %d more below %d", len(lines), len(want[n].line)+1, limit)
			}
			if len(lines) > limit && n > 1 {
				t.Fatalf("a batch of %d lines has %d bytes, more than %d", n, len(lines), limit)
			}
			want = want[n:]
		}
		if len(want) > 0 {
			t.Fatalf("%d lines were left out", len(want))
		}
	})
}

func TestAnyBatchIsAPlaceToGoOnFrom(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		chunks, w := drawChunks(t), drawWindow(t)
		limit, next := drawLimit(t, "limit"), drawLimit(t, "next limit")
		write, other := drawWrite(t), drawWrite(t)
		all := places(t, chunks)
		batches := collect(t, chunk.Batches("job", w, replay.Cursor{}, limit, write, stored(chunks)))
		if len(batches) == 0 {
			return
		}
		i := rapid.IntRange(0, len(batches)-1).Draw(t, "batch")
		last := batches[i].Last
		// A store yields from the cursor's chunk on.
		at := slices.IndexFunc(chunks, func(c chunk.Chunk) bool { return c.Key == last.Chunk })
		left := chunks[at:]
		var got strings.Builder
		for _, b := range collect(t, chunk.Batches("job", w, last, next, other, stored(left))) {
			got.WriteString(gunzip(t, b.Body))
		}
		if got.String() != text(written(t, rest(all, w, last), other)) {
			t.Fatalf("after batch %d, up to %v, others than its rest came", i, last)
		}
		again := collect(t, chunk.Batches("job", w, last, limit, write, stored(left)))
		for n, b := range batches[i+1:] {
			if n >= len(again) || again[n].ID != b.ID || !bytes.Equal(again[n].Body, b.Body) {
				t.Fatalf("after batch %d the batch %d is another when it is made again", i, i+1+n)
			}
		}
	})
}

func TestBatchesHaveTheSameIDExactlyIfTheyHaveTheSameContent(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		chunks := drawChunks(t)
		all := places(t, chunks)
		contents, ids := make(map[string]string), make(map[string]string)
		for range 4 {
			w, from := drawWindow(t), drawCursor(t, chunks)
			left := rest(all, w, from)
			for _, b := range collect(t, chunk.Batches("job", w, from, drawLimit(t, "limit"), drawWrite(t), stored(chunks))) {
				var content strings.Builder
				for _, p := range left[:b.Tally.Entries] {
					fmt.Fprintln(&content, p.cursor)
				}
				left = left[b.Tally.Entries:]
				if other, ok := contents[b.ID]; ok && other != content.String() {
					t.Fatalf("%s names two contents:\n%s\n%s", b.ID, other, content.String())
				}
				if other, ok := ids[content.String()]; ok && other != b.ID {
					t.Fatalf("%s and %s name one content:\n%s", b.ID, other, content.String())
				}
				contents[b.ID], ids[content.String()] = content.String(), b.ID
			}
		}
	})
}

func TestABodyStaysUntouchedUntilTheBatchAfterTheNextIsAskedFor(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		chunks, w := drawChunks(t), drawWindow(t)
		next, stop := iter.Pull2(chunk.Batches("job", w, replay.Cursor{}, drawLimit(t, "limit"), drawWrite(t), stored(chunks)))
		defer stop()
		var body, want []byte
		for b, err, ok := next(); ok; b, err, ok = next() {
			if err != nil {
				t.Fatal(err)
			}
			if !bytes.Equal(body, want) {
				t.Fatal("building a batch changed the one before")
			}
			body, want = b.Body, bytes.Clone(b.Body)
		}
		if !bytes.Equal(body, want) {
			t.Fatal("ending the sequence changed the last batch")
		}
	})
}
