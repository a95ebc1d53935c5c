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
		{"a token saved again takes the place of the one before", aTokenIsRevoked},
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

func aTokenIsRevoked(t *testing.T, b *bench) {
	token := access.Token{
		Hash: access.HashOf("a"), Principal: access.Principal{Org: "acme", Label: "ops", Role: access.Admin}, Made: b.clock.tick(), Expires: b.clock.tick(),
	}
	beside := token
	beside.Hash = access.HashOf("b")
	for _, want := range []access.Token{token, beside} {
		expect(t, "SaveToken", b.SaveToken(t.Context(), want), nil)
	}
	token.Revoked = b.clock.tick()
	expect(t, "SaveToken of the revoked one", b.SaveToken(t.Context(), token), nil)
	b.known(t, "the revoked token", token)
	b.known(t, "the token beside it", beside)

	token = access.Token{Hash: token.Hash, Principal: access.Principal{Org: "acme", Label: "other", Role: access.Intake}, Made: b.clock.tick()}
	expect(t, "SaveToken of another under its hash", b.SaveToken(t.Context(), token), nil)
	b.known(t, "the token with nothing left of the one before", token)
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
