package chunk_test

import (
	"bytes"
	"fmt"
	"strings"
	"testing"

	"reprise/shared/chunk"
	"reprise/shared/replay"
)

// FuzzSplice: any chunks, whoever compressed them, decode to their joined lines after the cursor.
func FuzzSplice(f *testing.F) {
	f.Add([]byte("a\nb\n\nc\n"), uint16(0), uint(3), uint(0), 100, byte(6))
	f.Add([]byte("one\ntwo\n"), uint16(10), uint(1), uint(1), 1, byte(0))
	f.Add([]byte("one\ntwo\nthree\n"), uint16(9000), uint(1), uint(0), replay.BatchLimit, byte(9))
	f.Add([]byte("one\ntwo\nthree\nfour\n"), uint16(9000), uint(2), uint(3), 12_000, byte(1))
	f.Add([]byte("\n\n\n\n\n\n\n\n\n\n\n\n"), uint16(3000), uint(3), uint(4), 10_000, byte(2))
	filling := noise(1, 10_000) // makes chunks that are not tiny of an input that is
	f.Fuzz(func(t *testing.T, data []byte, wider uint16, each, behind uint, limit int, level byte) {
		data = bytes.TrimSuffix(data, []byte("\n"))
		parts := strings.Split(string(data), "\n")
		parts = parts[:min(len(parts), 40)]
		for i := range parts {
			parts[i] += filling[i : i+int(wider)%9900]
		}
		start := int(behind % uint(len(parts)))
		var chunks []chunk.Chunk
		var from replay.Cursor
		for left, line := parts, 0; len(left) > 0; {
			n := min(len(left), 1+int(each%40))
			key := fmt.Sprintf("%013d-%032x", noon.UnixMilli(), len(chunks))
			if start >= line && start < line+n {
				from = replay.Cursor{Chunk: key, Line: start - line}
			}
			lines := strings.Join(left[:n], "\n") + "\n"
			chunks = append(chunks, deflated(t, key, lines, int(level%10)))
			left, line = left[n:], line+n
		}
		want := strings.Join(parts[start:], "\n") + "\n"
		var got strings.Builder
		for _, b := range collect(t, chunk.Batches("job", allDay(), from, limit, nil, stored(chunks))) {
			body := gunzip(t, b.Body)
			if len(body) > limit && b.Tally.Entries > 1 {
				t.Fatalf("a batch of %d bytes, %d lines, where the limit is %d", len(body), b.Tally.Entries, limit)
			}
			got.WriteString(body)
		}
		if got.String() != want {
			t.Fatalf("got %q, want %q", got.String(), want)
		}
	})
}
