package auditlog

import (
	"bytes"
	"crypto/ed25519"
	"encoding/base64"
	"errors"
	"fmt"
	"strings"
)

var (
	errNoEventTS = errors.New("it has no event_ts")
	errCannot    = errors.New("the key cannot sign")
)

const (
	cefVersion = "CEF:0" // cef_version is 0 or not given
	cefSeal    = " sig="
	// cefUnknown stands in the header for what the entry does not say. ArcSight has the word for a severity; parsers refuse
	// a line with a blank there.
	cefUnknown = "Unknown"
)

// DefaultHost is the host of CEF lines where nobody set another.
const DefaultHost = "reprise"

// The order of keys, each kind's own; what an entry does not have is left out (CONTRACT.md §5).
const (
	cefAuthentication = "rt src request success org_id portal_id principal_id trace_id user_agent"
	cefAuthorization  = "rt src action granted org_id principal_id actor_id trace_id user_agent"
	cefAccess         = "rt src request act status org_id principal_id user_agent trace_id query"
	cefOther          = "rt src org_id"
)

// cefHeader is the header behind the version, in its order.
const cefHeader = "event_vendor event_product event_version event_class_id name severity"

// CheckHost says what is wrong with a host for CEF lines, if anything: 1 to 253 letters, digits, dots, hyphens, underscores
// and colons, so that no reader of the line takes it for two words.
func CheckHost(host string) error {
	strange := func(r rune) bool {
		return (r < 'a' || 'z' < r) && (r < 'A' || 'Z' < r) && (r < '0' || '9' < r) && !strings.ContainsRune(".-_:", r)
	}
	if host == "" || len(host) > 253 || strings.ContainsFunc(host, strange) {
		return fmt.Errorf("%q must be 1 to 253 letters, digits, dots, hyphens, underscores and colons", host)
	}
	return nil
}

// cef appends a line of ArcSight's Common Event Format: the entry anew, and a signature of its own.
func (s Scribe) cef(dst, line []byte) ([]byte, error) {
	if len(s.Key.Private) != ed25519.PrivateKeySize {
		return dst, fmt.Errorf("write an entry as CEF: %w", errCannot)
	}
	var room [32]member
	members, err := read(line, room[:0])
	if err != nil {
		return dst, fmt.Errorf("write an entry as CEF: %w", err)
	}
	d := draft(members)
	from := len(dst)
	ts, ok := d.place("event_ts")
	if !ok {
		return dst, fmt.Errorf("write an entry as CEF: %w", errNoEventTS)
	}
	order := d.cefOrder()
	dst = appendCEF(dst, ts, inHeader)
	dst = append(dst, ' ')
	dst = append(dst, s.Host...)
	dst = append(dst, " "+cefVersion...)
	for key := range strings.FieldsSeq(cefHeader) {
		dst = append(dst, '|')
		if text, ok := d.place(key); ok {
			dst = appendCEF(dst, text, inHeader)
		} else {
			dst = append(dst, cefUnknown...)
		}
	}
	d.place("cef_version")
	d.place("sig")
	space := byte('|') // before the first pair
	for key := range strings.FieldsSeq(order) {
		if text, ok := d.place(key); ok {
			dst = appendCEF(append(append(append(dst, space), key...), '='), text, inValue)
			space = ' '
		}
	}
	for _, m := range d {
		if !m.placed {
			dst = appendCEF(append(appendCEFKey(append(dst, space), m.key), '='), textOf(m.value), inValue)
			space = ' '
		}
	}
	signature := ed25519.Sign(s.Key.Private, dst[from:])
	return base64.RawURLEncoding.AppendEncode(append(dst, cefSeal...), signature), nil
}

// unsealCEF takes a line of cef apart: the last sig= is the signature, as is the first, since no other can be in a line.
func unsealCEF(line []byte) (signed, signature []byte, ok bool) {
	if len(line) < len(cefSeal)+sealText {
		return nil, nil, false
	}
	head, text := line[:len(line)-sealText], line[len(line)-sealText:]
	if signed, ok = bytes.CutSuffix(head, []byte(cefSeal)); !ok {
		return nil, nil, false
	}
	signature, ok = unbase64(text, ed25519.SignatureSize)
	return signed, signature, ok
}

// cefOrder is the order of the entry's kind.
func (d draft) cefOrder() string {
	var name []byte
	if m, ok := d.given("name"); ok {
		name = textOf(m.value)
	}
	switch {
	case bytes.HasPrefix(name, []byte("AUTHENTICATION_OUTCOME_")):
		return cefAuthentication
	case bytes.HasPrefix(name, []byte("Authz.")):
		return cefAuthorization
	case string(name) == "Ingress":
		return cefAccess
	default:
		return cefOther
	}
}

// place is the text of a key that is about to be written, and not again.
func (d draft) place(key string) (text []byte, ok bool) {
	m, ok := d.given(key)
	if !ok {
		return nil, false
	}
	m.placed = true
	return textOf(m.value), true
}

// textOf is a value as CEF has it, which knows texts alone: a string's meaning, else the JSON text.
func textOf(value []byte) []byte {
	inside, _ := unquote(value)
	return inside
}

// What is escaped beside the backslash and line ends.
const (
	inHeader = '|'
	inValue  = '='
)

// appendCEF escapes as ArcSight CEF does. Two things are ours, both in the header: it has no escape there for line ends, but
// a line must stay one; nor for an equals sign, but readers take the first "sig=" of a line for the signature.
func appendCEF(dst, text []byte, special byte) []byte {
	from := 0
	for i, c := range text {
		escape := c
		switch {
		case c == '\\', c == special:
		case c == '\n':
			escape = 'n'
		case c == '\r':
			escape = 'r'
		case c == '=' && bytes.HasSuffix(text[:i], []byte("sig")):
		default:
			continue
		}
		dst = append(dst, text[from:i]...)
		dst = append(dst, '\\', escape)
		from = i + 1
	}
	return append(dst, text[from:]...)
}

// appendCEFKey writes a key's name. ArcSight has no escape there: what would end the name, or would not be seen in it, is
// percent-encoded as in URLs (RFC 3986 §2.1). So is the g of a name that ends in sig, which only the signature's may. A
// percent sign alone is the empty name.
func appendCEFKey(dst, key []byte) []byte {
	const digits = "0123456789ABCDEF"
	if len(key) == 0 {
		return append(dst, '%')
	}
	for i, c := range key {
		seal := i == len(key)-1 && bytes.HasSuffix(key, []byte("sig"))
		if c <= ' ' || c > '~' || c == '%' || c == '=' || c == '|' || c == '\\' || seal {
			dst = append(dst, '%', digits[c>>4], digits[c&15])
			continue
		}
		dst = append(dst, c)
	}
	return dst
}
