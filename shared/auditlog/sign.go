package auditlog

import (
	"bytes"
	"crypto/ed25519"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"time"
)

// Key signs entries.
type Key struct {
	ID      string // kid of the JWKS
	Private ed25519.PrivateKey
	Made    time.Time
}

// PublicKey is what a JWKS shows of a key.
type PublicKey struct {
	ID     string
	Public ed25519.PublicKey
}

// NewKey makes a key from random; its ID is the RFC 7638 thumbprint of its public half.
func NewKey(random io.Reader, now time.Time) (Key, error) {
	seed := make([]byte, ed25519.SeedSize)
	if _, err := io.ReadFull(random, seed); err != nil {
		return Key{}, fmt.Errorf("make a signing key: read randomness: %w", err)
	}
	k := Key{Private: ed25519.NewKeyFromSeed(seed), Made: now.UTC().Truncate(time.Millisecond)}
	k.ID = thumbprint(k.Public().Public)
	return k, nil
}

// Public is the half that everybody may know.
func (k Key) Public() PublicKey {
	return PublicKey{ID: k.ID, Public: k.Private.Public().(ed25519.PublicKey)}
}

// String names the key; nothing that prints or logs a Key shows more of it, as long as it can be seen that it is one:
// fmt does not ask what lies in an unexported field.
func (k Key) String() string { return "signing key " + k.ID }

// Format writes String for every verb: %d would show the private half otherwise.
func (k Key) Format(f fmt.State, _ rune) { _, _ = io.WriteString(f, k.String()) }

// LogValue is String.
func (k Key) LogValue() slog.Value { return slog.StringValue(k.String()) }

// MarshalJSON refuses: a key that goes out loses its secret, and one stored without its private half loses its use.
func (k Key) MarshalJSON() ([]byte, error) {
	return nil, errors.New("a signing key is a secret: it has no JSON form")
}

// What stands around a signature in the json format (CONTRACT.md §5).
const (
	sealOpen  = `,"sig":"`
	sealClose = `"}`
	sealText  = (ed25519.SignatureSize*8 + 5) / 6 // base64 without padding: 86 characters
)

// SignatureSize is how many bytes Sign adds to an entry's Raw: `,"sig":"` + 86 characters + `"`.
const SignatureSize = 95

// Sign appends e in the json format to dst: its canonical object with sig as the last member, no newline (CONTRACT.md §5).
// E must be as Parse made it.
func (k Key) Sign(dst []byte, e Entry) []byte {
	dst = append(dst, e.Raw[:len(e.Raw)-1]...)
	dst = append(dst, sealOpen...)
	dst = base64.RawURLEncoding.AppendEncode(dst, ed25519.Sign(k.Private, e.Raw))
	return append(dst, sealClose...)
}

// verifies reports whether a signature over signed is k's.
func (k PublicKey) verifies(signed, signature []byte) bool {
	return len(k.Public) == ed25519.PublicKeySize && ed25519.Verify(k.Public, signed, signature)
}

// unsealJSON takes a line of the json format apart: the object that was signed, and the signature in its last member.
func unsealJSON(line []byte) (signed, signature []byte, ok bool) {
	object, found := bytes.CutSuffix(line, []byte(sealClose))
	if !found || len(object) < len(sealOpen)+sealText {
		return nil, nil, false
	}
	object, text := object[:len(object)-sealText], object[len(object)-sealText:]
	if object, found = bytes.CutSuffix(object, []byte(sealOpen)); !found {
		return nil, nil, false
	}
	if signature, ok = unbase64(text, ed25519.SignatureSize); !ok {
		return nil, nil, false
	}
	return append(append(make([]byte, 0, len(object)+1), object...), '}'), signature, true
}

// unbase64 reads size bytes from their one spelling in base64url without padding. The standard decoder passes over
// newlines and ignores the last character's spare bits: a line could be changed and still verify.
func unbase64(text []byte, size int) (decoded []byte, ok bool) {
	decoded, err := base64.RawURLEncoding.AppendDecode(make([]byte, 0, size), text)
	if err != nil || len(decoded) != size {
		return nil, false
	}
	again := base64.RawURLEncoding.AppendEncode(make([]byte, 0, len(text)), decoded)
	return decoded, bytes.Equal(again, text)
}
