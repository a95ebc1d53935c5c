package demo

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
)

// A member is a key of an entry's top level with the literal of its value, which is a part of the line.
type member struct {
	key     string // decoded
	literal []byte
}

// readMembers appends the members of an object in the order of the line, a key that comes twice twice. It is not the service's
// own reader: see fingerprint.
func readMembers(dst []member, line []byte) ([]member, error) {
	d := json.NewDecoder(bytes.NewReader(line))
	if t, err := d.Token(); err != nil || t != json.Delim('{') {
		return dst, errors.New("is no JSON object")
	}
	var value json.RawMessage
	for d.More() {
		key, err := d.Token()
		if err == nil {
			err = d.Decode(&value)
		}
		if err != nil {
			return dst, fmt.Errorf("is no JSON object: %w", err)
		}
		end := int(d.InputOffset())
		dst = append(dst, member{key.(string), line[end-len(value) : end]}) // Token gives no key that is no string
	}
	if _, err := d.Token(); err != nil {
		return dst, fmt.Errorf("is no JSON object: %w", err)
	}
	if _, err := d.Token(); !errors.Is(err, io.EOF) {
		return dst, errors.New("has something behind its JSON object")
	}
	return dst, nil
}

// checkForm holds a received line against the form that the contract gives it (CONTRACT.md §5): keys once and in byte order,
// sig behind them all, no spaces, rt a number, event_ts in UTC. The error completes the sentence "the line ...".
func (r *reader) checkForm(line []byte, members []member) error {
	r.compact.Reset()
	if err := json.Compact(&r.compact, line); err != nil {
		return fmt.Errorf("is no JSON object: %w", err)
	}
	if !bytes.Equal(r.compact.Bytes(), line) {
		return errors.New("has white space between its literals")
	}
	if n := len(members); n == 0 || members[n-1].key != "sig" {
		return errors.New("has no sig as its last member")
	}
	for i, m := range members {
		switch {
		case m.key == "rt" && m.literal[0] == '"':
			return errors.New("has an rt that is a string")
		case m.key == "event_ts" && !bytes.HasSuffix(m.literal, []byte(`Z"`)):
			return fmt.Errorf("has an event_ts that is not in UTC, with a Z at its end: %.40s", m.literal)
		case m.key == "sig" && i < len(members)-1: // the last is one, too
			return errors.New(`has the key "sig" twice`)
		case i == 0 || i == len(members)-1: // any key may stand before the last sig
		case m.key == members[i-1].key:
			return fmt.Errorf("has the key %.40q twice", m.key)
		case m.key < members[i-1].key:
			return fmt.Errorf("has its keys out of order: %.40q behind %.40q", m.key, members[i-1].key)
		}
	}
	return nil
}
