package demo

import (
	"bytes"
	"crypto/sha256"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"hash"
	"strconv"
	"time"

	"reprise/cmd/reprise/ceftext"
)

// A fingerprint is what two entries share exactly when they are the same entry: a SHA-256, cut to 16 bytes so that five million fit
// in memory. It is taken over every member with its literal as it is written, but for those that the service adds or may write
// in another way by contract (CONTRACT.md §5): org_id and sig are left out, rt and event_ts count as instants. In cef, which
// carries no types, a member counts with the text of its value.
//
// It is made with the standard library's JSON reader, and with a CEF reader of the demo's own, alone: what is to be checked
// here must not be checked with itself.
type fingerprint [16]byte

// An entry is one line, read for comparison.
type entry struct {
	rt, ts       time.Time   // rt and event_ts; zero where the line has none
	org, sig     string      // literals; empty where the line has none
	common       fingerprint // of all other members
	hasRT, hasTS bool
}

// reader reads entries for a demo of one format; it keeps its hash and its memory between them.
type reader struct {
	format  Format
	hash    hash.Hash
	members []member
	pairs   []ceftext.Pair // of a line of cef
	compact bytes.Buffer
}

func newReader(f Format) *reader { return &reader{format: f, hash: sha256.New()} }

// sent reads an entry as a producer wrote it. Members that the contract brings to one form are brought there:
// known keys to their type, nested values to compact text.
func (r *reader) sent(line []byte) (entry, error) {
	var err error
	if r.members, err = readMembers(r.members[:0], line); err != nil {
		return entry{}, err
	}
	r.sort()
	if r.format == cef {
		if err := r.inCEF(); err != nil {
			return entry{}, err
		}
		return r.entry(func(_ string, text []byte) []byte { return text })
	}
	return r.entry(func(key string, literal []byte) []byte {
		if literal[0] == '{' || literal[0] == '[' {
			var b bytes.Buffer
			if json.Compact(&b, literal) == nil {
				return b.Bytes()
			}
		}
		return typed(key, literal)
	})
}

// received reads an entry as the receiver got it: every literal counts as it is, and the line must have the contract's form.
func (r *reader) received(line []byte) (entry, error) {
	var err error
	switch r.format {
	case cef:
		return r.receivedCEF(line)
	case cps:
		if line, err = unwrap(line); err != nil {
			return entry{}, err
		}
	}
	if r.members, err = readMembers(r.members[:0], line); err != nil {
		return entry{}, err
	}
	if err := r.checkForm(line, r.members); err != nil {
		return entry{}, err
	}
	return r.entry(func(_ string, literal []byte) []byte { return literal })
}

// entry is what the members say, those that are not special each in the form that form gives.
func (r *reader) entry(form func(key string, literal []byte) []byte) (entry, error) {
	var e entry
	var err error
	r.hash.Reset()
	for _, m := range r.members {
		key, literal := m.key, m.literal
		switch key {
		case "org_id":
			e.org = string(literal)
		case "sig":
			e.sig = string(literal)
		case "rt":
			e.hasRT = true
			e.rt, err = instant(key, literal)
		case "event_ts":
			e.hasTS = true
			e.ts, err = instant(key, literal)
		default:
			r.add([]byte(key))
			r.add(form(key, literal))
		}
		if err != nil {
			return entry{}, err
		}
	}
	if !e.hasRT && !e.hasTS {
		return entry{}, errors.New("has neither rt nor event_ts")
	}
	e.common = r.sum()
	return e, nil
}

// add puts b behind its length, so that no two lists of members hash the same bytes.
func (r *reader) add(b []byte) {
	var size [8]byte
	binary.BigEndian.PutUint64(size[:], uint64(len(b)))
	r.hash.Write(size[:])
	r.hash.Write(b)
}

func (r *reader) sum() fingerprint {
	var full [sha256.Size]byte
	r.hash.Sum(full[:0])
	return fingerprint(full[:len(fingerprint{})])
}

// print is e's with the times that its sender gave.
func (r *reader) print(e entry, withRT, withTS bool) fingerprint {
	r.hash.Reset()
	r.hash.Write(e.common[:])
	if withRT {
		r.add(strconv.AppendInt([]byte("rt"), e.rt.UnixMilli(), 10))
	}
	if withTS {
		r.add(e.ts.AppendFormat([]byte("ts"), time.RFC3339Nano))
	}
	return r.sum()
}

// at is the instant that decides whether e is in a window: rt if there is one, else event_ts (CONTRACT.md §6).
func (e entry) at() time.Time {
	if e.hasRT {
		return e.rt
	}
	return e.ts
}

// typed brings a known key that came as another type to the contract's, where nothing is lost (CONTRACT.md §5).
func typed(key string, literal []byte) []byte {
	text := bytes.Trim(literal, `"`)
	quoted := len(text) == len(literal)-2
	switch key {
	case "severity", "cef_version", "status":
		if quoted && json.Valid(text) && (text[0] == '-' || '0' <= text[0] && text[0] <= '9') {
			return text
		}
	case "success", "granted", "kong_initiated":
		if t := string(text); quoted && (t == "true" || t == "false") {
			return text
		}
	case "event_vendor", "event_product", "event_version", "event_class_id", "name", "src", "principal_id", "user_agent",
		"request", "action", "actor_id", "act", "query", "principal_name", "portal_id":
		if len(literal) > 0 && literal[0] != '"' && literal[0] != '{' && literal[0] != '[' {
			return fmt.Appendf(nil, `"%s"`, literal)
		}
	}
	return literal
}
