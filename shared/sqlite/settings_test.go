package sqlite

import (
	"errors"
	"path/filepath"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"zombiezen.com/go/sqlite"
	"zombiezen.com/go/sqlite/sqlitex"

	"reprise/shared/replay"
)

func TestConnectionsAreSetAsDesigned(t *testing.T) {
	s := opened(t)
	pragmas := []string{"journal_mode", "page_size", "synchronous", "application_id", "user_version", "query_only"}
	ask := func(conn *sqlite.Conn) map[string]string {
		got := make(map[string]string)
		for _, p := range pragmas {
			if err := query(conn, "PRAGMA "+p, nil, func(row *sqlite.Stmt) { got[p] = row.ColumnText(0) }); err != nil {
				t.Fatal(err)
			}
		}
		return got
	}
	want := map[string]string{
		"journal_mode": "wal", "page_size": "4096", "synchronous": "1", "application_id": "1380995667",
		"user_version": "3", "query_only": "0",
	}
	if diff := cmp.Diff(want, ask(s.writers[quick])); diff != "" {
		t.Errorf("the quick writer (-want +got):\n%s", diff)
	}
	want["synchronous"] = "2" // FULL
	if diff := cmp.Diff(want, ask(s.writers[fsynced])); diff != "" {
		t.Errorf("the fsynced writer (-want +got):\n%s", diff)
	}
	want["synchronous"], want["query_only"] = "1", "1"
	if err := s.read(t.Context(), func(conn *sqlite.Conn) error {
		if diff := cmp.Diff(want, ask(conn)); diff != "" {
			t.Errorf("a reader (-want +got):\n%s", diff)
		}
		return nil
	}); err != nil {
		t.Fatal(err)
	}
}

func TestAWriteThatFailsHalfwayChangesNothing(t *testing.T) {
	s := opened(t)
	add := func(conn *sqlite.Conn) error {
		return sqlitex.Execute(conn, `INSERT INTO counts VALUES ('acme', 'eu', 0, 1, 1)`, nil)
	}
	broken := errors.New("broken")
	for _, d := range []durability{quick, fsynced} {
		if err := s.write(t.Context(), d, func(conn *sqlite.Conn) error { return errors.Join(add(conn), broken) }); !errors.Is(err, broken) {
			t.Errorf("got %v", err)
		}
		panics(t, func() {
			_ = s.write(t.Context(), d, func(conn *sqlite.Conn) error { panic(add(conn)) })
		})
	}
	got, err := s.CountsIn(t.Context(), replay.Scope{Org: "acme", Region: "eu"}, replay.Window{From: time.Unix(0, 0), To: time.Unix(9, 0)})
	if err != nil || len(got) != 0 {
		t.Errorf("got %v, %v", got, err)
	}
	// Neither writer is stuck.
	if err := s.write(t.Context(), quick, add); err != nil {
		t.Error(err)
	}
}

func TestAStatementLeftHalfwayHoldsNoSnapshot(t *testing.T) {
	s := opened(t)
	halfway := func(conn *sqlite.Conn) error {
		_, err := conn.Prep(`SELECT name FROM sqlite_schema`).Step()
		return err
	}
	for range 3 { // a connection that still read an old snapshot could not write
		for _, d := range []durability{quick, fsynced} {
			if err := s.write(t.Context(), d, halfway); err != nil {
				t.Fatal(err)
			}
		}
		if err := s.read(t.Context(), halfway); err != nil {
			t.Fatal(err)
		}
		if err := s.AddCounts(t.Context(), replay.Scope{Org: "acme"}, []replay.Count{{Entries: 1}}); err != nil {
			t.Fatal(err)
		}
	}
}

func TestReadersAreOpenedOnlyWhenNeeded(t *testing.T) {
	s := opened(t)
	for range 2 * maxReaders {
		if err := s.Check(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	if len(s.idle) != 1 {
		t.Errorf("%d readers are open after one at a time", len(s.idle))
	}
}

func TestWaitsForTheOutboxDoubleUpToHalfAMinute(t *testing.T) {
	var got []time.Duration
	for tries := range 8 {
		got = append(got, handPause(tries+1)/time.Second)
	}
	if diff := cmp.Diff([]time.Duration{1, 2, 4, 8, 16, 30, 30, 30}, got); diff != "" {
		t.Error(diff)
	}
}

func opened(t *testing.T) *Store {
	t.Helper()
	s, err := Open(filepath.Join(t.TempDir(), "reprise.db"), time.Now)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.Close() })
	return s
}

func panics(t *testing.T, f func()) {
	t.Helper()
	defer func() {
		if recover() == nil {
			t.Error("the panic was swallowed")
		}
	}()
	f()
}
