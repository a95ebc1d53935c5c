package tail_test

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"

	"reprise/cmd/reprise/tail"
)

func TestAnEntryIsOneLineForPeople(t *testing.T) {
	t.Parallel()
	const json = `{"action":"read","actor_id":"a","event_ts":"2023-04-28T20:52:09.5Z","granted":true,"name":"Authz.x","principal_id":"p","sig":"s"}`
	for line, want := range map[string]string{
		json:                     "2023-04-28T20:52:09.5Z    Authz.x  p  read  granted",
		`{"event":` + json + `}`: "2023-04-28T20:52:09.5Z    Authz.x  p  read  granted",
		`2025-06-18T21:02:36Z h CEF:0|v|p|1|c|Authz.a\|b|1|rt=1 src=s action=list granted=false principal_id=p sig=x`:                             "2025-06-18T21:02:36Z      Authz.a|b  p  list  denied",
		`{"act":"POST","event_ts":"2023-05-16T00:28:01Z","name":"Ingress","principal_name":"ann","principal_id":"p","request":"/x","status":500}`: "2023-05-16T00:28:01Z      Ingress  ann  POST /x  500",
		`{"event_ts":"2023-05-16T00:28:01Z","name":"AUTHENTICATION_OUTCOME_SUCCESS","request":"/in","success":true}`:                              "2023-05-16T00:28:01Z      AUTHENTICATION_OUTCOME_SUCCESS  /in  succeeded",
		`{"name":"\u001b[31mred\u0007\n\u009b2J\u202e"}`:                                                                                          `                          \x1b[31mred\a\n\u009b2J\u202e`,
		"no entry \x1b[2J\x00\xff\r": `no entry \x1b[2J\x00\xff`,
		"{}":                         "                          -",
		"":                           "",
		`{"name":"` + strings.Repeat("é", 101) + `"}`: strings.Repeat(" ", 26) + strings.Repeat("é", 100) + "…",
	} {
		var out strings.Builder
		if n, err := (tail.Writer{Out: &out}).Write([]byte(line + "\n")); err != nil || n != len(line)+1 {
			t.Errorf("%q: %d, %v", line, n, err)
		}
		if d := cmp.Diff(want+"\n", out.String()); d != "" {
			t.Errorf("%q: %s", line, d)
		}
	}
}

func TestColoursAreOfTheWriterAlone(t *testing.T) {
	t.Parallel()
	var out strings.Builder
	_, _ = tail.Writer{Out: &out, Colour: true}.Write([]byte(`{"event_ts":"2023-05-16T00:28:01.000Z","name":"\u001b[5mx","granted":false}` + "\n"))
	if want := "\x1b[2m2023-05-16T00:28:01.000Z\x1b[0m  \x1b[1m\\x1b[5mx\x1b[0m  \x1b[31mdenied\x1b[0m\n"; out.String() != want {
		t.Errorf("got %q, want %q", out.String(), want)
	}
}

// Whatever an entry holds, it is as many lines as came, each of printable characters alone.
func FuzzWriter(f *testing.F) {
	golden, err := filepath.Glob("../../../shared/auditlog/testdata/golden/access.*")
	if err != nil || len(golden) < 4 {
		f.Fatal(golden, err)
	}
	for _, path := range golden {
		text, err := os.ReadFile(path)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(text)
	}
	f.Add([]byte(`{"name":"\u001b]0;title\u0007"}`))
	f.Fuzz(func(t *testing.T, text []byte) {
		var out bytes.Buffer
		if n, err := (tail.Writer{Out: &out}).Write(text); err != nil || n != len(text) {
			t.Fatal(n, err)
		}
		lines := bytes.Count(text, []byte("\n"))
		if len(text) > 0 && text[len(text)-1] != '\n' {
			lines++
		}
		if got := bytes.Count(out.Bytes(), []byte("\n")); got != lines || !utf8.Valid(out.Bytes()) {
			t.Fatalf("%q: %d lines are %d: %q", text, lines, got, out.String())
		}
		if at := strings.IndexFunc(out.String(), func(r rune) bool { return r != '\n' && !unicode.IsPrint(r) }); at >= 0 {
			t.Fatalf("%q: %q", text, out.String()[at:])
		}
	})
}
