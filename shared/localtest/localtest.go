// Package localtest is the local service for a test.
package localtest

import (
	"context"
	"crypto/rand"
	"path/filepath"
	"testing"
	"time"

	"reprise/shared/access"
	"reprise/shared/egress"
	"reprise/shared/local"
	"reprise/shared/replay"
	"reprise/shared/sqlite"
)

// org is whose the tokens are.
const org = "acme"

// Service is one that answers until its test ends.
type Service struct {
	Address string // host:port
	Admin   string // an admin's token

	file string
}

// Serve has the service answer in this process, on a data file of the test's own, until the test ends. It serves the regions us
// and eu, lets webhooks be on this machine, and has replays use that many lanes. Token is an admin's.
func Serve(t *testing.T, lanes int) (address, token string) {
	t.Helper()
	s := Start(t, lanes)
	return s.Address, s.Admin
}

// Start is Serve, but of the regions given, the first of which is the default; none: us and eu.
func Start(t *testing.T, lanes int, regions ...string) *Service {
	t.Helper()
	if len(regions) == 0 {
		regions = []string{"us", "eu"}
	}
	s := &Service{file: filepath.Join(t.TempDir(), "reprise.db")}
	s.Admin = s.Token(t, access.Admin)
	ctx, cancel := context.WithCancel(context.WithoutCancel(t.Context())) // whose end comes before the cleanups
	ready, ended := make(chan string, 1), make(chan error, 1)
	go func() {
		ended <- local.Run(ctx, local.Config{
			Address: "127.0.0.1:0", File: s.file, Regions: replay.Regions{Known: regions, Default: regions[0], Domain: "localhost"},
			Guard: egress.Guard{AllowInside: true, AllowHTTP: true}, Lanes: lanes, Version: "test",
			Ready: func(address string) { ready <- address },
		})
	}()
	select {
	case s.Address = <-ready:
	case err := <-ended:
		cancel()
		t.Fatal(err)
	}
	t.Cleanup(func() {
		cancel()
		if err := <-ended; err != nil {
			t.Error(err)
		}
	})
	return s
}

// Token makes a token of that role, as the command line does beside a service.
func (s *Service) Token(t *testing.T, role access.Role) (secret string) {
	t.Helper()
	secret, token, err := access.Mint(rand.Reader, access.Principal{Org: org, Role: role, Label: "ada"}, time.Time{}, time.Now())
	if err == nil {
		err = s.save(t, token)
	}
	if err != nil {
		t.Fatal(err)
	}
	return secret
}

// Revoked makes an admin's token that was revoked before anybody used it.
func (s *Service) Revoked(t *testing.T) (secret string) {
	t.Helper()
	secret, token, err := access.Mint(rand.Reader, access.Principal{Org: org, Role: access.Admin, Label: "lost"}, time.Time{}, time.Now())
	token.Revoked = time.Now()
	if err == nil {
		err = s.save(t, token)
	}
	if err != nil {
		t.Fatal(err)
	}
	return secret
}

func (s *Service) save(t *testing.T, token access.Token) error {
	store, err := sqlite.Open(s.file, time.Now)
	if err != nil {
		return err
	}
	if err := store.SaveToken(t.Context(), token); err != nil {
		return err
	}
	return store.Close()
}
