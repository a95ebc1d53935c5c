package storetest

import (
	"crypto/ed25519"
	"testing"
	"time"

	"reprise/shared/access"
	"reprise/shared/auditlog"
	"reprise/shared/replay"
)

// tokenGuarantees: a token is known by its hash, whether it still holds or not.
func tokenGuarantees() []guarantee {
	return []guarantee{
		{"an unknown token is not found", anUnknownToken},
		{"a token comes back with every field", aTokenComesBack},
		{"a token saved again is left as it is", aTokenSavedAgain},
		{"a revoked token stays revoked, since when it was first, and what else it is stays", aTokenIsRevoked},
		{"an unknown token cannot be revoked", anUnknownTokenIsRevoked},
		{"an organization's tokens come oldest first, nobody else's among them", theTokensOfAnOrganization},
	}
}

// known checks what is stored.
func (b *bench) known(t *testing.T, what string, want access.Token) {
	t.Helper()
	got, err := b.Token(t.Context(), want.Hash)
	expect(t, "Token", err, nil)
	same(t, what, got, want)
	plain(t, what, got.Made, got.Expires, got.Revoked)
}

func anUnknownToken(t *testing.T, b *bench) {
	for range 2 {
		for _, hash := range []access.Hash{{}, access.HashOf("rpr_nobody"), access.HashOf("RPR_somebody")} {
			_, err := b.Token(t.Context(), hash)
			expect(t, "Token", err, replay.ErrNotFound)
		}
		expect(t, "SaveToken", b.SaveToken(t.Context(), access.Token{Hash: access.HashOf("rpr_somebody"), Made: b.clock.tick()}), nil)
	}
}

func aTokenComesBack(t *testing.T, b *bench) {
	now := b.clock.tick()
	tokens := []access.Token{
		{Hash: access.HashOf("a"), Principal: access.Principal{Org: "acme", Label: "ops · Zürich", Role: access.Admin}, Made: now},
		{Hash: access.HashOf("b"), Principal: access.Principal{Org: "acme", Role: access.Intake}, Made: now, Expires: now.Add(time.Hour)},
		{Hash: access.HashOf("c"), Principal: access.Principal{Org: "other", Label: "ops · Zürich", Role: access.Admin}, Made: now, Expires: now.Add(-time.Hour)}, // expired
		{Hash: access.HashOf("d"), Principal: access.Principal{Org: "acme", Label: "x", Role: access.Intake}, Made: now, Revoked: now.Add(time.Millisecond)},
		{Hash: access.Hash{31: 0xff}, Principal: access.Principal{Org: "acme", Label: "zeros in its hash", Role: access.Admin}, Made: now, Expires: now, Revoked: now},
	}
	for _, want := range tokens {
		expect(t, "SaveToken", b.SaveToken(t.Context(), want), nil)
	}
	b.clock.tick()
	for _, want := range tokens {
		b.known(t, want.Label, want)
	}
}

// someToken is one that holds, saved.
func (b *bench) someToken(t *testing.T, secret, org string) access.Token {
	t.Helper()
	token := access.Token{
		Hash: access.HashOf(secret), Principal: access.Principal{Org: org, Label: "ops", Role: access.Admin}, Made: b.clock.tick(), Expires: b.clock.tick(),
	}
	expect(t, "SaveToken", b.SaveToken(t.Context(), token), nil)
	return token
}

// aTokenSavedAgain: a save whose answer was lost may be made a second time by whoever carries it, after the token was revoked.
func aTokenSavedAgain(t *testing.T, b *bench) {
	token := b.someToken(t, "a", "acme")
	again := token
	token.Revoked = b.clock.tick()
	expect(t, "RevokeToken", b.RevokeToken(t.Context(), token.Hash, token.Revoked), nil)
	for range 2 {
		b.clock.tick()
		expect(t, "SaveToken once more", b.SaveToken(t.Context(), again), nil)
		b.known(t, "the revoked token", token)
		again = access.Token{Hash: token.Hash, Principal: access.Principal{Org: "acme", Label: "other", Role: access.Intake}, Made: b.clock.tick()}
	}
}

func aTokenIsRevoked(t *testing.T, b *bench) {
	token, beside := b.someToken(t, "a", "acme"), b.someToken(t, "b", "acme")
	token.Revoked = b.clock.tick()
	for range 3 {
		expect(t, "RevokeToken", b.RevokeToken(t.Context(), token.Hash, b.clock.Now()), nil)
		b.known(t, "the revoked token", token)
		b.known(t, "the token beside it", beside)
		b.clock.tick()
	}
	never := access.Token{Hash: access.HashOf("c"), Principal: access.Principal{Org: "acme", Label: "x", Role: access.Intake}, Made: token.Made}
	expect(t, "SaveToken", b.SaveToken(t.Context(), never), nil)
	never.Revoked = b.clock.tick()
	expect(t, "RevokeToken of one that never expires", b.RevokeToken(t.Context(), never.Hash, never.Revoked), nil)
	b.known(t, "the one that never expires", never)
}

func anUnknownTokenIsRevoked(t *testing.T, b *bench) {
	there := b.someToken(t, "a", "acme")
	for range 2 {
		expect(t, "RevokeToken", b.RevokeToken(t.Context(), access.HashOf("b"), b.clock.tick()), replay.ErrNotFound)
	}
	_, err := b.Token(t.Context(), access.HashOf("b"))
	expect(t, "Token", err, replay.ErrNotFound)
	b.known(t, "the token that is there", there)
}

func theTokensOfAnOrganization(t *testing.T, b *bench) {
	of := func(org string, want ...access.Token) {
		t.Helper()
		got, err := b.TokensOf(t.Context(), org)
		expect(t, "TokensOf", err, nil)
		same(t, "the tokens of "+org, got, want)
		for _, token := range got {
			plain(t, "a token of "+org, token.Made, token.Expires, token.Revoked)
		}
	}
	of("acme")
	var acme []access.Token
	for _, secret := range []string{"x", "a", "m", "z", "c"} { // in the order of their hashes: x c z m a
		acme = append(acme, b.someToken(t, secret, "acme"))
	}
	old := access.Token{Hash: access.Hash{31: 1}, Principal: access.Principal{Org: "acme", Label: "zeros", Role: access.Intake}, Made: acme[0].Made.Add(-time.Hour)}
	beside := old
	beside.Hash = access.Hash{0: 1}
	for _, token := range []access.Token{beside, old} { // as old as each other
		expect(t, "SaveToken", b.SaveToken(t.Context(), token), nil)
	}
	other, longer := b.someToken(t, "o", "acm"), b.someToken(t, "p", "acme ")
	acme[1].Revoked = b.clock.tick()
	expect(t, "RevokeToken", b.RevokeToken(t.Context(), acme[1].Hash, acme[1].Revoked), nil)
	of("acme", append([]access.Token{old, beside}, acme...)...)
	of("acm", other)
	of("acme ", longer)
	of("nobody")
}

// keyGuarantees: the key added last signs; the ones before stay published.
func keyGuarantees() []guarantee {
	return []guarantee{
		{"there is no signing key before one was added", noKey},
		{"the key added last signs, the others stay published, newest first", theKeyAddedLastSigns},
		{"a key that was made earlier signs once it is added", aKeyMadeEarlier},
		{"adding a key that is there leaves it as it is", aKeyAddedAgain},
	}
}

// keyOf is the nth key of a test, made from a seed.
func keyOf(n int, made time.Time) auditlog.Key {
	seed := make([]byte, ed25519.SeedSize)
	seed[0] = byte(n)
	return auditlog.Key{ID: string(rune('z'-n)) + "_-key", Private: ed25519.NewKeyFromSeed(seed), Made: made}
}

// signs checks the current key and what is published: newest first, so the current one leads.
func (b *bench) signs(t *testing.T, what string, want ...auditlog.Key) {
	t.Helper()
	got, err := b.SigningKey(t.Context())
	expect(t, "SigningKey", err, nil)
	same(t, what, got, want[0])
	plain(t, what, got.Made)
	var public []auditlog.PublicKey
	for _, k := range want {
		public = append(public, auditlog.PublicKey{ID: k.ID, Public: k.Private.Public().(ed25519.PublicKey)})
	}
	published, err := b.PublicKeys(t.Context())
	expect(t, "PublicKeys", err, nil)
	same(t, what+": the published keys", published, public)
}

func noKey(t *testing.T, b *bench) {
	_, err := b.SigningKey(t.Context())
	expect(t, "SigningKey", err, replay.ErrNotFound)
	keys, err := b.PublicKeys(t.Context())
	expect(t, "PublicKeys", err, nil)
	same(t, "the published keys", keys, nil)
}

func theKeyAddedLastSigns(t *testing.T, b *bench) {
	var newestFirst []auditlog.Key
	for n := range 4 {
		key := keyOf(n, b.clock.tick())
		expect(t, "AddKey", b.AddKey(t.Context(), key), nil)
		newestFirst = append([]auditlog.Key{key}, newestFirst...)
		b.signs(t, "the key added last", newestFirst...)
	}
}

func aKeyMadeEarlier(t *testing.T, b *bench) {
	earlier := keyOf(0, b.clock.tick())
	later := keyOf(1, b.clock.tick())
	expect(t, "AddKey", b.AddKey(t.Context(), later), nil)
	b.clock.tick()
	expect(t, "AddKey", b.AddKey(t.Context(), earlier), nil)
	b.signs(t, "the key added last", earlier, later)
}

// aKeyAddedAgain: a service that starts anew, or whose first answer was lost, must not bring a retired key back.
func aKeyAddedAgain(t *testing.T, b *bench) {
	first := keyOf(0, b.clock.tick())
	expect(t, "AddKey", b.AddKey(t.Context(), first), nil)
	expect(t, "AddKey of the current key", b.AddKey(t.Context(), first), nil)
	b.signs(t, "the one key", first)
	second := keyOf(1, b.clock.tick())
	expect(t, "AddKey", b.AddKey(t.Context(), second), nil)
	other := keyOf(2, b.clock.tick())
	other.ID = first.ID
	for _, k := range []auditlog.Key{first, second, other} {
		b.clock.tick()
		expect(t, "AddKey of a key that is there", b.AddKey(t.Context(), k), nil)
		b.signs(t, "the key added last", second, first)
	}
}
