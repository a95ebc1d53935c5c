package main

import (
	"bytes"
	"io/fs"
	"net/http/httptest"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"reprise/shared/access"
	"reprise/shared/api"
	"reprise/shared/intake"
	"reprise/shared/replay"
	"reprise/shared/sqlite"
)

// served is a service on a data file whose clock a test moves: what it answers to no entry, with a token.
func served(t *testing.T, file string) (code func(token string, after time.Duration) int) {
	t.Helper()
	start := time.Now()
	now := start
	store, err := sqlite.Open(file, func() time.Time { return now })
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = store.Close() })
	door := api.NewDoor(store, replay.Regions{Known: []string{"us"}, Default: "us"}, func() time.Time { return now }, func() string { return "TRACE" })
	h := api.Intake(door, intake.New(store, store, store))
	return func(token string, after time.Duration) int {
		now = start.Add(after)
		r := httptest.NewRequest("POST", eventsPath, nil)
		r.Header.Set("Content-Type", "application/x-ndjson")
		r.Header.Set("Authorization", "Bearer "+token)
		w := httptest.NewRecorder()
		h.ServeHTTP(w, r)
		return w.Code
	}
}

func TestATokenThatIsRevokedBesideAServiceIsRefusedWithinAMinute(t *testing.T) {
	file := filepath.Join(t.TempDir(), "reprise.db")
	code := served(t, file)
	token := strings.TrimSpace(command(t, "token", "create", "--data", file, "--org", "acme", "--role", "admin", "--label", "me").out)
	other := strings.TrimSpace(command(t, "token", "create", "--data", file, "--org", "acme", "--role", "admin", "--label", "other").out)
	for _, secret := range []string{token, other} {
		if got := code(secret, 0); got != 202 {
			t.Errorf("a new token: %d", got)
		}
	}
	if got := command(t, "token", "revoke", "--data", file, access.HashOf(token).ID()); got.code != exitOK {
		t.Fatalf("%+v", got)
	}
	for _, c := range []struct {
		secret string
		after  time.Duration
		want   int
	}{
		{token, time.Minute - time.Millisecond, 202}, // it is remembered: the contract's minute
		{token, time.Minute, 401},
		{token, 24 * time.Hour, 401},
		{other, time.Minute, 202},
		{other, 24 * time.Hour, 202},
	} {
		if got := code(c.secret, c.after); got != c.want {
			t.Errorf("%s after: %d, want %d", c.after, got, c.want)
		}
	}
}

func TestATokenExpiresWhenItsCommandSaid(t *testing.T) {
	file := filepath.Join(t.TempDir(), "reprise.db")
	code := served(t, file)
	token := strings.TrimSpace(command(t, "token", "create", "--data", file, "--org", "acme", "--role", "admin", "--label", "me", "--expires", "1h").out)
	for after, want := range map[time.Duration]int{0: 202, time.Hour - time.Second: 202, time.Hour + time.Minute: 401, 48 * time.Hour: 401} {
		if got := code(token, after); got != want {
			t.Errorf("%s after: %d, want %d", after, got, want)
		}
	}
}

// A token's secret is shown once, by the command that makes it, and only its hash is kept.
func TestATokensSecretIsKeptNowhere(t *testing.T) {
	folder := t.TempDir()
	file := filepath.Join(folder, "reprise.db")
	made := command(t, "token", "create", "--data", file, "--org", "acme", "--role", "admin", "--label", "me")
	if !regexp.MustCompile(`^rpr_[A-Za-z0-9_-]{43}\n$`).MatchString(made.out) {
		t.Fatalf("standard output is not a token of its form alone, but %d bytes", len(made.out))
	}
	secret := strings.TrimSpace(made.out)
	for _, args := range [][]string{{"token", "list", "--data", file}, {"token", "list", "--data", file, "-o", "json"}, {"token", "revoke", "--data", file, access.HashOf(secret).ID()}} {
		if got := command(t, args...); got.code != exitOK || strings.Contains(got.out+got.err+made.err, secret) {
			t.Errorf("%v: exit %d, or it shows the secret", args, got.code)
		}
	}
	hash := access.HashOf(secret)
	var kept, files int
	err := filepath.WalkDir(folder, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		data, err := os.ReadFile(path)
		for form, dressed := range dresses([]byte(secret)) {
			if bytes.Contains(data, []byte(dressed)) {
				t.Errorf("%s holds the secret %s", path, form)
			}
		}
		files++
		kept += bytes.Count(data, hash[:])
		return err
	})
	if err != nil || kept == 0 || files == 0 {
		t.Errorf("%d files hold the hash %d times: %v", files, kept, err)
	}
}
