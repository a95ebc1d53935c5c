package auditlog

import (
	"bytes"
	"fmt"
)

// Format is how lines are written for a receiver (CONTRACT.md §5).
type Format string

// The formats of the contract.
const (
	JSON Format = "json"
	CEF  Format = "cef"
	CPS  Format = "cps"
)

// Formats is every one, the default first: what a webhook may be told, and what there are golden files and stories for.
func Formats() []Format { return []Format{CEF, JSON, CPS} }

// Scribe writes stored lines as a receiver gets them.
type Scribe struct {
	Format Format
	Host   string // what a CEF line says after its time, see CheckHost; of no use to the others
	Key    Key    // signs CEF lines; the others keep the signature that they were stored with
}

// What cps puts around a stored line.
const (
	wrapOpen  = `{"event":`
	wrapClose = `}`
)

// Write appends the receiver's line to dst, without a newline, given a line as Sign made it, without one. It fails where
// that is no such line, for a format that is none of the contract's, and where CEF is to be signed with a key that cannot;
// dst is then returned as it came.
func (s Scribe) Write(dst, line []byte) ([]byte, error) {
	switch s.Format {
	case JSON:
		return append(dst, line...), nil
	case CPS:
		dst = append(dst, wrapOpen...)
		dst = append(dst, line...)
		return append(dst, wrapClose...), nil
	case CEF:
		return s.cef(dst, line)
	default:
		return dst, fmt.Errorf("write an entry: there is no format %q", s.Format)
	}
}

// Verify checks a line of any format (without its newline) against the keys, and returns the bytes that were signed. Which
// format it is shows in its shape. It looks for a signature nowhere but where Sign and Scribe put it, and takes no other
// spelling of it.
func Verify(line []byte, keys []PublicKey) (signed []byte, ok bool) {
	signed, signature, ok := unseal(line)
	if !ok {
		return nil, false
	}
	for _, k := range keys {
		if k.verifies(signed, signature) {
			return signed, true
		}
	}
	return nil, false
}

// Signed is the bytes of a line of any format that were signed, by whomever: nothing is checked but the line's shape.
func Signed(line []byte) (signed []byte, ok bool) {
	signed, _, ok = unseal(line)
	return signed, ok
}

// unseal takes a line apart. What was signed begins with a brace in json and cps, and never does in CEF: so a signature of
// one is none of the other.
func unseal(line []byte) (signed, signature []byte, ok bool) {
	object := line
	if inner, ok := bytes.CutSuffix(line, []byte(sealClose+wrapClose)); ok { // no json line ends so: its sig is a string, not in an object
		object, ok = bytes.CutPrefix(line[:len(inner)+len(sealClose)], []byte(wrapOpen))
		if !ok {
			return nil, nil, false
		}
	}
	if len(object) > 0 && object[0] == '{' {
		return unsealJSON(object)
	}
	return unsealCEF(line)
}
