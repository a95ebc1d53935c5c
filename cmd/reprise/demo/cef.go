package demo

import (
	"bytes"
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"net/url"
	"slices"
	"strconv"
	"strings"
)

// header is the fields of a CEF header behind its version, in their order, by their keys in an entry (CONTRACT.md §5).
func header() []string {
	return []string{"event_vendor", "event_product", "event_version", "event_class_id", "name", "severity"}
}

// order is how the keys that an entry's kind knows follow each other in the extension; all others come behind them, in byte
// order, and sig behind those (CONTRACT.md §5).
func order(name string) []string {
	switch {
	case strings.HasPrefix(name, "AUTHENTICATION_OUTCOME_"):
		return strings.Fields("rt src request success org_id portal_id principal_id trace_id user_agent")
	case strings.HasPrefix(name, "Authz."):
		return strings.Fields("rt src action granted org_id principal_id actor_id trace_id user_agent")
	case name == "Ingress":
		return strings.Fields("rt src request act status org_id principal_id user_agent trace_id query")
	default:
		return strings.Fields("rt src org_id")
	}
}

// inCEF brings the members of a sent entry to what cef keeps of them: the text of each, a word for each field of the header
// that was not given, and no version, which is CEF's own there.
func (r *reader) inCEF() error {
	kept := r.members[:0]
	missing := header()
	for _, m := range r.members {
		text, err := textOf(m.literal)
		if err != nil {
			return fmt.Errorf("%q: %w", m.key, err)
		}
		if i := slices.Index(missing, m.key); i >= 0 {
			missing = slices.Delete(missing, i, i+1)
		}
		if m.key != "cef_version" {
			kept = append(kept, member{m.key, text})
		}
	}
	for _, key := range missing {
		kept = append(kept, member{key, []byte("Unknown")})
	}
	r.members = kept
	r.sort()
	return nil
}

// sort puts the members in byte order of their keys.
func (r *reader) sort() {
	slices.SortFunc(r.members, func(a, b member) int { return cmp.Compare(a.key, b.key) })
}

// textOf is a value as CEF has it: what a string means, any other literal as it is, without spaces.
func textOf(literal []byte) ([]byte, error) {
	switch literal[0] {
	case '"':
		if bytes.IndexByte(literal, '\\') < 0 {
			return literal[1 : len(literal)-1], nil
		}
		var s string
		err := json.Unmarshal(literal, &s)
		return []byte(s), err
	case '{', '[':
		var b bytes.Buffer
		err := json.Compact(&b, literal)
		return b.Bytes(), err
	}
	return literal, nil
}

// receivedCEF is received for a line of the cef format.
func (r *reader) receivedCEF(line []byte) (entry, error) {
	fields, extension, err := cutHeader(line)
	if err != nil {
		return entry{}, err
	}
	at, err := moment(fields[0])
	if err != nil {
		return entry{}, err
	}
	r.members = append(r.members[:0], member{"event_ts", at})
	name := ""
	for i, key := range header() {
		text, err := unescape(fields[i+1], '|')
		if err != nil {
			return entry{}, fmt.Errorf("%s: %w", key, err)
		}
		r.members = append(r.members, member{key, text})
		if key == "name" {
			name = string(text)
		}
	}
	front := len(r.members)
	if r.members, err = readExtension(r.members, extension); err != nil {
		return entry{}, err
	}
	if err := checkOrder(r.members[front:], order(name)); err != nil {
		return entry{}, err
	}
	for i, m := range r.members[front:] {
		switch {
		case m.key == "event_ts", m.key == "cef_version", slices.Contains(header(), m.key):
			return entry{}, fmt.Errorf("has %s, which is the header's, behind it", m.key)
		case m.key == "org_id":
			r.members[front+i].literal = strconv.AppendQuote(nil, string(m.literal))
		}
	}
	r.sort()
	return r.entry(func(_ string, text []byte) []byte { return text })
}

// cutHeader splits a line at the seven bars of its header, in which a bar of its own is escaped: what stands before the first,
// then a field each, then the extension.
func cutHeader(line []byte) (fields [7][]byte, extension []byte, err error) {
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

// moment is the event_ts of what stands before the first bar: `{event_ts} {host} CEF:0`.
func moment(front []byte) ([]byte, error) {
	words := bytes.Split(front, []byte(" "))
	if len(words) != 3 || len(words[1]) == 0 || string(words[2]) != "CEF:0" {
		return nil, fmt.Errorf("does not begin with its time, a host and CEF:0: %.60q", front)
	}
	if !bytes.HasSuffix(words[0], []byte("Z")) {
		return nil, fmt.Errorf("has an event_ts that is not in UTC, with a Z at its end: %.40q", words[0])
	}
	return words[0], nil
}

// readExtension appends the members of a CEF extension in the order of the line. A value ends at the last space before the next
// key, and may hold others; what is a key is told by its equals sign, for every other one is escaped.
func readExtension(dst []member, b []byte) ([]member, error) {
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
			value, err = unescape(value, '=')
		}
		if err != nil {
			return nil, fmt.Errorf("%.40q: %w", key, err)
		}
		dst = append(dst, member{name, value})
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

// unescape reads a text in which a backslash stands before another, before the mark (a bar in the header, an equals sign in a
// value), and before n and r, which are then a newline and a carriage return. In the header an equals sign may have one, too: a
// known verifier takes the first sig= of a line for the signature.
func unescape(b []byte, mark byte) ([]byte, error) {
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

// checkOrder holds the members of an extension against the order of the known ones, sig last.
func checkOrder(members []member, known []string) error {
	n := len(members)
	if n == 0 || members[n-1].key != "sig" {
		return errors.New("has no sig as its last key")
	}
	place := func(key string) int {
		if i := slices.Index(known, key); i >= 0 {
			return i
		}
		return len(known)
	}
	for i := 1; i < n-1; i++ {
		a, b := members[i-1].key, members[i].key
		if a == "sig" || b == "sig" { // the last is one, too
			return errors.New(`has the key "sig" twice`)
		}
		if order := cmp.Or(cmp.Compare(place(a), place(b)), cmp.Compare(a, b)); order == 0 {
			return fmt.Errorf("has the key %.40q twice", a)
		} else if order > 0 {
			return fmt.Errorf("has its keys out of order: %.40q behind %.40q", b, a)
		}
	}
	return nil
}
