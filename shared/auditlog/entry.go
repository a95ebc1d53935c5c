package auditlog

import (
	"bytes"
	"slices"
	"time"
	"unicode/utf8"

	"reprise/shared/replay"
)

// Entry is one audit entry in its canonical form (CONTRACT.md §5).
type Entry struct {
	At  time.Time // rt if given, else event_ts; UTC, floored to milliseconds
	Raw []byte    // canonical JSON object, unsigned
}

// MaxEntry is the longest line, in bytes: a chunk that ends in one still fits a stored item of 400 KB, compressed or not
// (CONTRACT.md §6, DESIGN.md §4).
const MaxEntry = 128 << 10

// Parse reads one JSON object as a producer of org sent it at now, and brings it to the canonical form.
// What breaks a rule of CONTRACT.md §5 or §6 is a replay.InputError whose fields are the entry's keys
// ("entry" where it is no JSON object at all, or too large). The Entry shares no memory with line.
func Parse(line []byte, org string, now time.Time) (Entry, error) {
	if len(line) > MaxEntry {
		return Entry{}, tooLarge()
	}
	var room [32]member // on the stack: more members than any kind of entry has
	members, err := read(line, room[:0])
	if err != nil {
		return Entry{}, err
	}
	d, at, err := draft(members).complete(org, now)
	if err != nil {
		return Entry{}, err
	}
	raw := d.write()
	if len(raw) > MaxEntry {
		return Entry{}, tooLarge()
	}
	return Entry{At: at, Raw: raw}, nil
}

// At is the instant of a canonical line, signed or not: the Entry.At it had. It is for telling whether the line lies in
// a window without checking the line; ok is false where it has no rt, which no canonical line lacks.
func At(line []byte) (at time.Time, ok bool) {
	s := scanner{b: line}
	if s.peek() != '{' {
		return time.Time{}, false
	}
	s.i++
	for first := true; ; first = false {
		if more, _ := s.more('}', first); !more {
			return time.Time{}, false
		}
		key, _, ok := s.key()
		from := s.i
		if !ok || !s.value(1) {
			return time.Time{}, false
		}
		if string(key) == "rt" {
			return instant(line[from:s.i])
		}
	}
}

// member is one member of the object: its key as it is meant, its value as it is to be written.
type member struct {
	key, value []byte
	escaped    bool // the key came with escapes, so that what is written must be made
	spaced     bool // whitespace is in the value, outside of its strings
	placed     bool // in a line of CEF, which has another order
}

// read scans the whole line and gives the object's members in the order they came in.
func read(line []byte, members []member) ([]member, error) {
	const want = "must be a JSON object"
	if !utf8.Valid(line) {
		return nil, wrong("entry", "must be valid UTF-8")
	}
	s := scanner{b: line}
	if s.space(); s.peek() != '{' {
		return nil, wrong("entry", want)
	}
	s.i++
	for {
		more, ok := s.more('}', len(members) == 0)
		if !more {
			if ok = ok && s.done(); !ok {
				return nil, wrong("entry", want+": "+s.complaint())
			}
			return members, nil
		}
		inside, escaped, ok := s.key()
		s.spaced = false
		from := s.i
		if !ok || !s.value(1) {
			return nil, wrong("entry", want+": "+s.complaint())
		}
		m := member{key: inside, value: line[from:s.i], escaped: escaped, spaced: s.spaced}
		if escaped {
			m.key = decode(inside)
		}
		members = append(members, m)
	}
}

// draft is an entry on its way to the canonical form. Its methods hand it on by value, so that it can stay on the stack.
type draft []member

// complete puts the members in byte order of their keys, applies the rules of CONTRACT.md §5 and §6, and adds what the
// producer may leave out.
func (d draft) complete(org string, now time.Time) (draft, time.Time, error) {
	d.sort()
	for _, rule := range [...]func() error{d.once, d.required, func() error { return d.typed(org) }} {
		if err := rule(); err != nil {
			return nil, time.Time{}, err
		}
	}
	d, at, err := d.dated(now)
	if err != nil {
		return nil, time.Time{}, err
	}
	if _, given := d.given("org_id"); !given {
		d = d.put("org_id", quote(org))
	}
	return d, at, nil
}

// sort puts the members in byte order of their keys. So few as an entry has take a third of the time by insertion.
func (d draft) sort() {
	const few = 32
	if len(d) > few {
		slices.SortFunc(d, func(m, n member) int { return bytes.Compare(m.key, n.key) })
		return
	}
	for i, m := range d {
		for ; i > 0 && string(m.key) < string(d[i-1].key); i-- {
			d[i] = d[i-1]
		}
		d[i] = m
	}
}

// put adds a member whose key is not there yet.
func (d draft) put(key string, value []byte) draft {
	i := 0
	for i < len(d) && string(d[i].key) < key {
		i++
	}
	return slices.Insert(d, i, member{key: []byte(key), value: value})
}

func (d draft) write() []byte {
	size := len(`{}`)
	for _, m := range d {
		size += len(m.key) + len(m.value) + len(`"":,`)
	}
	raw := append(make([]byte, 0, size), '{')
	for i, m := range d {
		if i > 0 {
			raw = append(raw, ',')
		}
		if m.escaped {
			raw = appendText(raw, m.key)
		} else {
			raw = append(append(append(raw, '"'), m.key...), '"')
		}
		raw = append(raw, ':')
		if m.spaced {
			raw = compact(raw, m.value)
		} else {
			raw = append(raw, m.value...)
		}
	}
	return append(raw, '}')
}

func invalid(field, rule, reason string) replay.Invalid {
	return replay.Invalid{Field: field, Rule: rule, Reason: reason}
}

func wrong(field, reason string) error {
	return replay.InputError{invalid(field, replay.RuleInvalid, reason)}
}

func tooLarge() error {
	return replay.InputError{invalid("entry", replay.RuleTooLarge, "must be at most 128 KiB")}
}
