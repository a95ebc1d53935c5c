package auditlog

import (
	"crypto/ed25519"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
)

// jwk is one key of a JWKS, members in the contract's order (CONTRACT.md §3, RFC 8037 §2).
type jwk struct {
	Kty string `json:"kty"`
	Alg string `json:"alg,omitempty"`
	Kid string `json:"kid,omitempty"`
	Crv string `json:"crv"`
	X   string `json:"x"`
}

// The names of RFC 8037 §2 and §3.1.
const (
	keyType   = "OKP"
	curve     = "Ed25519"
	algorithm = "EdDSA"
)

type jwks struct {
	Keys []jwk `json:"keys"`
}

// JWKS is RFC 7517's form (RFC 8037 for Ed25519), in the order given: current signing key first (CONTRACT.md §3).
func JWKS(keys []PublicKey) []byte {
	set := jwks{Keys: make([]jwk, len(keys))}
	for i, k := range keys {
		set.Keys[i] = jwk{Kty: keyType, Alg: algorithm, Kid: k.ID, Crv: curve, X: base64.RawURLEncoding.EncodeToString(k.Public)}
	}
	b, _ := json.Marshal(set) // strings alone: it cannot fail
	return b
}

// ParseJWKS reads what JWKS writes; keys of other types are passed over.
// A key of our type whose x is not 32 bytes in base64url is an error.
func ParseJWKS(b []byte) ([]PublicKey, error) {
	var set jwks
	if err := json.Unmarshal(b, &set); err != nil {
		return nil, fmt.Errorf("read a JWKS: %w", err)
	}
	if set.Keys == nil {
		return nil, errors.New("read a JWKS: it has no member keys")
	}
	keys := make([]PublicKey, 0, len(set.Keys))
	for i, k := range set.Keys {
		// RFC 9864 gives the algorithm a second name; RFC 7517 §4.4 lets it be left out.
		if k.Kty != keyType || k.Crv != curve || k.Alg != algorithm && k.Alg != curve && k.Alg != "" {
			continue
		}
		public, ok := unbase64([]byte(k.X), ed25519.PublicKeySize)
		if !ok {
			return nil, fmt.Errorf("read a JWKS: key %d: x is not 32 bytes in base64url without padding", i+1)
		}
		keys = append(keys, PublicKey{ID: k.Kid, Public: public})
	}
	return keys, nil
}

// thumbprint is RFC 7638's: the hash of the required members (RFC 8037 §2) in byte order without spaces.
func thumbprint(public ed25519.PublicKey) string {
	x := base64.RawURLEncoding.EncodeToString(public)
	hash := sha256.Sum256([]byte(`{"crv":"` + curve + `","kty":"` + keyType + `","x":"` + x + `"}`))
	return base64.RawURLEncoding.EncodeToString(hash[:])
}
