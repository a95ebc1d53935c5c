package demo

import (
	"crypto/ed25519"
	"encoding/base64"
	"encoding/json"
	"fmt"
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

// verify checks the signature of a line.
func (keys publicKeys) verify(f Format, line []byte) bool {
	signed, signature, ok := f.unseal(line)
	for _, k := range keys {
		if ok && ed25519.Verify(k, signed, signature) {
			return true
		}
	}
	return false
}
