package api

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"sync"
	"time"

	"reprise/shared/access"
	"reprise/shared/replay"
)

const (
	// maxAuthorization is the longest Authorization header we look at, in bytes; our own tokens have 47.
	maxAuthorization = 4 << 10
	// tokenMemory is how long a token is remembered, and so how long a revoked one may still be taken (DESIGN.md §6).
	tokenMemory = time.Minute
	// maxRemembered bounds the memory: some 2 MB.
	maxRemembered = 10_000
)

var (
	errNoToken  = errors.New("no bearer token")
	errNotKnown = errors.New("the token is unknown")
	errNotValid = errors.New("the token is revoked or expired")
)

// bearer is the token of the request's one Authorization header (RFC 6750 §2.1). A gateway joins two headers with a
// comma and a scheme with a space: the token has neither.
func bearer(h http.Header) (string, error) {
	values := h.Values("Authorization")
	if len(values) != 1 || len(values[0]) > maxAuthorization {
		return "", errNoToken
	}
	scheme, token, _ := strings.Cut(strings.TrimSpace(values[0]), " ")
	token = strings.TrimLeft(token, " ")
	if !strings.EqualFold(scheme, "bearer") || token == "" || strings.ContainsAny(token, " \t,") {
		return "", errNoToken
	}
	return token, nil
}

// Caller tells apart who sends requests, by their token, whatever it is worth: however a header spells the same token, it is
// the same caller. All requests without one have the zero Hash. The body of a request is read only once its token is known
// to be good, so that a share of something that bodies take cannot be had by making tokens up.
func Caller(h http.Header) access.Hash {
	secret, err := bearer(h)
	if err != nil {
		return access.Hash{}
	}
	return access.HashOf(secret)
}

// memory spares the store most look-ups of tokens.
type memory struct {
	tokens Tokens

	mu    sync.Mutex
	known map[access.Hash]remembered
}

type remembered struct {
	token access.Token
	read  time.Time
}

// principal is who the secret speaks for now, or a 401. A token is checked on each request, remembered or not: what is
// remembered is only what the store said.
func (m *memory) principal(ctx context.Context, secret string, now time.Time) (access.Principal, error) {
	hash := access.HashOf(secret)
	token, known := m.recall(hash, now)
	if !known {
		var err error
		token, err = m.tokens.Token(ctx, hash)
		if errors.Is(err, replay.ErrNotFound) {
			return access.Principal{}, unauthorized(errNotKnown) // never remembered: a guess must cost no memory
		}
		if err != nil {
			return access.Principal{}, fmt.Errorf("reading the token: %w", err)
		}
		m.remember(hash, remembered{token, now})
	}
	if !token.Valid(now) {
		return access.Principal{}, unauthorized(errNotValid)
	}
	return token.Principal, nil
}

func (m *memory) recall(hash access.Hash, now time.Time) (access.Token, bool) {
	m.mu.Lock()
	defer m.mu.Unlock()
	r, ok := m.known[hash]
	return r.token, ok && r.fresh(now)
}

// fresh is false for what was read in the future, too: a clock that was set back must not keep a token for hours.
func (r remembered) fresh(now time.Time) bool {
	age := now.Sub(r.read)
	return 0 <= age && age < tokenMemory
}

// remember makes room first: by what is stale, else by whatever comes first, which costs its owner one look-up.
func (m *memory) remember(hash access.Hash, r remembered) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if len(m.known) >= maxRemembered {
		for h, old := range m.known {
			if !old.fresh(r.read) {
				delete(m.known, h)
			}
		}
		for h := range m.known {
			if len(m.known) < maxRemembered {
				break
			}
			delete(m.known, h)
		}
	}
	m.known[hash] = r
}
