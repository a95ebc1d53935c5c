package api

import (
	"context"
	"strconv"
	"testing"
	"time"

	"reprise/shared/access"
)

// anybody knows every token.
type anybody struct{}

func (anybody) Token(_ context.Context, hash access.Hash) (access.Token, error) {
	return access.Token{Hash: hash, Principal: access.Principal{Org: "acme"}}, nil
}

func TestTheMemoryOfTokensIsBounded(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 3, 8, 12, 0, 0, 0, time.UTC)
	m := &memory{tokens: anybody{}, known: make(map[access.Hash]remembered)}
	ask := func(n int) {
		t.Helper()
		if _, err := m.principal(t.Context(), strconv.Itoa(n), now); err != nil {
			t.Fatal(err)
		}
	}
	for n := range maxRemembered + 50 {
		ask(n)
	}
	if len(m.known) != maxRemembered {
		t.Errorf("remembers %d tokens, at most %d", len(m.known), maxRemembered)
	}
	now = now.Add(tokenMemory)
	ask(-1)
	if len(m.known) != 1 {
		t.Errorf("remembers %d tokens, of which all but one are stale", len(m.known))
	}
}
