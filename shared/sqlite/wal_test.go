package sqlite_test

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	zombiezen "zombiezen.com/go/sqlite"
	"zombiezen.com/go/sqlite/sqlitex"

	"reprise/shared/sqlite"
)

// killed is a file and its log as a process leaves them that dies: jobs in the log alone, then what else was done, at
// whatever place that ends.
func killed(t *testing.T, more ...func(t *testing.T, path string) (at string)) (file, log []byte) {
	t.Helper()
	path := filepath.Join(t.TempDir(), "killed.db")
	if err := openStore(t, path, noon).Close(); err != nil {
		t.Fatal(err)
	}
	s := openStore(t, path, noon)
	for n := range 30 {
		accept(t, s, someJob(fmt.Sprint("late-", n), n))
	}
	for _, do := range more {
		path = do(t, path)
	}
	return left(t, path)
}

// left is what lies on the disk now.
func left(t *testing.T, path string) (file, log []byte) {
	t.Helper()
	file, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if log, err = os.ReadFile(path + "-wal"); err != nil {
		t.Fatal(err)
	}
	return file, log
}

// much is a transaction of 4 MB, more than SQLite keeps in memory until the commit.
const much = `BEGIN IMMEDIATE; INSERT INTO messages (queue, grp, org, region, job_id, body, visible_at)
	VALUES ('none', '', '', '', '', randomblob(4194304), 0);`

// rolledBack writes much and takes it back, then commits little.
func rolledBack(t *testing.T, path string) string {
	runs(t, path, much)(`; ROLLBACK; INSERT INTO deduplication VALUES ('none', 'a', 0);`)
	return path
}

// killedAmid dies in the middle of much, comes up again and commits little.
func killedAmid(t *testing.T, path string) string {
	runs(t, path, much)
	file, log := left(t, path)
	again := filepath.Join(t.TempDir(), "again.db")
	write(t, again, file)
	write(t, again+"-wal", log)
	runs(t, again, `INSERT INTO deduplication VALUES ('none', 'a', 0);`)
	return again
}

// runs has statements run on a connection that lasts as long as the test, and others after them.
func runs(t *testing.T, path, script string) (more func(script string)) {
	t.Helper()
	conn, err := zombiezen.OpenConn(path, zombiezen.OpenReadWrite)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.Close() })
	more = func(script string) {
		t.Helper()
		for _, s := range strings.Split(script, ";") {
			if err := sqlitex.ExecuteTransient(conn, s, nil); strings.TrimSpace(s) != "" && err != nil {
				t.Fatal(err)
			}
		}
	}
	more(script)
	return more
}

// late is how many of its jobs are there.
func late(t *testing.T, s *sqlite.Store) (n int) {
	t.Helper()
	for i := range 30 {
		job, err := s.Job(t.Context(), someJob(fmt.Sprint("late-", i), i).Scope)
		if err != nil {
			t.Fatal(err)
		}
		if job.JobID != "" {
			n++
		}
	}
	return n
}

func TestADamagedLogIsNoticedAndOneThatWasCutOffIsNot(t *testing.T) {
	file, log := killed(t)
	frames := (len(log) - 32) / (24 + pageSize)
	at := func(frame int) int { return 32 + frame*(24+pageSize) }
	for name, do := range map[string]func(*testing.T, string) string{
		"4 MB rolled back, one small commit, killed":                      rolledBack,
		"killed amid 4 MB, started again, one small commit, killed again": killedAmid,
	} {
		t.Run(name, func(t *testing.T) {
			file, log := killed(t, do)
			if len(log) < 1<<20 {
				t.Fatalf("of the 4 MB only %d bytes lie in the log", len(log))
			}
			found(t, file, log, 0, true)
		})
	}
	for name, story := range map[string]struct {
		change func(log []byte) []byte
		lost   int // pages
		all    bool
	}{
		"as it was left":                        {func(b []byte) []byte { return b }, 0, true},
		"cut off in the middle of a page":       {func(b []byte) []byte { return b[:at(frames/2)+100] }, 0, false},
		"cut off in its header":                 {func(b []byte) []byte { return b[:20] }, 0, false},
		"with a last page half written":         {func(b []byte) []byte { clear(b[len(b)-1000:]); return b }, 0, false},
		"a page in its middle zeroed":           {func(b []byte) []byte { clear(b[at(10):at(11)]); return b }, frames - 11, false},
		"a bit of a page in its middle":         {func(b []byte) []byte { b[at(10)+2000] ^= 1; return b }, frames - 11, false},
		"the page before its last zeroed":       {func(b []byte) []byte { clear(b[at(frames-2):at(frames-1)]); return b }, 1, false},
		"followed by a commit without its page": {func(b []byte) []byte { return append(b, halfCommit(b[at(5):at(7)])...) }, 0, true},
		"its header zeroed":                     {func(b []byte) []byte { clear(b[:32]); return b }, frames, false},
		"a bit of its header":                   {func(b []byte) []byte { b[17] ^= 1; return b }, frames, false},
		"followed by an older one's rest":       {func(b []byte) []byte { return append(b, olderLog(b)...) }, 0, true},
	} {
		t.Run(name, func(t *testing.T) {
			found(t, file, story.change(bytes.Clone(log)), story.lost, story.all)
		})
	}
	if lost, err := sqlite.Lost(filepath.Join(t.TempDir(), "none.db")); err != nil || lost != 0 {
		t.Errorf("of no log: %d, %v", lost, err)
	}
}

// found checks how many pages of a log are said to be lost, and whether all jobs are there.
func found(t *testing.T, file, log []byte, want int, all bool) {
	t.Helper()
	path := filepath.Join(t.TempDir(), "reprise.db")
	write(t, path, file)
	write(t, path+"-wal", log)
	lost, err := sqlite.Lost(path)
	if err != nil || lost != want {
		t.Errorf("%d pages are lost, %v; want %d", lost, err, want)
	}
	if n := late(t, openStore(t, path, noon)); (n == 30) != all {
		t.Errorf("%d of 30 jobs are there", n)
	}
}

// halfCommit is what a process leaves that dies between the two writes of its commit's last frame, over an older log: two
// frames of a transaction, of the second no more than its header.
func halfCommit(frames []byte) []byte {
	half := bytes.Clone(frames)
	clear(half[4:8])
	second := half[24+pageSize:]
	second[7] = 1
	clear(second[24:])
	return half
}

// olderLog is frames with another salt.
func olderLog(log []byte) []byte {
	rest := bytes.Clone(log[32:])
	for n := 0; n < len(rest); n += 24 + pageSize {
		rest[n+11]--
	}
	return rest
}

func write(t *testing.T, path string, data []byte) {
	t.Helper()
	if err := os.WriteFile(path, data, 0o600); err != nil {
		t.Fatal(err)
	}
}

func TestAFileThatLostItsBeginningOrItsEndIsRefusedAndLeftAsItWas(t *testing.T) {
	good := stocked(t).bytes
	_, log := killed(t)
	cleared := func(n int) []byte {
		b := bytes.Clone(good)
		clear(b[:n])
		return b
	}
	for name, story := range map[string]struct {
		file, log []byte
		want      string
	}{
		"its second half":           {good[:len(good)/2], nil, "is damaged: restore it from a backup"},
		"half a page and more":      {good[:len(good)/2+100], nil, "is damaged: restore it from a backup"},
		"its last page":             {good[:len(good)-pageSize], nil, "is damaged: restore it from a backup"},
		"all but its first page":    {good[:pageSize], nil, "is damaged: restore it from a backup"},
		"all but a piece of a page": {good[:50], nil, "is damaged: restore it from a backup"},
		"its header":                {cleared(100), nil, "its first page was overwritten: restore it from a backup"},
		"its first page":            {cleared(pageSize), nil, "its first page was overwritten: restore it from a backup"},
		"every byte's value":        {make([]byte, len(good)), nil, "its first page was overwritten: restore it from a backup"},
		"everything but its log":    {nil, log, "is empty, though its log"},
	} {
		t.Run(name, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), "reprise.db")
			write(t, path, story.file)
			if story.log != nil {
				write(t, path+"-wal", story.log)
			}
			s, err := sqlite.Open(path, noon)
			refused(t, s, err, path, story.want, "name another file")
			link := filepath.Join(t.TempDir(), "link.db")
			if err := os.Symlink(path, link); err != nil {
				t.Fatal(err)
			}
			s, err = sqlite.Open(link, noon)
			refused(t, s, err, link, story.want, "name another file")
			for name, want := range map[string][]byte{path: story.file, path + "-wal": story.log} {
				if got, err := os.ReadFile(name); !bytes.Equal(got, want) && (want != nil || err == nil) {
					t.Errorf("%s was changed", strings.TrimPrefix(name, path))
				}
			}
		})
	}
}
