package sqlite

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"reprise/shared/replay"
)

// FuzzStoredSlicesAreReadOrRefused: whatever lies in a plan's row, what is read of it is a plan, and is written and read as the same.
func FuzzStoredSlicesAreReadOrRefused(f *testing.F) {
	of := replay.Fence{Scope: replay.Scope{Org: "org-1", Region: "eu"}, JobID: "01J8000000000000000000000Q"}
	at := time.Date(2025, 6, 18, 21, 2, 36, 889e6, time.UTC)
	data, err := encodeSlices([]replay.Slice{
		{Fence: of, Window: replay.Window{From: at, To: at.Add(time.Minute)}},
		{Fence: of, N: 1, Lane: 1, Window: replay.Window{From: at.Add(time.Minute), To: at.Add(time.Hour)}},
	})
	if err != nil {
		f.Fatal(err)
	}
	f.Add(data)
	for _, seed := range []string{
		``, `null`, `[]`, `{}`, `[null]`, `[{}]`, `[{},{}]`, `[{"n":1}]`, `[{"lane":-1}]`, `[{"from":2,"to":1}]`, `[{"N":0,"LANE":1}]`, `[{"n":0,"n":1}]`, `[{"n":1e400}]`,
		`[{"from":-9223372036854775808,"to":9223372036854775807}]`, `[{"n":0,"lane":0,"from":1,"to":2}`,
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		slices, err := decodeSlices(of, data)
		if err != nil {
			if slices != nil {
				t.Fatalf("refused, and yet it says %+v", slices)
			}
			return
		}
		for i, s := range slices {
			if s.Fence != of || s.N != i || s.Lane < 0 {
				t.Fatalf("slice %d is %+v", i, s)
			}
		}
		written, err := encodeSlices(slices)
		if err != nil {
			t.Fatal(err)
		}
		again, err := decodeSlices(of, written)
		if diff := cmp.Diff(slices, again); err != nil || diff != "" {
			t.Fatalf("read again: %v (-first +second):\n%s", err, diff)
		}
	})
}
