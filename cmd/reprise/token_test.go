package main

import (
	"bytes"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"reprise/shared/access"
	"reprise/shared/sqlite"
)

func TestAnIDThatNamesTwoTokensRevokesNeither(t *testing.T) {
	path := filepath.Join(t.TempDir(), "reprise.db")
	store, err := sqlite.Open(path, time.Now)
	if err != nil {
		t.Fatal(err)
	}
	defer store.Close()
	one, two := access.Hash{0: 0xab, 31: 1}, access.Hash{0: 0xab, 6: 0xcd}
	for _, h := range []access.Hash{one, two} {
		if err := store.SaveToken(t.Context(), access.Token{Hash: h, Principal: access.Principal{Org: "acme", Role: access.Admin}, Made: time.Now()}); err != nil {
			t.Fatal(err)
		}
	}
	revoke := func(id string) (code int, said string) {
		var out, err bytes.Buffer
		code = run(t.Context(), []string{"token", "revoke", "--data", path, id}, nil, &out, &err)
		return code, err.String()
	}
	revoked := func(h access.Hash) bool {
		token, err := store.Token(t.Context(), h)
		if err != nil {
			t.Fatal(err)
		}
		return !token.Revoked.IsZero()
	}
	if code, said := revoke(one.ID()); code != exitFailed || !strings.Contains(said, "ab0000000000 names 2 tokens in "+path+": give more digits") || revoked(one) || revoked(two) {
		t.Errorf("%d %s", code, said)
	}
	if code, said := revoke(two.ID() + "cd"); code != exitOK || revoked(one) || !revoked(two) {
		t.Errorf("with more digits: %d %s", code, said)
	}
}

func TestANameOfATokenIsUTF8(t *testing.T) {
	path := filepath.Join(t.TempDir(), "reprise.db")
	for flag, args := range map[string][]string{
		"--org: must be UTF-8: \"a\ufffd\"":    {"--org", "a\xff", "--label", "me"},
		"--label: must be UTF-8: \"m\ufffde\"": {"--org", "acme", "--label", "m\xfee"},
	} {
		var out, said bytes.Buffer
		code := run(t.Context(), append([]string{"token", "create", "--data", path, "--role", "admin"}, args...), nil, &out, &said)
		if code != exitUsage || out.Len() > 0 || !strings.Contains(said.String(), flag) {
			t.Errorf("exit %d: %s", code, said.String())
		}
	}
}
