// Package ceftext takes lines of ArcSight's Common Event Format apart, by CONTRACT.md §5 alone.
package ceftext

import (
	"bytes"
	"errors"
	"fmt"
	"net/url"
)

// Pair is a key of a line's extension with the text that it stands for, its escapes undone.
type Pair struct {
	Key  string
	Text []byte
}

// Header splits a line at the seven bars of its header, in which a bar of its own is escaped: what stands before the first,
// then a field each, then the extension.
func Header(line []byte) (fields [7][]byte, extension []byte, err error) {
	at, n := 0, 0
	for i := 0; i < len(line); i++ {
		switch line[i] {
		case '\\':
			i++
		case '|':
			fields[n] = line[at:i]
			at = i + 1
			if n++; n == len(fields) {
				return fields, line[at:], nil
			}
		}
	}
	return fields, nil, fmt.Errorf("has %d bars in its header, where CEF has seven", n)
}

// Moment is the event_ts of what stands before the first bar: `{event_ts} {host} CEF:0`.
func Moment(front []byte) ([]byte, error) {
	words := bytes.Split(front, []byte(" "))
	if len(words) != 3 || len(words[1]) == 0 || string(words[2]) != "CEF:0" {
		return nil, fmt.Errorf("does not begin with its time, a host and CEF:0: %.60q", front)
	}
	if !bytes.HasSuffix(words[0], []byte("Z")) {
		return nil, fmt.Errorf("has an event_ts that is not in UTC, with a Z at its end: %.40q", words[0])
	}
	return words[0], nil
}

// Extension appends the pairs of a CEF extension in the order of the line. A value ends at the last space before the next
// key, and may hold others; what is a key is told by its equals sign, for every other one is escaped.
func Extension(dst []Pair, b []byte) ([]Pair, error) {
	at := equals(b)
	if at < 0 {
		return nil, errors.New("has no key=value behind its header")
	}
	key, b := b[:at], b[at+1:]
	for {
		value, next, rest := b, []byte(nil), []byte(nil)
		at := equals(b)
		if at >= 0 {
			space := bytes.LastIndexByte(b[:at], ' ')
			if space < 0 {
				return nil, fmt.Errorf("has an equals sign in the value of %.40q that is not escaped", key)
			}
			value, next, rest = b[:space], b[space+1:at], b[at+1:]
		}
		name, err := keyOf(key)
		if err == nil {
			value, err = Unescape(value, '=')
		}
		if err != nil {
			return nil, fmt.Errorf("%.40q: %w", key, err)
		}
		dst = append(dst, Pair{name, value})
		if at < 0 {
			return dst, nil
		}
		key, b = next, rest
	}
}

// equals is where the first equals sign is that no backslash is before; -1: nowhere.
func equals(b []byte) int {
	for i := 0; i < len(b); i++ {
		switch b[i] {
		case '\\':
			i++
		case '=':
			return i
		}
	}
	return -1
}

// keyOf reads a key, a word of visible ASCII in which other bytes are percent-encoded; a percent sign alone is the empty one.
func keyOf(word []byte) (string, error) {
	if string(word) == "%" {
		return "", nil
	}
	if len(word) == 0 || bytes.ContainsFunc(word, func(r rune) bool { return r <= ' ' || r > '~' || r == '|' || r == '\\' }) {
		return "", errors.New("is no word of visible characters, as a key is")
	}
	return url.PathUnescape(string(word))
}

// Unescape reads a text in which a backslash stands before another, before the mark (a bar in the header, an equals sign in a
// value), and before n and r, which are then a newline and a carriage return. In the header an equals sign may have one, too: a
// known verifier takes the first sig= of a line for the signature.
func Unescape(b []byte, mark byte) ([]byte, error) {
	if bytes.IndexByte(b, '\r') >= 0 {
		return nil, errors.New("has a carriage return that is not escaped")
	}
	if bytes.IndexByte(b, '\\') < 0 {
		return b, nil
	}
	text := make([]byte, 0, len(b))
	for i := 0; i < len(b); i++ {
		if b[i] != '\\' {
			text = append(text, b[i])
			continue
		}
		if i++; i == len(b) {
			return nil, errors.New("ends in a backslash that nothing follows")
		}
		switch c := b[i]; {
		case c == '\\', c == mark, c == '=':
			text = append(text, c)
		case c == 'n':
			text = append(text, '\n')
		case c == 'r':
			text = append(text, '\r')
		default:
			return nil, fmt.Errorf("has an escape that CEF does not know: %q", b[i-1:i+1])
		}
	}
	return text, nil
}
