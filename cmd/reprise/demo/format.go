package demo

import (
	"bytes"
	"crypto/ed25519"
	"encoding/base64"
	"errors"
)

// Format is how the receiver gets its lines (CONTRACT.md §5).
type Format string

const (
	plain Format = "json"
	cef   Format = "cef"
	cps   Format = "cps"
)

// extension is of a file of such lines.
func (f Format) extension() string {
	if f == cef {
		return "cef"
	}
	return "ndjson"
}

// What stands around the object of a line in the cps format.
const (
	wrapOpen  = `{"event":`
	wrapClose = `}`
)

// unwrap is the object of a line in the cps format.
func unwrap(line []byte) ([]byte, error) {
	inner, opened := bytes.CutPrefix(line, []byte(wrapOpen))
	inner, closed := bytes.CutSuffix(inner, []byte(wrapClose))
	if !opened || !closed {
		return nil, errors.New(`is no object in {"event":…}`)
	}
	return inner, nil
}

// unseal splits a line into what was signed and the signature, by the contract's words alone (§5): in json and cps the object
// without its last member, sig, its brace kept; in cef all before the first sig=, which is where a known verifier looks for it.
func (f Format) unseal(line []byte) (signed, signature []byte, ok bool) {
	const begin, end = `,"sig":"`, `"}`
	size := base64.RawURLEncoding.EncodedLen(ed25519.SignatureSize)
	var text []byte
	switch f {
	case cef:
		before, after, _ := bytes.Cut(line, []byte("sig="))
		if signed, ok = bytes.CutSuffix(before, []byte(" ")); !ok || len(after) != size {
			return nil, nil, false
		}
		text = after
	case cps:
		inner, err := unwrap(line)
		if err != nil {
			return nil, nil, false
		}
		return plain.unseal(inner)
	default:
		cut := len(line) - len(begin) - size - len(end)
		if cut < 1 || !bytes.HasPrefix(line[cut:], []byte(begin)) || !bytes.HasSuffix(line, []byte(end)) {
			return nil, nil, false
		}
		signed, text = append(bytes.Clone(line[:cut]), '}'), line[cut+len(begin):len(line)-len(end)]
	}
	signature, err := base64.RawURLEncoding.DecodeString(string(text))
	return signed, signature, err == nil
}
