package receiver_test

import (
	"bytes"
	"compress/gzip"
	"io"
	"net/http/httptest"
	"strconv"
	"strings"
	"testing"

	"reprise/shared/receiver"
)

func FuzzABodyIsTakenWholeOrNotAtAll(f *testing.F) {
	f.Add(zip(f, "{}\n"), 1)
	f.Add(zip(f, "{}\n{}\n"), 1)
	f.Add(append(zip(f, "{}\n"), zip(f, "{}\n")...), 2)
	f.Add(append(zip(f, "{}\n"), 0), 1)
	f.Add(zip(f, "\n"), 1)
	f.Add([]byte("{}\n"), 1)
	f.Add([]byte{}, 0)
	f.Fuzz(func(t *testing.T, body []byte, said int) {
		r := httptest.NewRequest("POST", "/", bytes.NewReader(body))
		r.Header.Set("Content-Type", "text/plain; charset=utf-8")
		r.Header.Set("Content-Encoding", "gzip")
		r.Header.Set("Webhook-Id", "b")
		r.Header.Set("Reprise-Entries", strconv.Itoa(said))
		var out bytes.Buffer
		h := receiver.New(receiver.Options{Out: &out})
		switch code := answer(h, r); code {
		case 400:
			if out.Len() > 0 {
				t.Errorf("refused, but kept %q", out.Bytes())
			}
		case 200:
			z, err := gzip.NewReader(bytes.NewReader(body))
			if err != nil {
				t.Fatal(err)
			}
			text, err := io.ReadAll(z) // every member there is
			if err != nil || !bytes.Equal(text, out.Bytes()) || bytes.Count(text, []byte("\n")) != said {
				t.Errorf("%v: kept %q of %q", err, out.Bytes(), text)
			}
		default:
			t.Errorf("answered %d", code)
		}
	})
}

func FuzzAFaultChangesNoMoreThanItSays(f *testing.F) {
	f.Add(`{"act":"GET","rt":1772798400300,"sig":"x"}`, "flip")
	f.Add(`{"event_ts":"2026-03-14T12:00:00Z"}`, "outside")
	f.Add(`{"rt":-9223372036854775808,"event_ts":"0000-01-01T00:00:00Z"}`, "outside")
	f.Add(`":"`, "flip")
	f.Fuzz(func(t *testing.T, entry, fault string) {
		what, err := receiver.ParseBreak(fault)
		if err != nil || entry == "" || strings.Contains(entry, "\n") {
			return
		}
		var out bytes.Buffer
		h := receiver.New(receiver.Options{Out: &out, Break: what})
		if code := answer(h, request(t, "b", entry+"\n")); code != 200 {
			t.Fatalf("answered %d", code)
		}
		s, got := h.Summary(), out.String()
		if n := int64(strings.Count(got, "\n")); n != s.Entries {
			t.Errorf("%d lines kept, %d counted", n, s.Entries)
		}
		switch {
		case s.Broken == "":
			if what != "" && what != receiver.Outside || got != entry+"\n" {
				t.Errorf("%s: kept %q", what, got)
			}
		case s.Broken != entry || got == entry+"\n":
			t.Errorf("%s: kept %q, broken %q", what, got, s.Broken)
		}
	})
}
