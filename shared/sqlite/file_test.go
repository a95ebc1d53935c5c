package sqlite_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	zombiezen "zombiezen.com/go/sqlite"
	"zombiezen.com/go/sqlite/sqlitex"

	"reprise/shared/replay"
	"reprise/shared/sqlite"
)

// noon is when these stories happen.
func noon() time.Time { return time.Date(2025, 6, 18, 12, 0, 0, 0, time.UTC) }

// emptyStore is a new file for as long as the test.
func emptyStore(t *testing.T, now func() time.Time) *sqlite.Store {
	t.Helper()
	return openStore(t, filepath.Join(t.TempDir(), "reprise.db"), now)
}

func openStore(t *testing.T, path string, now func() time.Time) *sqlite.Store {
	t.Helper()
	s, err := sqlite.Open(path, now)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	})
	return s
}

// foreignFile is a database that some statements made.
func foreignFile(t *testing.T, script string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "other.db")
	conn, err := zombiezen.OpenConn(path, zombiezen.OpenReadWrite|zombiezen.OpenCreate)
	if err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(sqlitex.ExecuteScript(conn, script, nil), conn.Close()); err != nil {
		t.Fatal(err)
	}
	return path
}

// writtenFile is a file with that content.
func writtenFile(t *testing.T, content string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "data.db")
	if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

func someJob(org string, n int) replay.Job {
	f := replay.Fence{Scope: replay.Scope{Org: org, Region: "eu"}, JobID: fmt.Sprintf("%s-job-%d", org, n)}
	return replay.NewJob(f, "ops", replay.Window{From: noon().Add(-time.Hour), To: noon()}, noon())
}

func TestAFileThatIsNotOursIsRefusedAndLeftAsItWas(t *testing.T) {
	stories := []struct {
		name, path, want string
	}{
		{"a text file", writtenFile(t, strings.Repeat("these are my notes\n", 300)), "is not a database of reprise"},
		{"a short text file", writtenFile(t, "notes"), "is not a database of reprise"},
		{"a database without an application id", foreignFile(t, "CREATE TABLE notes (t TEXT);"), "of another program"},
		{"an empty database of another program", foreignFile(t, "PRAGMA application_id = 7; CREATE TABLE x (y); DROP TABLE x;"), "of another program"},
		{"one of a reprise that was never released", foreignFile(t, "PRAGMA application_id = 1380995667; PRAGMA user_version = 1; CREATE TABLE entries (x);"), "never released"},
		{"a database with a version but no application id", foreignFile(t, "PRAGMA user_version = 1;"), "of another program"},
	}
	for _, story := range stories {
		t.Run(story.name, func(t *testing.T) {
			before, err := os.ReadFile(story.path)
			if err != nil {
				t.Fatal(err)
			}
			s, err := sqlite.Open(story.path, noon)
			refused(t, s, err, story.path, story.want, "name another file")
			after, err := os.ReadFile(story.path)
			if err != nil {
				t.Fatal(err)
			}
			if !bytes.Equal(before, after) {
				t.Error("the file was changed")
			}
		})
	}
}

func TestAStartThatDiedWhileItMadeTheFileIsGoneOnWith(t *testing.T) {
	for _, script := range []string{"PRAGMA application_id = 1380995667;", "PRAGMA application_id = 1380995667; PRAGMA user_version = 1;"} {
		accept(t, openStore(t, foreignFile(t, script), noon), someJob("acme", 1))
	}
}

func TestAFileOfANewerProgramIsRefused(t *testing.T) {
	path := filepath.Join(t.TempDir(), "reprise.db")
	if err := openStore(t, path, noon).Close(); err != nil {
		t.Fatal(err)
	}
	conn, err := zombiezen.OpenConn(path, zombiezen.OpenReadWrite)
	if err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(sqlitex.ExecuteScript(conn, "PRAGMA user_version = 1000;", nil), conn.Close()); err != nil {
		t.Fatal(err)
	}
	s, err := sqlite.Open(path, noon)
	refused(t, s, err, path, "schema version 1000", "run the newer reprise")
}

func TestAPlaceThatCannotHoldTheFileIsNamed(t *testing.T) {
	file := writtenFile(t, "")
	folder := t.TempDir()
	stories := []struct {
		name, path string
		want       []string
	}{
		{"the folder is a file", filepath.Join(file, "reprise.db"), []string{"let the user who runs reprise write to it and to its folder"}},
		{"the file is a folder", folder, []string{"is a folder", "name a file"}},
		{"no name at all", "", []string{"data file"}},
		{"a folder that nobody can make", "/proc/x/reprise.db", []string{"let the user who runs reprise write to it and to its folder"}},
	}
	for _, story := range stories {
		t.Run(story.name, func(t *testing.T) {
			s, err := sqlite.Open(story.path, noon)
			refused(t, s, err, append(story.want, story.path)...)
			// We name the file, and so does the system call that failed: that is enough.
			if n := strings.Count(err.Error(), story.path); story.path != "" && n > 2 {
				t.Errorf("the path is named %d times: %v", n, err)
			}
			for _, advice := range story.want {
				if n := strings.Count(err.Error(), advice); n > 1 {
					t.Errorf("it says %q %d times: %v", advice, n, err)
				}
			}
		})
	}
}

// Root may write anywhere: then there is nothing to refuse, and the file must open.
func TestAFileOrFolderThatMayNotBeWrittenIsNamed(t *testing.T) {
	stories := []struct {
		name string
		lock func(path string) error
	}{
		{"the file is read-only", func(path string) error { return os.Chmod(path, 0o400) }},
		{"the folder is read-only", func(path string) error { return os.Chmod(filepath.Dir(path), 0o500) }},
		{"the folder is read-only and the file is missing", func(path string) error {
			return errors.Join(os.Remove(path), os.Chmod(filepath.Dir(path), 0o500))
		}},
	}
	for _, story := range stories {
		t.Run(story.name, func(t *testing.T) {
			folder := filepath.Join(t.TempDir(), "data")
			path := filepath.Join(folder, "reprise.db")
			if err := openStore(t, path, noon).Close(); err != nil {
				t.Fatal(err)
			}
			if err := story.lock(path); err != nil {
				t.Fatal(err)
			}
			t.Cleanup(func() { _ = os.Chmod(folder, 0o700) })
			s, err := sqlite.Open(path, noon)
			if os.Geteuid() == 0 {
				if err != nil {
					t.Fatalf("root was refused: %v", err)
				}
				if err := s.Close(); err != nil {
					t.Fatal(err)
				}
				return
			}
			refused(t, s, err, path, "let the user who runs reprise write")
		})
	}
}

func refused(t *testing.T, s *sqlite.Store, err error, want ...string) {
	t.Helper()
	if err == nil {
		_ = s.Close()
		t.Fatal("it was opened")
	}
	for _, text := range want {
		if !strings.Contains(err.Error(), text) {
			t.Errorf("the error does not say %q: %v", text, err)
		}
	}
}

func TestAllFilesAreForTheirOwnerAlone(t *testing.T) {
	folder := filepath.Join(t.TempDir(), "not", "there")
	path := filepath.Join(folder, "reprise.db")
	s := openStore(t, path, noon)
	if err := s.Accept(t.Context(), someJob("acme", 1)); err != nil {
		t.Fatal(err)
	}
	want := map[string]fs.FileMode{folder: fs.ModeDir | 0o700, path: 0o600, path + "-wal": 0o600, path + "-shm": 0o600}
	for name, mode := range want {
		info, err := os.Stat(name)
		if err != nil {
			t.Fatal(err)
		}
		if info.Mode() != mode {
			t.Errorf("%s has mode %v, want %v", name, info.Mode(), mode)
		}
	}
}

func TestAFileOfOursThatIsOpenToOthersBecomesPrivate(t *testing.T) {
	for _, story := range []struct {
		name      string
		mode      fs.FileMode
		open      bool // the file is in use: log and index lie beside it
		symlinked bool
	}{
		{name: "restored from a backup", mode: 0o644},
		{name: "in use", mode: 0o644, open: true},
		{name: "open to a group, and to be run", mode: 0o770, open: true},
		{name: "behind a symbolic link", mode: 0o644, open: true, symlinked: true},
		{name: "private before", mode: 0o600, open: true},
	} {
		t.Run(story.name, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), "reprise.db")
			first := openStore(t, path, noon)
			accept(t, first, someJob("acme", 1))
			if !story.open {
				if err := first.Close(); err != nil {
					t.Fatal(err)
				}
			}
			for _, name := range []string{path, path + "-wal", path + "-shm"} {
				if err := os.Chmod(name, story.mode); err != nil && !errors.Is(err, fs.ErrNotExist) {
					t.Fatal(err)
				}
			}
			name := path
			if story.symlinked {
				name = filepath.Join(t.TempDir(), "link.db")
				if err := os.Symlink(path, name); err != nil {
					t.Fatal(err)
				}
			}
			accept(t, openStore(t, name, noon), someJob("acme", 2))
			for _, name := range []string{path, path + "-wal", path + "-shm"} {
				info, err := os.Stat(name)
				if err != nil {
					t.Fatal(err)
				}
				if info.Mode() != 0o600 {
					t.Errorf("%s has mode %v, want 0600", name, info.Mode())
				}
			}
		})
	}
}

func TestAnEmptyFileMadeByTheCallerBecomesPrivate(t *testing.T) {
	path := writtenFile(t, "")
	if err := os.Chmod(path, 0o644); err != nil {
		t.Fatal(err)
	}
	openStore(t, path, noon)
	info, err := os.Stat(path)
	if err != nil {
		t.Fatal(err)
	}
	if info.Mode() != 0o600 {
		t.Errorf("mode %v, want 0600", info.Mode())
	}
}

func TestANameThatSQLiteWouldTakeForSomethingElseIsAFile(t *testing.T) {
	t.Chdir(t.TempDir())
	for _, name := range []string{":memory:", "file:x?mode=memory", "data?cache=shared"} {
		s, err := sqlite.Open(name, noon)
		if err != nil {
			t.Fatal(err)
		}
		if err := s.Close(); err != nil {
			t.Fatal(err)
		}
		if info, err := os.Stat(name); err != nil || info.Size() == 0 {
			t.Errorf("%s is no file with something in it: %v", name, err)
		}
	}
}

func TestWhatWasStoredIsThereAfterReopening(t *testing.T) {
	path := filepath.Join(t.TempDir(), "reprise.db")
	job := someJob("acme", 1)
	for range 2 { // the second accept is a repetition, over a file that was closed in between
		s, err := sqlite.Open(path, noon)
		if err != nil {
			t.Fatal(err)
		}
		if err := errors.Join(s.Accept(t.Context(), job), s.Close(), s.Close()); err != nil {
			t.Fatal(err)
		}
	}
	got, err := openStore(t, path, noon).Job(t.Context(), job.Scope)
	if err != nil || got != job {
		t.Errorf("got %+v, %v, want %+v", got, err, job)
	}
	if _, err := os.Stat(path + "-wal"); err != nil {
		t.Errorf("the file is not in WAL mode: %v", err)
	}
}

func TestAClosedStoreSaysSo(t *testing.T) {
	s := emptyStore(t, noon)
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	_, err := s.Job(t.Context(), replay.Scope{Org: "acme", Region: "eu"})
	for what, err := range map[string]error{
		"a read": err, "a write": s.Accept(t.Context(), someJob("acme", 1)), "the check": s.Check(t.Context()),
		"the outbox": s.OnAccepted(t.Context(), nil),
	} {
		if err == nil || !strings.Contains(err.Error(), "closed") {
			t.Errorf("%s after closing: %v", what, err)
		}
	}
}

func TestACancelledCallChangesNothing(t *testing.T) {
	s := emptyStore(t, noon)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	job := someJob("acme", 1)
	if err := s.Accept(ctx, job); !errors.Is(err, context.Canceled) {
		t.Errorf("accepting: %v", err)
	}
	if err := s.Check(ctx); !errors.Is(err, context.Canceled) {
		t.Errorf("checking: %v", err)
	}
	got, err := s.Job(t.Context(), job.Scope)
	if err != nil || got.Status != replay.Unconfigured {
		t.Errorf("got %+v, %v", got, err)
	}
}

func TestManyWritersAtOnceLoseNothing(t *testing.T) {
	path := filepath.Join(t.TempDir(), "reprise.db")
	// Two stores are as two processes: SQLite's own lock is all that they share.
	stores := []*sqlite.Store{openStore(t, path, noon), openStore(t, path, noon)}
	const writers, each = 20, 10
	at, hour := replay.Scope{Org: "acme", Region: "eu"}, noon()
	var all sync.WaitGroup
	for i := range writers {
		all.Go(func() {
			s := stores[i%2]
			for range each {
				err := errors.Join(
					s.AddCounts(t.Context(), at, []replay.Count{{Hour: hour, Entries: 1, Bytes: 10}}),
					s.Check(t.Context()),
				)
				if err != nil {
					t.Error(err)
				}
			}
		})
	}
	all.Wait()
	got, err := stores[0].CountsIn(t.Context(), at, replay.Window{From: hour, To: hour})
	if err != nil || len(got) != 1 || got[0].Entries != writers*each || got[0].Bytes != 10*writers*each {
		t.Errorf("got %+v, %v", got, err)
	}
}
