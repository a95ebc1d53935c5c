package demo

import (
	"bytes"
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"reprise/cmd/reprise/ceftext"
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
	fields, extension, err := ceftext.Header(line)
	if err != nil {
		return entry{}, err
	}
	at, err := ceftext.Moment(fields[0])
	if err != nil {
		return entry{}, err
	}
	r.members = append(r.members[:0], member{"event_ts", at})
	name := ""
	for i, key := range header() {
		text, err := ceftext.Unescape(fields[i+1], '|')
		if err != nil {
			return entry{}, fmt.Errorf("%s: %w", key, err)
		}
		r.members = append(r.members, member{key, text})
		if key == "name" {
			name = string(text)
		}
	}
	front := len(r.members)
	if r.pairs, err = ceftext.Extension(r.pairs[:0], extension); err != nil {
		return entry{}, err
	}
	for _, p := range r.pairs {
		r.members = append(r.members, member{p.Key, p.Text})
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
