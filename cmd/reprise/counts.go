package main

import (
	"fmt"
	"io"

	"reprise/shared/receiver"
)

// counts is a line on a terminal that shows what a receiver got so far; elsewhere it is nothing.
type counts struct {
	hook  *receiver.Receiver
	out   io.Writer // nil where nobody watches
	shown string
}

func newCounts(hook *receiver.Receiver, out io.Writer, watched bool) *counts {
	if !watched {
		out = nil
	}
	return &counts{hook: hook, out: out}
}

// draw writes the line anew if it changed.
func (c *counts) draw() {
	if c.out == nil {
		return
	}
	s := c.hook.Summary()
	line := fmt.Sprintf("%d entries in %d batches, %d duplicates, %d wrong signatures, %d bad batches",
		s.Entries, s.Batches, s.Duplicates, s.WrongSignatures, s.BadBatches)
	if s.Unauthorized > 0 {
		line += fmt.Sprintf(", %d unauthorized", s.Unauthorized)
	}
	if s.Refused > 0 {
		line += fmt.Sprintf(", %d refused", s.Refused)
	}
	if line != c.shown {
		_, _ = fmt.Fprintf(c.out, "\r\x1b[K%s", line) // from the line's start, what was there erased (ECMA-48 EL)
		c.shown = line
	}
}

// end leaves the last line standing.
func (c *counts) end() {
	c.draw()
	if c.shown != "" {
		_, _ = fmt.Fprintln(c.out)
	}
}
