package main

import (
	"bytes"
	"compress/gzip"
	"net/http/httptest"
	"strings"
	"testing"

	"reprise/shared/receiver"
)

func TestTheCountsAreOneLineThatStaysAtTheEnd(t *testing.T) {
	var out strings.Builder
	c := newCounts(receiver.New(receiver.Options{}), &out, true)
	c.draw()
	c.draw() // nothing changed: nothing is written
	c.end()
	if want := "\r\x1b[K0 entries in 0 batches, 0 duplicates, 0 wrong signatures, 0 bad batches\n"; out.String() != want {
		t.Errorf("got %q, want %q", out.String(), want)
	}
}

func TestTheCountsSayWhatWasNotTaken(t *testing.T) {
	var out strings.Builder
	hook := receiver.New(receiver.Options{Authorization: "Bearer x", Answer: 503})
	for _, authorization := range []string{"Bearer y", "Bearer x", "Bearer x"} {
		var body bytes.Buffer
		z := gzip.NewWriter(&body)
		_, _ = z.Write([]byte("{}\n"))
		_ = z.Close()
		r := httptest.NewRequest("POST", "/", &body)
		r.Header.Set("Content-Type", "text/plain; charset=utf-8")
		r.Header.Set("Content-Encoding", "gzip")
		r.Header.Set("Webhook-Id", "one")
		r.Header.Set("Reprise-Entries", "1")
		r.Header.Set("Authorization", authorization)
		hook.ServeHTTP(httptest.NewRecorder(), r)
	}
	c := newCounts(hook, &out, true)
	c.draw()
	if want := "\r\x1b[K0 entries in 0 batches, 0 duplicates, 0 wrong signatures, 0 bad batches, 1 unauthorized, 2 refused"; out.String() != want {
		t.Errorf("got %q, want %q", out.String(), want)
	}
}

func TestTheCountsAreNothingWhereNobodyWatches(t *testing.T) {
	var out strings.Builder
	c := newCounts(receiver.New(receiver.Options{}), &out, false)
	c.draw()
	c.end()
	if out.String() != "" {
		t.Errorf("got %q", out.String())
	}
}
