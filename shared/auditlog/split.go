package auditlog

import (
	"bytes"
	"iter"
	"unicode/utf8"

	"reprise/shared/replay"
)

// SplitArray cuts the text of a JSON array into the texts of its elements, in order, without copying: they share
// body's memory. The whole must be JSON as Parse reads it; what the elements are is Parse's affair. After one element
// more than most it stops and looks no further: a caller who gets more than most refuses the body.
// Anything but a JSON array is a replay.InputError for the field "body" (CONTRACT.md §1).
func SplitArray(body []byte, most int) ([][]byte, error) {
	invalid := replay.InputError{{Field: "body", Reason: "request format is invalid"}}
	s := scanner{b: body}
	s.space()
	if s.peek() != '[' || !utf8.Valid(body) {
		return nil, invalid
	}
	s.i++
	var elements [][]byte
	for len(elements) <= most {
		more, ok := s.more(']', elements == nil)
		if !ok || !more && !s.done() {
			return nil, invalid
		}
		if !more {
			break
		}
		from := s.i
		if !s.value(0) {
			return nil, invalid
		}
		elements = append(elements, body[from:s.i:s.i])
	}
	return elements, nil
}

// SplitLines cuts NDJSON at its newlines: each line's number, from 1, with its text, which shares body's memory and
// has neither the newline nor a carriage return before it. Blank lines count, but are passed over.
func SplitLines(body []byte) iter.Seq2[int, []byte] {
	return func(yield func(int, []byte) bool) {
		n := 0
		for line := range bytes.Lines(body) {
			n++
			line = bytes.TrimSuffix(bytes.TrimSuffix(line, []byte("\n")), []byte("\r"))
			if len(bytes.Trim(line, " \t\r")) > 0 && !yield(n, line) {
				return
			}
		}
	}
}
