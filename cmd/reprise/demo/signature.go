package demo

import (
	"crypto/ed25519"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"strings"
)

// publicKeys are those of a JWKS. They are read here with the standard library alone, and so are signatures: the service's
// own way of doing it is what is being checked.
type publicKeys []ed25519.PublicKey

func readKeys(jwks []byte) (publicKeys, error) {
	var set struct {
		Keys []struct{ Kty, Crv, X string }
	}
	if err := json.Unmarshal(jwks, &set); err != nil {
		return nil, fmt.Errorf("reading the JWKS: %w", err)
	}
	var keys publicKeys
	for _, k := range set.Keys {
		b, err := base64.RawURLEncoding.DecodeString(k.X)
		if k.Kty == "OKP" && k.Crv == "Ed25519" && err == nil && len(b) == ed25519.PublicKeySize {
			keys = append(keys, b)
		}
	}
	if len(keys) == 0 {
		return nil, fmt.Errorf("the JWKS holds no Ed25519 key: %.200s", jwks)
	}
	return keys, nil
}

// verify checks a line in the json format: the object without its last member, sig, is what was signed (CONTRACT.md §5).
func (keys publicKeys) verify(line []byte) bool {
	const begin, end = `,"sig":"`, `"}`
	size := base64.RawURLEncoding.EncodedLen(ed25519.SignatureSize)
	cut := len(line) - len(begin) - size - len(end)
	if cut < 1 {
		return false
	}
	member := string(line[cut:])
	if !strings.HasPrefix(member, begin) || !strings.HasSuffix(member, end) {
		return false
	}
	sig, err := base64.RawURLEncoding.DecodeString(member[len(begin) : len(begin)+size])
	if err != nil {
		return false
	}
	signed := append(append([]byte(nil), line[:cut]...), '}')
	for _, k := range keys {
		if ed25519.Verify(k, signed, sig) {
			return true
		}
	}
	return false
}
