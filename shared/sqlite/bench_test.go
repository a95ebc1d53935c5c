package sqlite

import (
	"path/filepath"
	"testing"
	"time"

	"reprise/shared/replay"
)

// BenchmarkAdvance is the transaction that each batch ends with.
func BenchmarkAdvance(b *testing.B) {
	s, err := Open(filepath.Join(b.TempDir(), "reprise.db"), time.Now)
	if err != nil {
		b.Fatal(err)
	}
	defer func() { _ = s.Close() }()
	at := replay.Slice{Fence: replay.Fence{Scope: replay.Scope{Org: "o", Region: "eu"}, JobID: "01JOB"}}
	p, err := s.Try(b.Context(), at)
	if err != nil {
		b.Fatal(err)
	}
	b.ReportAllocs()
	for b.Loop() {
		p = p.Step(replay.Cursor{Chunk: "1750280466889-0", Line: 1}, replay.Tally{Batches: 1, Entries: 1, Bytes: 1}, time.Now())
		if err := s.Advance(b.Context(), at, p); err != nil {
			b.Fatal(err)
		}
	}
}
