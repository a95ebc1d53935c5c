package main

import (
	"encoding/json"
	"fmt"
	"io"
	"os"
	"strings"
	"sync"

	"golang.org/x/term"

	"reprise/cmd/reprise/meter"
	"reprise/cmd/reprise/tail"
	"reprise/cmd/reprise/words"
	"reprise/shared/receiver"
)

// counts is a line on a terminal that shows what a receiver got so far; elsewhere it is nothing. What else is to be seen there is
// written through it.
type counts struct {
	hook  *receiver.Receiver
	out   io.Writer // nil where nobody watches
	mu    sync.Mutex
	shown string
}

func newCounts(out io.Writer, watched bool) *counts {
	if !watched {
		out = nil
	}
	return &counts{out: out}
}

// eraseLine goes to the line's start, and erases what was there (ECMA-48 EL).
const eraseLine = "\r\x1b[K"

// draw writes the line anew if it changed.
func (c *counts) draw() {
	if c.out == nil || c.hook == nil {
		return
	}
	s := c.hook.Summary() // before the lock: a receiver writes through above while it holds its own
	c.mu.Lock()
	defer c.mu.Unlock()
	line := counted(s)
	if room := width(c.out); room > 0 && len(line) >= room {
		line = line[:room-1] // a second row would stay behind
	}
	if line != c.shown {
		_, _ = fmt.Fprint(c.out, eraseLine, line)
		c.shown = line
	}
}

// counted is what a receiver got, as one line.
func counted(s receiver.Summary) string {
	line := fmt.Sprintf("%s in %s, %s, %s, %s", words.Count(s.Entries, "entry"), words.Count(s.Batches, "batch"), words.Count(s.Duplicates, "duplicate"),
		words.Count(s.WrongSignatures, "wrong signature"), words.Count(s.BadBatches, "bad batch"))
	if s.Unauthorized > 0 {
		line += fmt.Sprintf(", %s unauthorized", meter.Commas(s.Unauthorized))
	}
	if s.Refused > 0 {
		line += fmt.Sprintf(", %s refused", meter.Commas(s.Refused))
	}
	return line
}

// conclude tells the whole summary: people the counts, unless they stand on their terminal already, with what was wrong, programs
// one line of JSON.
func (c *counts) conclude(to io.Writer, people bool) error {
	s := c.hook.Summary()
	if !people {
		return json.NewEncoder(to).Encode(s)
	}
	var text strings.Builder
	if c.out == nil {
		text.WriteString(counted(s) + "\n")
	}
	for _, w := range s.Wrong {
		text.WriteString("wrong: " + tail.Printable(w.Why))
		if w.Line != "" {
			text.WriteString(": " + tail.Printable(w.Line))
		}
		text.WriteString("\n")
	}
	if s.Broken != "" {
		text.WriteString("--break was done to " + tail.Printable(s.Broken) + "\n")
	}
	_, err := io.WriteString(to, text.String())
	return err
}

// width is how many columns a terminal has; 0 where that is not known.
func width(w io.Writer) int {
	f, ok := w.(*os.File)
	if !ok {
		return 0
	}
	columns, _, err := term.GetSize(int(f.Fd()))
	if err != nil {
		return 0
	}
	return columns
}

// end leaves the last line standing.
func (c *counts) end() {
	c.draw()
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.shown != "" {
		_, _ = fmt.Fprintln(c.out)
		c.shown = ""
	}
}

// above is a writer of whole lines to w, which may be the same terminal: the counts make room, and come again below.
func (c *counts) above(w io.Writer) io.Writer { return above{c, w} }

type above struct {
	c *counts
	w io.Writer
}

func (a above) Write(b []byte) (int, error) {
	a.c.mu.Lock()
	defer a.c.mu.Unlock()
	if a.c.shown == "" {
		return a.w.Write(b)
	}
	_, _ = fmt.Fprint(a.c.out, eraseLine)
	n, err := a.w.Write(b)
	_, _ = fmt.Fprint(a.c.out, a.c.shown)
	return n, err
}
