// Package access says who is asking, on what token.
package access

import (
	"bytes"
	"cmp"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"io"
	"time"
)

// Role is what a token allows (CONTRACT.md §1).
type Role string

// The roles there are.
const (
	Admin  Role = "admin"  // all of it
	Intake Role = "intake" // may only send entries
)

// ParseRole reads a role by its name.
func ParseRole(name string) (Role, error) {
	switch r := Role(name); r {
	case Admin, Intake:
		return r, nil
	default:
		return "", fmt.Errorf("role %q: must be %s or %s", name, Admin, Intake)
	}
}

// Principal is whoever a token speaks for.
type Principal struct {
	Org, Label string
	Role       Role
}

// May reports whether the principal's role includes r.
func (p Principal) May(r Role) bool { return p.Role == Admin || p.Role == r }

// Hash is what is kept of a token's secret. The secret is 256 random bits, so that a plain SHA-256 is enough: there is
// nothing to guess that salt or a slow hash would protect.
type Hash [sha256.Size]byte

// HashOf is the key under which a secret's token is kept.
func HashOf(secret string) Hash { return sha256.Sum256([]byte(secret)) }

// ID is by what people name a token, which lets nobody in: 48 bits of its hash, in hexadecimal.
func (h Hash) ID() string { return hex.EncodeToString(h[:6]) }

// Token is what is kept of a token: never its secret.
type Token struct {
	Hash Hash
	Principal
	Made    time.Time
	Expires time.Time // zero: never
	Revoked time.Time // zero: not revoked
}

// Prefix begins every secret, so that scanners of leaked secrets can know it.
const Prefix = "rpr_"

// Mint makes a token; its secret is shown once and kept nowhere.
func Mint(random io.Reader, p Principal, expires, now time.Time) (secret string, t Token, err error) {
	var b [32]byte
	if _, err := io.ReadFull(random, b[:]); err != nil {
		return "", Token{}, fmt.Errorf("making a token's secret: %w", err)
	}
	secret = Prefix + base64.RawURLEncoding.EncodeToString(b[:])
	return secret, Token{Hash: HashOf(secret), Principal: p, Made: now, Expires: expires}, nil
}

// Valid reports whether the token holds now.
func (t Token) Valid(now time.Time) bool {
	return t.Revoked.IsZero() && (t.Expires.IsZero() || now.Before(t.Expires))
}

// Older orders tokens by when they were made, equally old ones by hash.
func Older(a, b Token) int {
	return cmp.Or(a.Made.Compare(b.Made), bytes.Compare(a.Hash[:], b.Hash[:]))
}
