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

// org is whose the token is.
const org = "acme"

// Serve has the service answer in this process, on a data file of the test's own, until the test ends. It serves the regions us
// and eu, lets webhooks be on this machine, and has replays use that many lanes. Token is an admin's.
func Serve(t *testing.T, lanes int) (address, token string) {
	t.Helper()
	file := filepath.Join(t.TempDir(), "reprise.db")
	token = mint(t, file)
	ctx, cancel := context.WithCancel(context.WithoutCancel(t.Context())) // whose end comes before the cleanups
	ready, ended := make(chan string, 1), make(chan error, 1)
	go func() {
		ended <- local.Run(ctx, local.Config{
			Address: "127.0.0.1:0", File: file, Regions: replay.Regions{Known: []string{"us", "eu"}, Default: "us", Domain: "localhost"},
			Guard: egress.Guard{AllowInside: true, AllowHTTP: true}, Lanes: lanes, Version: "test",
			Ready: func(address string) { ready <- address },
		})
	}()
	select {
	case address = <-ready:
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
	return address, token
}

func mint(t *testing.T, file string) string {
	t.Helper()
	store, err := sqlite.Open(file, time.Now)
	if err != nil {
		t.Fatal(err)
	}
	secret, token, err := access.Mint(rand.Reader, access.Principal{Org: org, Role: access.Admin, Label: "ada"}, time.Time{}, time.Now())
	if err == nil {
		err = store.SaveToken(t.Context(), token)
	}
	if err == nil {
		err = store.Close()
	}
	if err != nil {
		t.Fatal(err)
	}
	return secret
}
