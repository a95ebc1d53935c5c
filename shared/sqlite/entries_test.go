package sqlite_test

import (
	"bytes"
	"errors"
	"iter"
	"reflect"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"reprise/shared/chunk"
	"reprise/shared/replay"
)

func TestChunksOfAnySizeComeBackAsTheyWereAcrossPages(t *testing.T) {
	s := emptyStore(t, noon)
	story := 0
	rapid.Check(t, func(t *rapid.T) {
		story++
		at := replay.Scope{Org: someJob("org", story).JobID, Region: "eu"}
		sizes := rapid.SliceOfN(rapid.IntRange(1, 50), 1, 140).Draw(t, "sizes") // more than a page has
		for range rapid.IntRange(0, 3).Draw(t, "large") {
			i := rapid.IntRange(0, len(sizes)-1).Draw(t, "place")
			sizes[i] = rapid.SampledFrom([]int{60_000, 130_000, 256 << 10, 300_000}).Draw(t, "size")
		}
		var all []chunk.Chunk
		for n, size := range sizes {
			all = append(all, chunkAt(noon().Add(time.Duration(n)*time.Second), n, size))
		}
		if err := s.KeepChunks(t.Context(), at, all); err != nil {
			t.Fatal(err)
		}
		from := rapid.IntRange(0, len(all)-1).Draw(t, "from")
		w := replay.Window{From: noon(), To: noon().Add(time.Hour)}
		want := all[from:]
		for c, err := range s.Chunks(t.Context(), at, w, replay.Cursor{Chunk: all[from].Key}) {
			if err != nil {
				t.Fatal(err)
			}
			if len(want) == 0 {
				t.Fatalf("one too many: %s", c.Key)
			}
			if !reflect.DeepEqual(want[0], c) { // cmp.Diff would take its time over so many bytes
				t.Fatalf("got chunk %s, which is not %s or is damaged", c.Key, want[0].Key)
			}
			want = want[1:]
		}
		if len(want) > 0 {
			t.Fatalf("%d are missing", len(want))
		}
	})
}

func TestAThousandChunksOfOneBodyAreAllKept(t *testing.T) {
	s := emptyStore(t, noon)
	at := replay.Scope{Org: "acme", Region: "eu"}
	var all []chunk.Chunk
	var want []string
	for n := range 1000 {
		c := chunkAt(noon().Add(time.Duration(n)*time.Minute), n, 5)
		all, want = append(all, c), append(want, c.Key)
	}
	if err := errors.Join(s.KeepChunks(t.Context(), at, all), s.KeepChunks(t.Context(), at, all[300:700])); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(want, keys(t, s, at, replay.Window{From: noon(), To: noon().Add(24 * time.Hour)})); diff != "" {
		t.Error(diff)
	}
}

func TestReadersThatPauseHoldNothing(t *testing.T) {
	s := emptyStore(t, noon)
	at := replay.Scope{Org: "acme", Region: "eu"}
	w := replay.Window{From: noon(), To: noon().Add(time.Hour)}
	if err := s.KeepChunks(t.Context(), at, []chunk.Chunk{chunkAt(noon(), 0, 10), chunkAt(noon(), 1, 10)}); err != nil {
		t.Fatal(err)
	}
	for range 100 { // more than there are connections, each in the middle of its chunks
		next, stop := iter.Pull2(s.Chunks(t.Context(), at, w, replay.Cursor{}))
		defer stop()
		if _, err, ok := next(); err != nil || !ok {
			t.Fatal(err, ok)
		}
	}
	accept(t, s, someJob("acme", 1))
	for _, err := range s.Live(t.Context()) {
		if err := errors.Join(err, s.Check(t.Context())); err != nil {
			t.Fatal(err)
		}
	}
}

func TestReadersAndAWriterSideBySideSeeWholeChunks(t *testing.T) {
	s := emptyStore(t, noon)
	at := replay.Scope{Org: "acme", Region: "eu"}
	w := replay.Window{From: noon(), To: noon().Add(time.Hour)}
	const chunks, size = 120, 20_000
	want := make([]chunk.Chunk, chunks)
	for n := range want {
		want[n] = chunkAt(noon().Add(time.Duration(n)*time.Second), n, size)
	}
	if err := s.KeepChunks(t.Context(), at, want[:chunks/2]); err != nil {
		t.Fatal(err)
	}
	var all sync.WaitGroup
	all.Go(func() {
		for n := chunks / 2; n < chunks; n++ {
			if err := s.KeepChunks(t.Context(), at, want[n:n+1]); err != nil {
				t.Error(err)
			}
		}
	})
	for range 8 {
		all.Go(func() {
			n := 0
			for c, err := range s.Chunks(t.Context(), at, w, replay.Cursor{}) {
				if err != nil || c.Key != want[n].Key || !bytes.Equal(c.Deflate, want[n].Deflate) {
					t.Errorf("chunk %d: got %s, %v", n, c.Key, err)
					return
				}
				n++
			}
			if n < chunks/2 {
				t.Errorf("%d of the %d chunks that were there", n, chunks/2)
			}
		})
	}
	all.Wait()
}
