package replay_test

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"reprise/shared/replay"
)

// FuzzAMessageIsReadOrRefused: whatever a message says, the fence comes out, and what is read is written and read as the same.
func FuzzAMessageIsReadOrRefused(f *testing.F) {
	of := replay.Fence{Scope: replay.Scope{Org: "org-1", Region: "eu"}, JobID: "01J8000000000000000000000Q"}
	at := time.Date(2025, 6, 18, 21, 2, 36, 889e6, time.UTC)
	data, err := replay.Slice{Fence: of, N: 3, Lane: 1, Window: replay.Window{From: at, To: at.Add(time.Hour)}}.Message()
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
		s, err := replay.ReadMessage(of, data)
		if s.Fence != of {
			t.Fatalf("the fence is %+v", s.Fence)
		}
		if err != nil {
			if s != (replay.Slice{Fence: of}) {
				t.Fatalf("refused, and yet it says %+v", s)
			}
			return
		}
		written, err := s.Message()
		if err != nil {
			t.Fatalf("what was read cannot be written: %v", err)
		}
		again, err := replay.ReadMessage(of, written)
		if err != nil {
			t.Fatalf("what was written cannot be read: %v", err)
		}
		if diff := cmp.Diff(s, again); diff != "" {
			t.Fatalf("read again (-first +second):\n%s", diff)
		}
	})
}

// TestAMessageOfAnotherVersionIsNotGuessed: each row is a good message with one thing changed.
func TestAMessageOfAnotherVersionIsNotGuessed(t *testing.T) {
	const good = `{"version":1,"slice":3,"lane":1,"from":"2025-06-18T21:02:36Z","to":"2025-06-18T22:02:36Z"}`
	rows := []struct{ story, old, new, want string }{
		{"nothing is changed", "", "", ""},
		{"no version", `"version":1,`, ``, "it has no version"},
		{"a null for a version", `"version":1`, `"version":null`, "it has no version"},
		{"a newer version, with what it likes for fields", good, `{"version":2,"slice":"the third"}`, "its version is 2, known is 1"},
		{"a version in words", `"version":1`, `"version":"1"`, "cannot unmarshal string"},
		{"no slice", `"slice":3,`, ``, "it lacks a field"},
		{"no lane", `"lane":1,`, ``, "it lacks a field"},
		{"no beginning", `"from":"2025-06-18T21:02:36Z",`, ``, "it lacks a field"},
		{"a null for an end", `"2025-06-18T22:02:36Z"`, `null`, "it lacks a field"},
		{"a field that we do not know", `"slice":3,`, `"slice":3,"priority":1,`, `unknown field "priority"`},
		{"a slice in words", `"slice":3`, `"slice":"3"`, "cannot unmarshal string"},
		{"half a slice", `"slice":3`, `"slice":3.5`, "cannot unmarshal number 3.5"},
		{"a slice before the first", `"slice":3`, `"slice":-1`, "cannot be"},
		{"a window that ends before it begins", `"2025-06-18T22`, `"2025-06-18T20`, "cannot be"},
		{"a time in seconds", `"2025-06-18T21:02:36Z"`, `1750280556`, "Time.UnmarshalJSON"},
		{"a second message behind it", good, good + good, "invalid character"},
		{"a list", good, `[` + good + `]`, "cannot unmarshal array"},
		{"a part of it", good, good[:40], "unexpected end"},
		{"nothing", good, "", "unexpected end"},
	}
	for _, row := range rows {
		t.Run(row.story, func(t *testing.T) {
			_, err := replay.ReadMessage(replay.Fence{JobID: "JOB"}, []byte(strings.Replace(good, row.old, row.new, 1)))
			if row.want == "" && err != nil || row.want != "" && (err == nil || !strings.Contains(err.Error(), row.want)) {
				t.Errorf("got %v, want %q", err, row.want)
			}
		})
	}
}
