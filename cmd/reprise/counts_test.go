package main

import (
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

func TestTheCountsAreNothingWhereNobodyWatches(t *testing.T) {
	var out strings.Builder
	c := newCounts(receiver.New(receiver.Options{}), &out, false)
	c.draw()
	c.end()
	if out.String() != "" {
		t.Errorf("got %q", out.String())
	}
}
