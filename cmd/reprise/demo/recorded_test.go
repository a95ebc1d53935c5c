package demo

import (
	"bytes"
	"compress/gzip"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"reprise/cmd/reprise/client"
	"reprise/cmd/reprise/lines"
)

func file(t *testing.T, name, content string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), name)
	if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

func gzipped(t *testing.T, content string) string {
	t.Helper()
	var b bytes.Buffer
	w := gzip.NewWriter(&b)
	if _, err := w.Write([]byte(content)); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

const old = `{"z":1.50,"rt":1431857103000,"a":{"rt":5,"event_ts":"x"}}
{"rt":"1431857163500", "event_ts" : "2015-05-17T12:06:03.5+02:00","n":9007199254740993}

{"event_ts":"2015-05-17t10:05:43z","user":"\u00e9 rt \"rt\":1"}
`

// What old becomes when the last of it, 10:06:03.5, happened a minute before noon; the shift is in whole seconds.
const oldMoved = `{"z":1.50,"rt":1772366399000,"a":{"rt":5,"event_ts":"x"}}
{"rt":"1772366459500", "event_ts" : "2026-03-01T14:00:59.5+02:00","n":9007199254740993}
{"event_ts":"2026-03-01T12:00:39Z","user":"\u00e9 rt \"rt\":1"}`

func TestRecordedEntriesAreMovedByOneShiftAndStayAsTheyAreOtherwise(t *testing.T) {
	now := time.Date(2026, 3, 1, 12, 2, 0, 0, time.UTC)
	for name, path := range map[string]string{
		"plain":                     file(t, "old.ndjson", old),
		"gzipped":                   file(t, "old.ndjson.gz", gzipped(t, old)),
		"gzipped, by another name":  file(t, "old.txt", gzipped(t, old)),
		"carriage returns, no end":  file(t, "old.ndjson", strings.TrimSpace(strings.ReplaceAll(old, "\n", "\r\n"))),
		"spaces around the objects": file(t, "old.ndjson", strings.ReplaceAll(old, "\n", " \n\t")),
	} {
		t.Run(name, func(t *testing.T) {
			s, err := recorded(path, now)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(oldMoved, strings.Join(all(t, s), "\n")); diff != "" {
				t.Errorf("moved entries (-want +got):\n%s", diff)
			}
			if from, to := client.Stamp(s.Window.From), client.Stamp(s.Window.To); s.Entries != 3 || from != "2026-03-01T11:59:59.000Z" || to != "2026-03-01T12:00:59.500Z" {
				t.Errorf("%d entries from %s to %s", s.Entries, from, to)
			}
		})
	}
}

func TestRecordedEntriesLoseWhatAnAuditLogAddedAndNothingElse(t *testing.T) {
	for line, want := range map[string]string{
		`{"rt":1,"a":2}`:                                  `{"rt":1,"a":2}`,
		`{"sig":"x","rt":1,"a":2}`:                        `{"rt":1,"a":2}`,
		`{ "org_id" : "o" , "sig":"x" , "rt":1 , "a":2 }`: `{ "rt":1 , "a":2 }`,
		`{"rt":1,"sig":"x,\"}","a":2,"org_id":"o"}`:       `{"rt":1,"a":2}`,
		`{"rt":1,"b":{"sig":1,"org_id":2},"c":["sig"]}`:   `{"rt":1,"b":{"sig":1,"org_id":2},"c":["sig"]}`,
		`{"\u0073ig":1,",":",","rt":1.50}`:                `{",":",","rt":1.50}`,
		`{"sig":1}`:                                       `{}`,
		`{"sig":1`:                                        `{"sig":1`,
		`["sig",1]`:                                       `["sig",1]`,
		`{"sig":1 2`:                                      `{"sig":1 2`,
	} {
		if got := string(strip([]byte(line))); got != want {
			t.Errorf("%s became %s, want %s", line, got, want)
		}
	}
}

func TestAFileThatCannotBeSentIsRefusedWithItsLine(t *testing.T) {
	for name, c := range map[string]struct{ content, want string }{
		"an array":                {"[1]\n", "line 1: is no JSON object"},
		"no JSON":                 {`{"rt":1431857103000}` + "\nhello\n", "line 2: is no JSON object"},
		"half an object":          {`{"rt":1431857103000`, "line 1: is no JSON object"},
		"two objects in a line":   {`{"rt":1431857103000} {}`, "line 1: has something behind its JSON object"},
		"no time":                 {"\n\n" + `{"a":1}`, "line 3: has neither rt nor event_ts"},
		"a time that is none":     {`{"event_ts":"yesterday"}`, "line 1: has an event_ts that is no RFC 3339 date-time"},
		"a comma for a dot":       {`{"event_ts":"2015-05-17T10:05:43,5Z"}`, "line 1: has an event_ts that is no RFC 3339 date-time"},
		"a fraction of a ms":      {`{"rt":1431857103000.5}`, "line 1: has an rt that is no whole number of milliseconds"},
		"nothing at all":          {"\n", "holds no entries"},
		"eight days":              {`{"rt":1431857103000}` + "\n" + `{"rt":1432548303000}`, "span 192h0m0s"},
		"a gzip that breaks off":  {gzipped(t, old)[:40], "unexpected EOF"},
		"a line without an end":   {strings.Repeat("x", lines.Max+1), "after line 0: a line is longer than 4194304 bytes: no entry is"},
		"a gzip of something odd": {gzipped(t, "hello"), "line 1: is no JSON object"},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := recorded(file(t, "bad.ndjson", c.content), noon)
			if err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("got %v, want it to say %q", err, c.want)
			}
		})
	}
}

func TestMovingThereAndBackGivesTheSameLine(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		at := time.UnixMilli(rapid.Int64Range(0, 2e12).Draw(t, "ms")).UTC()
		digits := rapid.IntRange(0, 9).Draw(t, "digits")
		layout := "2006-01-02T15:04:05"
		if digits > 0 {
			layout += "." + strings.Repeat("0", digits)
		}
		zone := time.FixedZone("", 60*rapid.IntRange(-14*60, 14*60).Draw(t, "offset"))
		line := fmt.Sprintf(`{"b":%q,"rt":%d,"event_ts":"%s","c":[1.0]}`, rapid.String().Draw(t, "b"), at.UnixMilli(), at.In(zone).Format(layout+"Z07:00"))
		if !jsonObject(line) {
			t.Skip("Go quotes some characters as JSON does not")
		}
		shift := time.Duration(rapid.Int64Range(-1e9, 1e9).Draw(t, "seconds")) * time.Second
		there, err := move(nil, []byte(line), shift)
		if err != nil {
			t.Fatal(err)
		}
		back, err := move(nil, there, -shift)
		if err != nil {
			t.Fatal(err)
		}
		if string(back) != line {
			t.Errorf("%s\nbecame %s\nthen %s", line, there, back)
		}
	})
}

func jsonObject(line string) bool {
	_, err := readMoments([]byte(line))
	return err == nil
}
