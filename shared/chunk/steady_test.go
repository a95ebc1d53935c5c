package chunk_test

import (
	"fmt"
	"iter"
	"testing"
	"time"

	"reprise/shared/chunk"
	"reprise/shared/replay"
)

// repeated yields the chunks over and over, n in all, under keys that go on.
func repeated(chunks []chunk.Chunk, n int) iter.Seq2[chunk.Chunk, error] {
	sealed := make([]chunk.Chunk, n)
	for i := range sealed {
		sealed[i] = chunks[i%len(chunks)]
		sealed[i].Key = fmt.Sprintf("%013d-%032x", noon.UnixMilli(), i)
		sealed[i] = sealed[i].Sealed()
	}
	return func(yield func(chunk.Chunk, error) bool) {
		for _, c := range sealed {
			if !yield(c, nil) {
				return
			}
		}
	}
}

// path is a way that lines take into a batch.
type path struct {
	name   string
	chunks []chunk.Chunk
	w      replay.Window
	limit  int
	write  func(dst, line []byte) ([]byte, error)
}

// paths are all of them, with chunks of about that size.
func paths(t testing.TB, size, limit int) []path {
	t.Helper()
	large, small := pack(t, evenly(size/1000, 0, 1000)), pack(t, evenly(5, time.Second, 663))
	n := size / 663
	spread := pack(t, evenly(n, time.Minute/time.Duration(n+1), 663))
	edge := replay.Window{From: noon, To: noon.Add(45 * time.Second)}
	return []path{
		{"spliced", large, allDay(), limit, nil},
		{"tiny", small, allDay(), limit, nil},
		{"filtered", spread[:1], edge, limit, nil},
		{"cut by the limit", large, allDay(), size / 2, nil},
		{"written anew", large, allDay(), limit, func(dst, line []byte) ([]byte, error) { return append(dst, line...), nil }},
	}
}

// drain gives how many batches there were, of how many decoded bytes.
func drain(t testing.TB, batches iter.Seq2[chunk.Batch, error]) (n int, size int64) {
	t.Helper()
	for b, err := range batches {
		if err != nil {
			t.Fatal(err)
		}
		n++
		size += b.Tally.Bytes
	}
	return n, size
}

func TestABatchMoreAllocatesNextToNothing(t *testing.T) {
	const size, limit = 16 << 10, 64 << 10
	for _, p := range paths(t, size, limit) {
		t.Run(p.name, func(t *testing.T) {
			cost := func(chunks int) (allocs float64, batches int) {
				source := repeated(p.chunks, chunks)
				allocs = testing.AllocsPerRun(1, func() {
					batches, _ = drain(t, chunk.Batches("job", p.w, replay.Cursor{}, p.limit, p.write, source))
				})
				return allocs, batches
			}
			per := limit / p.chunks[0].Bytes
			few, n := cost(3 * per)
			many, m := cost(9 * per)
			if each := (many - few) / float64(m-n); each > 3 { // one is the ID
				t.Errorf("%.1f allocations for each batch of about %d chunks", each, per)
			}
		})
	}
}

func BenchmarkBatches(b *testing.B) {
	for _, p := range paths(b, chunk.Size, replay.BatchLimit) {
		b.Run(p.name, func(b *testing.B) {
			source := repeated(p.chunks, 64*(replay.BatchLimit/p.chunks[0].Bytes))
			b.ReportAllocs()
			batches := 0
			for b.Loop() {
				n, size := drain(b, chunk.Batches("job", p.w, replay.Cursor{}, p.limit, p.write, source))
				batches = n
				b.SetBytes(size)
			}
			b.ReportMetric(float64(batches), "batches/op")
		})
	}
}

func BenchmarkPack(b *testing.B) {
	entries := evenly(2000, 100*time.Millisecond, 663)
	b.ReportAllocs()
	for b.Loop() {
		if _, _, err := chunk.Pack([32]byte{}, entries, signingKey(1)); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric(float64(b.Elapsed().Microseconds())/float64(b.N*len(entries)), "µs/entry")
}
