package sqlite

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"reprise/shared/replay"
)

// FuzzABodyIsReadOrRefused: whatever lies in a body, the fence comes out, and what is read is written and read as the same.
func FuzzABodyIsReadOrRefused(f *testing.F) {
	of := replay.Fence{Scope: replay.Scope{Org: "org-1", Region: "eu"}, JobID: "01J8000000000000000000000Q"}
	at := time.Date(2025, 6, 18, 21, 2, 36, 889e6, time.UTC)
	data, err := encodeBody(replay.Slice{Fence: of, N: 3, Lane: 1, Window: replay.Window{From: at, To: at.Add(time.Hour)}})
	if err != nil {
		f.Fatal(err)
	}
	f.Add(data)
	for _, seed := range []string{
		``, `null`, `{}`, `[]`, `{"version":1}`, `{"version":2,"slice":1}`, `{"version":1,"slice":1e9,"lane":0}`,
		`{"version":1,"slice":1,"lane":0,"from":"2025-06-18T21:02:36.889999999+14:00","to":"2025-06-18T21:02:36Z"}`,
		`{"version":1,"from":"9999-12-31T23:59:59-01:00","to":"9999-12-31T23:59:59-01:00"}`, // in UTC in a year that cannot be written
		`{"version":1,"from":"0000-01-01T00:00:00+01:00","to":"0000-01-01T00:00:00+01:00"}`,
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		s, err := decodeBody(of, data)
		if s.Fence != of {
			t.Fatalf("the fence is %+v", s.Fence)
		}
		if err != nil {
			if s != (replay.Slice{Fence: of}) {
				t.Fatalf("refused, and yet it says %+v", s)
			}
			return
		}
		written, err := encodeBody(s)
		if err != nil {
			t.Fatalf("what was read cannot be written: %v", err)
		}
		again, err := decodeBody(of, written)
		if err != nil {
			t.Fatalf("what was written cannot be read: %v", err)
		}
		if diff := cmp.Diff(s, again); diff != "" {
			t.Fatalf("read again (-first +second):\n%s", diff)
		}
	})
}
