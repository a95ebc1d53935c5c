package demo

import (
	"bytes"
	"fmt"
	"slices"
	"strings"
	"time"

	"reprise/cmd/reprise/lines"
	"reprise/shared/replay"
)

// named is how many problems of a kind are told with their entry; the others are counted.
const named = 3

// wrongSignature is the kind of problem that the receiver finds, too.
const wrongSignature = "wrong signature"

// wrongByOpenSSL is the kind that it found: a problem of its own, because ours must have found it, too.
const wrongByOpenSSL = "wrong signature, says openssl"

// A problem is one entry that did not arrive as it should.
type problem struct {
	Kind string // missing, duplicate, wrong signature, outside the range, altered
	File string // where Line is
	Line int64
	Text string
	Why  string // more about it; may be empty
}

// A result is what came of a comparison.
type result struct {
	Sent, SentOutside                                         int64 // entries of the sent file in the window, and those not in it
	Received, Missing, Duplicates, Outside, Altered, WrongSig int64
	Checked                                                   int64    // signatures that were checked here
	Sample                                                    [][]byte // received lines, spread over all of them
	Problems                                                  []problem
}

// OK reports whether every entry arrived, once, as it was sent.
func (r *result) OK() bool {
	return r.Missing+r.Duplicates+r.Outside+r.Altered+r.WrongSig == 0 && len(r.Problems) == 0 && r.Sent == r.Received
}

func (r *result) note(p problem) {
	same := 0
	for _, q := range r.Problems {
		if q.Kind == p.Kind {
			same++
		}
	}
	if same < named {
		p.Text = clip(p.Text)
		r.Problems = append(r.Problems, p)
	}
}

// slot is what is known of one sent entry, or of several equal ones.
type slot struct {
	line int32 // of the first of them in the sent file
	left int32 // how many of them were not received yet
}

// A comparison is one walk over what was sent, then over what was received, each read once as a stream. It keeps a fingerprint of
// each sent entry, 24 bytes, and nothing else.
type comparison struct {
	window replay.Window
	format Format
	org    string // the literal that org_id must be; empty until the first entry tells it, where nobody else did
	keys   publicKeys
	reader *reader
	slots  map[fingerprint]slot
	every  int64 // which lines go into the sample
	result result
}

// sampleEvery is which signatures are checked here once more, after the receiver checked all of them: one line in so many,
// besides every line that is wrong in another way. A check takes some 50 µs.
const sampleEvery = 20

// inSample is how many lines at most, if as many come as were sent, a program that is not ours is to check.
const inSample = 200

// compare holds the file of what was received, in a format, against the file of what was sent, entry by entry; read hears of every
// line. An empty org is that of the first entry.
func compare(sent, received, org string, f Format, w replay.Window, keys publicKeys, expected int64, read func()) (result, error) {
	c := &comparison{window: w, format: f, keys: keys, reader: newReader(f), slots: make(map[fingerprint]slot, expected), every: (expected + inSample - 1) / inSample}
	if org != "" {
		c.org = fmt.Sprintf("%q", org)
	}
	for line, err := range lines.Of(sent) {
		if err != nil {
			return result{}, err
		}
		read()
		if err := c.addSent(line); err != nil {
			return result{}, fmt.Errorf("%s, line %d: %w", sent, line.N, err)
		}
	}
	for line, err := range lines.Of(received) {
		if err != nil {
			return result{}, err
		}
		read()
		c.addReceived(received, line)
	}
	if err := c.addMissing(sent); err != nil {
		return result{}, err
	}
	return c.result, nil
}

func (c *comparison) addSent(line lines.Line) error {
	e, err := c.reader.sent(line.Text)
	if err != nil {
		return err
	}
	if !c.window.Holds(e.at()) {
		c.result.SentOutside++
		return nil
	}
	c.result.Sent++
	p := c.reader.print(e, e.hasRT, e.hasTS)
	s, ok := c.slots[p]
	if !ok {
		s.line = int32(line.N)
	}
	s.left++
	c.slots[p] = s
	return nil
}

func (c *comparison) addReceived(file string, line lines.Line) {
	if c.result.Received%c.every == 0 {
		c.result.Sample = append(c.result.Sample, bytes.Clone(line.Text))
	}
	c.result.Received++
	wrong, why := c.judge(line)
	if wrong != "" {
		c.result.note(problem{wrong, file, line.N, string(line.Text), why})
	}
	if wrong == "" && c.result.Received%sampleEvery != 1 {
		return
	}
	c.result.Checked++
	if !c.keys.verify(c.format, line.Text) {
		c.result.WrongSig++
		c.result.note(problem{wrongSignature, file, line.N, string(line.Text), ""})
	}
}

// judge names what is wrong with a received line, its signature aside, and counts it.
func (c *comparison) judge(line lines.Line) (kind, why string) {
	e, err := c.reader.received(line.Text)
	if c.org == "" {
		c.org = e.org
	}
	switch {
	case err != nil:
		c.result.Altered++
		return "altered", err.Error()
	case line.Padded:
		c.result.Altered++
		return "altered", "has white space around it"
	case !c.window.Holds(e.at()):
		c.result.Outside++
		return "outside the range", "it happened at " + e.at().Format(time.RFC3339Nano)
	case e.org != c.org || e.org == `""` || !strings.HasPrefix(e.org, `"`):
		c.result.Altered++
		return "altered", "its org_id is not the organization's"
	case !e.hasRT || !e.hasTS:
		c.result.Altered++
		return "altered", "it lacks rt or event_ts"
	}
	var taken int32 // line of a sent entry that was received already
	for _, given := range [...]struct{ rt, ts bool }{{true, true}, {true, false}, {false, true}} {
		p := c.reader.print(e, given.rt, given.ts)
		s, ok := c.slots[p]
		if !ok {
			continue
		}
		if s.left == 0 {
			taken = s.line
			continue
		}
		s.left--
		c.slots[p] = s
		if given.rt && given.ts || e.ts.Truncate(time.Millisecond).Equal(e.rt) {
			return "", ""
		}
		c.result.Altered++
		return "altered", "rt and event_ts, one made from the other, are not the same instant"
	}
	if taken != 0 {
		c.result.Duplicates++
		return "duplicate", fmt.Sprintf("line %d of what was sent, received before", taken)
	}
	c.result.Altered++
	return "altered", "no such entry was sent"
}

// addMissing counts what was never received, and names the first of it from the sent file.
func (c *comparison) addMissing(sent string) error {
	var first []int32
	for _, s := range c.slots {
		if s.left == 0 {
			continue
		}
		c.result.Missing += int64(s.left)
		i, _ := slices.BinarySearch(first, s.line)
		if i < named {
			first = slices.Insert(first, i, s.line)
			first = first[:min(len(first), named)]
		}
	}
	if len(first) == 0 {
		return nil
	}
	for line, err := range lines.Of(sent) {
		if err != nil {
			return err
		}
		if _, ok := slices.BinarySearch(first, int32(line.N)); ok {
			c.result.note(problem{"missing", sent, line.N, string(line.Text), ""})
		}
		if line.N >= int64(first[len(first)-1]) {
			break
		}
	}
	return nil
}

// clip shortens a line to what is worth showing.
func clip(text string) string {
	const most = 1000
	if len(text) <= most {
		return text
	}
	return text[:most] + "…"
}
