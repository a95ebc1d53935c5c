package demo

import (
	"bytes"
	"crypto/ed25519"
	"testing"
	"time"

	"reprise/shared/auditlog"
)

// A recorded line that was moved differs from what it was in its times alone, by the shift.
func FuzzMove(f *testing.F) {
	for _, line := range []string{
		`{"rt":1431857103000}`, `{"rt":"1431857163500", "event_ts" : "2015-05-17T12:06:03.5+02:00","n":9007199254740993}`, `{"event_ts":"2015-05-17t10:05:43z"}`,
		`{"rt":1,"rt":2,"\u0072t":3}`, `{"rt":1e3}`, `{"rt":null}`, `{"event_ts":"2015-05-17T10:05:43,5Z"}`, `{"rt":"\u0031"}`, `{"rt":""}`, `{"rt":"1}`, `[]`, `{"rt":1}{}`,
		`{"event_ts":"0000-01-01T00:00:00Z"}`, `{"event_ts":"2015-05-17T10:05:43.000000000000Z"}`, `{"rt":+1}`, `{"rt":"+1"}`, `{"rt":-9223372036854775808}`,
	} {
		f.Add([]byte(line), int64(86_400))
		f.Add([]byte(line), int64(-1))
	}
	f.Fuzz(func(t *testing.T, line []byte, seconds int64) {
		shift := time.Duration(seconds%(100*365*86_400)) * time.Second
		was, err := readMoments(line)
		moved, moveErr := move(nil, line, shift)
		if (err == nil) != (moveErr == nil) {
			t.Fatalf("%v, but moved: %v", err, moveErr)
		}
		if err != nil || !written(line, was, 0) || !written(line, was, shift) {
			return
		}
		is, err := readMoments(moved)
		if err != nil || !is.at.Equal(was.at.Add(shift)) || len(is.spans) != len(was.spans) {
			t.Fatalf("%q by %s is %q: %v", line, shift, moved, err)
		}
		if !bytes.Equal(without(line, was.spans), without(moved, is.spans)) {
			t.Fatalf("%q by %s is %q", line, shift, moved)
		}
	})
}

// written reports whether every time of a line, later by shift, can be written: its year has four digits.
func written(line []byte, m moments, shift time.Duration) bool {
	for _, s := range m.spans {
		at, err := instant(s.key, line[s.from:s.to])
		if year := at.Add(shift).Year(); err != nil || year < 1 || year > 9998 {
			return false
		}
	}
	return true
}

// without is a line without its times.
func without(line []byte, spans []span) (rest []byte) {
	done := 0
	for _, s := range spans {
		rest, done = append(append(rest, line[done:s.from]...), '|'), s.to
	}
	return append(rest, line[done:]...)
}

// What the service takes, signs and sends, in any format, is the same entry to the demo's own readers, which share no code with
// the service's; so is what was signed.
func FuzzTheReaderAgrees(f *testing.F) {
	for _, line := range []string{
		sentOne, sentTwo, sentThree, `{"n":1e400,"x":-0.0e-0}`, `{"severity":"7","cef_version":"0","status":"201","granted":"true","src":true,"trace_id":"1"}`,
		`{"b":[ { "z" : 1 , "a" : [ ] } ],"a":{"":" "}}`, `{"rt":"1772366400000"}`, `{"\ud83d\ude00":1}`, `{"é":"\u00e9"}`, `{"":0}`, `{"act":1.50}`,
		`{"name":"a|\\\nsig=","x":" a\\ b=c\r\n","\u0061=\\ |\n%":"","mysig":[" = ",{"\\":"\\"}],"severity":"\u0036","event_vendor":"","y":" "}`,
	} {
		f.Add([]byte(line))
		f.Add(append([]byte(`{"event_class_id":"c","name":"n","rt":1772366400000,`), line[1:]...))
	}
	key := auditlog.Key{ID: "k", Private: ed25519.NewKeyFromSeed(make([]byte, ed25519.SeedSize))}
	f.Fuzz(func(t *testing.T, line []byte) {
		e, err := auditlog.Parse(line, org, time.UnixMilli(1772366400000))
		if err != nil {
			return
		}
		for _, format := range auditlog.Formats() {
			f := Format(format)
			if f != cef && bytes.Contains(line, []byte(`\`)) { // an escape may be written in another way, where it is written as one
				continue
			}
			r := newReader(f)
			sent, err := r.sent(bytes.Clone(line))
			if err != nil {
				t.Fatalf("%s: the service took %q: %v", f, line, err)
			}
			want := r.print(sent, sent.hasRT, sent.hasTS)
			signed, err := auditlog.Scribe{Format: format, Host: "reprise", Key: key}.Write(nil, key.Sign(nil, e))
			if err != nil {
				t.Fatal(err)
			}
			got, err := r.received(bytes.Clone(signed))
			if err != nil {
				t.Fatalf("the service sends %q: it %v", signed, err)
			}
			if r.print(got, sent.hasRT, sent.hasTS) != want || !got.at().Equal(e.At) {
				t.Fatalf("%q is another entry than %q", signed, line)
			}
			if !(publicKeys{key.Public().Public}).verify(f, signed) {
				t.Fatalf("%q: its signature does not verify", signed)
			}
		}
	})
}
