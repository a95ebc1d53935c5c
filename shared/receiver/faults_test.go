package receiver_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"reprise/shared/auditlog"
	"reprise/shared/receiver"
)

func TestABrokenReceiverGoesWrongWithOneEntryOnce(t *testing.T) {
	k := key(t, 1)
	for _, f := range []auditlog.Format{auditlog.JSON, auditlog.CEF, auditlog.CPS} {
		lines := written(t, f, k, signed(t, k, 7))
		flipped := strings.NewReplacer(`"act":"GET"`, `"act":"HET"`, " act=GET", " act=HET").Replace(lines[3])
		moved := strings.NewReplacer("2026-03-14T12:00:00.3Z", "2026-03-06T12:00:00.3Z", "2026-03-14T12:00:00.300Z", "2026-03-06T12:00:00.3Z", "1773489600300", "1772798400300").Replace(lines[3])
		for _, c := range []struct {
			what       receiver.Break
			kept       []string
			duplicates int64
			wrong      int64
		}{
			{"", lines, 0, 0},
			{receiver.Drop, slices.Delete(slices.Clone(lines), 3, 4), 0, 0},
			{receiver.Dup, slices.Insert(slices.Clone(lines), 3, lines[3]), 1, 0},
			{receiver.Flip, slices.Replace(slices.Clone(lines), 3, 4, flipped), 0, 1},
			{receiver.Outside, slices.Insert(slices.Clone(lines), 4, moved), 0, 1},
		} {
			t.Run(fmt.Sprintf("%s, break %s", f, c.what), func(t *testing.T) {
				var out bytes.Buffer
				h := receiver.New(receiver.Options{Keys: keys(k), Out: &out, Break: c.what})
				if code := answer(h, request(t, "b", lines...)); code != 200 {
					t.Fatal(code)
				}
				if d := cmp.Diff(c.kept, slices.Collect(strings.Lines(out.String()))); d != "" {
					t.Error(d)
				}
				s := h.Summary()
				if s.Entries != int64(len(c.kept)) || s.Duplicates != c.duplicates || s.WrongSignatures != c.wrong || s.RightSignatures != s.Entries-c.wrong {
					t.Errorf("%+v", s)
				}
				if c.what != "" && s.Broken+"\n" != lines[3] {
					t.Errorf("broken: %q", s.Broken)
				}
				answer(h, request(t, "c", "{}\n"))
				if h.Summary().Entries != s.Entries+1 || !strings.HasSuffix(out.String(), "\n{}\n") {
					t.Error("it went wrong twice")
				}
			})
		}
	}
}

func TestAnEntryOfAnyFormCanBeFlipped(t *testing.T) {
	for _, line := range []string{`{}`, `{"a":1}`, `{"a":"1","b":"zoo"}`, `{"a":"`, `?`, `":"`} {
		var out bytes.Buffer
		h := receiver.New(receiver.Options{Out: &out, Break: receiver.Flip})
		answer(h, request(t, "b", line+"\n"))
		got := strings.TrimSuffix(out.String(), "\n")
		if got == line || len(got) != len(line) {
			t.Errorf("%q became %q", line, got)
		}
	}
}

func TestABrokenReceiverGoesWrongWithEntriesOfEveryFormat(t *testing.T) {
	const json = `{"act":"GET","event_ts":"2026-03-14T12:00:00.3Z","rt":1773489600300,"sig":"x"}`
	const cef = `2026-03-14T12:00:00.3Z reprise CEF:0|v|p|1|c\|rt|Ingress|1|rt=1773489600300 src=5 act=GET sig=x`
	for line, want := range map[string]map[receiver.Break]string{
		json: {
			receiver.Flip:    strings.Replace(json, "GET", "HET", 1),
			receiver.Outside: `{"act":"GET","event_ts":"2026-03-06T12:00:00.3Z","rt":1772798400300,"sig":"x"}`,
		},
		`{"event":` + json + `}`: {
			receiver.Flip:    `{"event":` + strings.Replace(json, "GET", "HET", 1) + `}`,
			receiver.Outside: `{"event":{"act":"GET","event_ts":"2026-03-06T12:00:00.3Z","rt":1772798400300,"sig":"x"}}`,
		},
		cef: {
			receiver.Flip:    strings.Replace(cef, "GET", "HET", 1),
			receiver.Outside: `2026-03-06T12:00:00.3Z reprise CEF:0|v|p|1|c\|rt|Ingress|1|rt=1772798400300 src=5 act=GET sig=x`,
		},
	} {
		for what, want := range want {
			var out bytes.Buffer
			answer(receiver.New(receiver.Options{Out: &out, Break: what}), request(t, "b", line+"\n"))
			if what == receiver.Outside {
				want = line + "\n" + want
			}
			if d := cmp.Diff(want+"\n", out.String()); d != "" {
				t.Errorf("%s: %s", what, d)
			}
		}
	}
}

func TestAFaultThatABatchCannotHaveWaitsForTheNext(t *testing.T) {
	h := receiver.New(receiver.Options{Break: receiver.Outside})
	answer(h, request(t, "a", "{}\n"))
	answer(h, request(t, "b", "no JSON\n"))
	answer(h, request(t, "c", "{\"rt\":\"soon\"}\n"))
	answer(h, request(t, "d", "{\"event_ts\":1}\n"))
	answer(h, request(t, "f", "soon reprise CEF:0|v|p|1|c|n|1|rt=1 sig=x\n"))
	answer(h, request(t, "g", "{\"event\":{\"rt\":\"soon\"}}\n"))
	if s := h.Summary(); s.Entries != 6 || s.Broken != "" {
		t.Fatalf("%+v", s)
	}
	answer(h, request(t, "e", "{\"rt\":1772798400300}\n"))
	if s := h.Summary(); s.Entries != 8 || s.Broken == "" {
		t.Errorf("%+v", s)
	}
}

func TestAnswersAreReadFromText(t *testing.T) {
	for _, c := range []struct {
		text  string
		first []int
		last  int // 0: refused
	}{
		{"200", nil, 200},
		{"503", nil, 503},
		{"503x3,200", []int{503, 503, 503}, 200},
		{"429, 503x2", []int{429, 503, 503}, 200},
		{"", nil, 0},
		{",", nil, 0},
		{"200,", nil, 0},
		{"ok", nil, 0},
		{"101", nil, 0},
		{"600", nil, 0},
		{"+503", nil, 0},
		{"503x", nil, 0},
		{"503x0", nil, 0},
		{"503x-1", nil, 0},
		{"503x10001", nil, 0},
		{"503x9999,500x2", nil, 0},
	} {
		first, last, err := receiver.ParseAnswers(c.text)
		if (err != nil) != (c.last == 0) || last != c.last {
			t.Errorf("%q: %d, %v", c.text, last, err)
		}
		if d := cmp.Diff(c.first, first); d != "" {
			t.Errorf("%q: %s", c.text, d)
		}
	}
}

func TestABreakIsReadFromText(t *testing.T) {
	for _, s := range []string{"", "drop", "flip", "dup", "outside"} {
		if b, err := receiver.ParseBreak(s); err != nil || string(b) != s {
			t.Errorf("%q: %q, %v", s, b, err)
		}
	}
	if _, err := receiver.ParseBreak("lose"); err == nil || !strings.Contains(err.Error(), `"lose"`) {
		t.Error(err)
	}
}

func TestANewSigningKeyIsFetchedWhenASignatureDoesNotVerify(t *testing.T) {
	older, newer := key(t, 1), key(t, 2)
	now, fetched := &clock{noon}, 0
	known := keys(older)
	h := receiver.New(receiver.Options{Now: now.now, Keys: func(ctx context.Context) ([]auditlog.PublicKey, error) {
		fetched++
		return known(ctx)
	}})
	step := func(id string, k auditlog.Key, wantFetched int, wantWrong int64) {
		t.Helper()
		before := h.Summary().WrongSignatures
		answer(h, request(t, id, signed(t, k, 3)...))
		if wrong := h.Summary().WrongSignatures - before; fetched != wantFetched || wrong != wantWrong {
			t.Errorf("%s: fetched %d times, %d wrong", id, fetched, wrong)
		}
	}
	step("the first batch", older, 1, 0)
	known = keys(newer, older)
	step("just fetched", newer, 1, 3)
	now.at = now.at.Add(5 * time.Second)
	step("nothing is wrong", older, 1, 0)
	step("fetched again", newer, 2, 0)
	step("a key nobody published", key(t, 3), 2, 3)
	now.at = now.at.Add(time.Minute)
	step("one question for three wrong lines", key(t, 3), 3, 3)
}

func TestWithoutKeysNothingIsTakenUntilTheyCanBeFetched(t *testing.T) {
	k := key(t, 1)
	now := &clock{noon}
	var broken error
	h := receiver.New(receiver.Options{Now: now.now, Keys: func(ctx context.Context) ([]auditlog.PublicKey, error) {
		all, _ := keys(k)(ctx)
		return all, broken
	}})
	broken = errors.New("the keys are away")
	for range 2 {
		if code := answer(h, request(t, "b", signed(t, k, 1)...)); code != 503 {
			t.Error(code)
		}
	}
	broken, now.at = nil, now.at.Add(5*time.Second)
	if code := answer(h, request(t, "b", signed(t, k, 1)...)); code != 200 {
		t.Error(code)
	}
	broken, now.at = errors.New("away again"), now.at.Add(time.Minute)
	answer(h, request(t, "c", signed(t, k, 2)...)) // those that are known still hold
	answer(h, request(t, "d", "{}\n"))
	s := h.Summary()
	if s.Refused != 2 || s.Wrong[0].Why != "the keys are away" || s.RightSignatures != 3 || s.WrongSignatures != 1 {
		t.Errorf("%+v", s)
	}
}

func TestAJWKSThatIsNoneIsAnError(t *testing.T) {
	for _, c := range []struct {
		story string
		code  int
		body  string
		want  string
	}{
		{"not there", 404, "{}", "404"},
		{"a page", 200, "<html>", "JWKS"},
		{"a redirect to itself", 302, "", "redirects"},
	} {
		t.Run(c.story, func(t *testing.T) {
			s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
				w.Header().Set("Location", "/")
				w.WriteHeader(c.code)
				_, _ = w.Write([]byte(c.body))
			}))
			defer s.Close()
			if got, err := (receiver.JWKS{URL: s.URL}).Keys(t.Context()); err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("%v, %v", got, err)
			}
		})
	}
	if _, err := (receiver.JWKS{URL: "http://127.0.0.1:1/"}).Keys(t.Context()); err == nil {
		t.Error("nobody listens there")
	}
	if _, err := (receiver.JWKS{URL: ":"}).Keys(t.Context()); err == nil {
		t.Error("that is no URL")
	}
}
