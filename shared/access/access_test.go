package access_test

import (
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"regexp"
	"strings"
	"testing"
	"testing/iotest"
	"time"

	"github.com/google/go-cmp/cmp"

	"reprise/shared/access"
)

var noon = time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC)

func TestATokenIsKeptAsAHashOfItsSecret(t *testing.T) {
	who := access.Principal{Org: "acme", Label: "ops", Role: access.Admin}
	secret, got, err := access.Mint(strings.NewReader(strings.Repeat("r", 32)), who, noon.Add(time.Hour), noon)
	if err != nil {
		t.Fatal(err)
	}
	if !regexp.MustCompile(`^rpr_[A-Za-z0-9_-]{43}$`).MatchString(secret) {
		t.Errorf("the secret is %q", secret)
	}
	want := access.Token{Hash: sha256.Sum256([]byte(secret)), Principal: who, Made: noon, Expires: noon.Add(time.Hour)}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	if access.HashOf(secret) != got.Hash {
		t.Error("the secret does not lead to its token")
	}
}

func TestASecretIsNotMadeFromTooLittleRandomness(t *testing.T) {
	for name, random := range map[string]io.Reader{"short": strings.NewReader("r"), "broken": iotest.ErrReader(io.ErrNoProgress)} {
		secret, got, err := access.Mint(random, access.Principal{}, time.Time{}, noon)
		if err == nil || secret != "" || got != (access.Token{}) {
			t.Errorf("%s: got %q, %v", name, secret, err)
		}
		if name == "broken" && !errors.Is(err, io.ErrNoProgress) {
			t.Error(err)
		}
	}
}

func TestATokenHoldsUntilItExpiresOrIsRevoked(t *testing.T) {
	rows := map[string]struct {
		token access.Token
		want  bool
	}{
		"never expires":                    {access.Token{}, true},
		"expires later":                    {access.Token{Expires: noon.Add(1)}, true},
		"expires now":                      {access.Token{Expires: noon}, false},
		"expired":                          {access.Token{Expires: noon.Add(-time.Second)}, false},
		"revoked":                          {access.Token{Revoked: noon.Add(-time.Second)}, false},
		"revoked by a clock that is ahead": {access.Token{Revoked: noon.Add(time.Hour)}, false},
	}
	for name, row := range rows {
		if got := row.token.Valid(noon); got != row.want {
			t.Errorf("%s: %v", name, got)
		}
	}
}

func TestAnAdminMayAllAnIntakeMaySend(t *testing.T) {
	for role, want := range map[access.Role][2]bool{access.Admin: {true, true}, access.Intake: {false, true}, "": {false, false}, "root": {false, false}} {
		p := access.Principal{Role: role}
		if got := [2]bool{p.May(access.Admin), p.May(access.Intake)}; got != want {
			t.Errorf("role %q: %v", role, got)
		}
	}
	for name, ok := range map[string]bool{"admin": true, "intake": true, "": false, "Admin": false, "root": false} {
		if r, err := access.ParseRole(name); (err == nil) != ok || ok && string(r) != name {
			t.Errorf("%q: %q, %v", name, r, err)
		}
	}
}

func TestATokenIsNamedByTheBeginningOfItsHash(t *testing.T) {
	if got, want := access.HashOf("rpr_secret").ID(), fmt.Sprintf("%x", sha256.Sum256([]byte("rpr_secret")))[:12]; got != want {
		t.Errorf("got %q, want %q, as sha256sum says", got, want)
	}
}

func TestOfTwoTokensTheOneMadeFirstIsOlder(t *testing.T) {
	a, b := access.Token{Hash: access.Hash{2}, Made: noon}, access.Token{Hash: access.Hash{1}, Made: noon.Add(time.Millisecond)}
	if access.Older(a, b) >= 0 || access.Older(b, a) <= 0 {
		t.Error("the time does not decide")
	}
	if b.Made = noon; access.Older(a, b) <= 0 || access.Older(b, a) >= 0 || access.Older(a, a) != 0 {
		t.Error("the hash does not decide between equally old ones")
	}
}
