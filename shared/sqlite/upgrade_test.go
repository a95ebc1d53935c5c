package sqlite_test

import (
	"errors"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"
	zombiezen "zombiezen.com/go/sqlite"
	"zombiezen.com/go/sqlite/sqlitex"

	"reprise/shared/auditlog"
	"reprise/shared/replay"
	"reprise/shared/sqlite"
	"reprise/shared/webhook"
)

// A webhook of a file of the version before has all that it had, and nobody knows whether a 410 turned it off.
func TestAFileOfTheVersionBeforeKeepsItsWebhooks(t *testing.T) {
	path := filepath.Join(t.TempDir(), "reprise.db")
	s, err := sqlite.Open(path, noon)
	if err != nil {
		t.Fatal(err)
	}
	want := webhook.Config{
		Scope: replay.Scope{Org: "acme", Region: "eu"}, Version: 1, Endpoint: "https://siem.example/in", Authorization: "x", SkipVerify: true,
		Format: auditlog.JSON, UpdatedAt: noon(), Last: webhook.Attempt{At: noon(), Code: 410, Message: "Gone"},
	}
	if err := errors.Join(s.SaveWebhook(t.Context(), want), s.Close()); err != nil {
		t.Fatal(err)
	}
	conn, err := zombiezen.OpenConn(path, zombiezen.OpenReadWrite)
	if err != nil {
		t.Fatal(err)
	}
	before := "ALTER TABLE webhooks DROP COLUMN gone; PRAGMA user_version = 2;"
	if err := errors.Join(sqlitex.ExecuteScript(conn, before, nil), conn.Close()); err != nil {
		t.Fatal(err)
	}
	s = openStore(t, path, noon)
	got, err := s.Webhook(t.Context(), want.Scope)
	if diff := cmp.Diff(want, got); err != nil || diff != "" {
		t.Error(err, diff)
	}
	want.Version, want.Gone = 2, true
	if err := s.SaveWebhook(t.Context(), want); err != nil {
		t.Error(err)
	}
	if got, err := s.Webhook(t.Context(), want.Scope); err != nil || !got.Gone {
		t.Error(err, got)
	}
}
