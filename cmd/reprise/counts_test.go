package main

import (
	"net/http/httptest"
	"strings"
	"testing"

	"reprise/shared/receiver"
)

func TestTheCountsAreOneLineThatStaysAtTheEnd(t *testing.T) {
	var out strings.Builder
	c := newCounts(&out, true)
	c.hook = receiver.New(receiver.Options{})
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
		r := batchOf(t, "{}\n")
		r.Header.Set("Authorization", authorization)
		hook.ServeHTTP(httptest.NewRecorder(), r)
	}
	c := newCounts(&out, true)
	c.hook = hook
	c.draw()
	if want := "\r\x1b[K0 entries in 0 batches, 0 duplicates, 0 wrong signatures, 0 bad batches, 1 unauthorized, 2 refused"; out.String() != want {
		t.Errorf("got %q, want %q", out.String(), want)
	}
}

func TestTheCountsAreNothingWhereNobodyWatches(t *testing.T) {
	var out strings.Builder
	c := newCounts(&out, false)
	c.hook = receiver.New(receiver.Options{})
	c.draw()
	c.end()
	if out.String() != "" {
		t.Errorf("got %q", out.String())
	}
}

// What is written above the counts takes their place, and they come again below it.
func TestWhatIsWrittenAboveTheCountsMakesThemStepAside(t *testing.T) {
	var screen strings.Builder
	c := newCounts(&screen, true)
	c.hook = receiver.New(receiver.Options{})
	above := c.above(&screen)
	_, _ = above.Write([]byte("first\n"))
	c.draw()
	_, _ = above.Write([]byte("second\n"))
	c.end()
	_, _ = above.Write([]byte("last\n"))
	const line = "0 entries in 0 batches, 0 duplicates, 0 wrong signatures, 0 bad batches"
	if want := "first\n\r\x1b[K" + line + "\r\x1b[Ksecond\n" + line + "\nlast\n"; screen.String() != want {
		t.Errorf("got %q, want %q", screen.String(), want)
	}
}

func TestTheEndOfListenIsASentenceForPeople(t *testing.T) {
	const line = "0 entries in 0 batches, 0 duplicates, 0 wrong signatures, 1 bad batch\n"
	const wrong = "wrong: it has 1 line, Reprise-Entries says \"2\"\n"
	for _, row := range []struct {
		watched, people bool
		want            string
	}{
		{false, true, line + wrong},
		{true, true, wrong}, // the counts stand there already
	} {
		var out strings.Builder
		c := newCounts(&strings.Builder{}, row.watched)
		c.hook = receiver.New(receiver.Options{})
		r := batchOf(t, "{}\n")
		r.Header.Set("Reprise-Entries", "2")
		c.hook.ServeHTTP(httptest.NewRecorder(), r)
		if err := c.conclude(&out, row.people); err != nil || out.String() != row.want {
			t.Errorf("%v: got %q, want %q", err, out.String(), row.want)
		}
	}
}
