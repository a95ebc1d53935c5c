package auditlog

import (
	"bytes"
	"encoding/json"
	"slices"
	"strings"
	"testing"
)

// FuzzAt: the instant of a line is that of the first rt among its members, as encoding/json finds them.
func FuzzAt(f *testing.F) {
	for _, line := range []string{
		`{"rt":1750000000000}`, `{"a":{"rt":1},"rt":1750000000000,"sig":"x"}`, `{"a":"\"rt\":2,","rt":5}`, `{"rt":"5"}`, `{"rt":1e3}`, `{"rt":-1}`, `{"rt":01}`, `{"rt":1}x`,
		`{"\u0072t":1}`, `{"rt":1,"rt":2}`, `{"rt":9999999999999999}`, `{}`, `[]`, ``, `{"rt"`, `{"a":[[[[`, "{\"a\":\"\xff\",\"rt\":1}", `{"a":1e400,"rt":3}`,
	} {
		f.Add([]byte(line))
	}
	f.Fuzz(func(t *testing.T, line []byte) {
		at, ok := At(line)
		if ok && at.Nanosecond()%1e6 != 0 || !ok && !at.IsZero() {
			t.Fatalf("%v, %t", at, ok)
		}
		var whole map[string]json.RawMessage
		if json.Unmarshal(line, &whole) != nil || bytes.Contains(line, []byte(`\`)) || !bytes.HasPrefix(line, []byte("{")) {
			return // no canonical line
		}
		first := rts(line)
		deep := bytes.Count(line, []byte("["))+bytes.Count(line, []byte("{")) > maxDepth
		switch want, digits := instant(first); {
		case ok && (!digits || !want.Equal(at)):
			t.Fatalf("%q: %v, want %v", line, at, want)
		case !ok && digits && !deep:
			t.Fatalf("%q is not read", line)
		}
	})
}

// rts is the literal of the first rt of a whole object.
func rts(line []byte) json.RawMessage {
	d := json.NewDecoder(bytes.NewReader(line))
	_, _ = d.Token()
	for d.More() {
		key, _ := d.Token()
		var value json.RawMessage
		_ = d.Decode(&value)
		if key == "rt" {
			return value
		}
	}
	return nil
}

// FuzzSplitLines: the lines are those of strings.Split, blank ones passed over, each with its place.
func FuzzSplitLines(f *testing.F) {
	for _, body := range []string{"", "\n", "a", "a\n", "a\r\nb", "\r\r\n", " \t\r\n{}\n\n[]", "a\rb\n", "\x00\n\xff", "\v\n\f\n\u0085\n\u00a0\n"} {
		f.Add([]byte(body))
	}
	f.Fuzz(func(t *testing.T, body []byte) {
		type line struct {
			n    int
			text string
		}
		var got, want []line
		for n, text := range SplitLines(body) {
			got = append(got, line{n, string(text)})
		}
		for i, text := range strings.Split(string(body), "\n") {
			if strings.Trim(text, " \t\r") != "" {
				want = append(want, line{i + 1, strings.TrimSuffix(text, "\r")})
			}
		}
		if !slices.Equal(got, want) {
			t.Fatalf("%q: %+v, want %+v", body, got, want)
		}
	})
}
