package sqlite_test

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"reprise/shared/sqlite"
)

// killed is a file and its log as a process leaves them that dies: jobs in the log alone.
func killed(t *testing.T) (file, log []byte) {
	t.Helper()
	path := filepath.Join(t.TempDir(), "killed.db")
	if err := openStore(t, path, noon).Close(); err != nil {
		t.Fatal(err)
	}
	s := openStore(t, path, noon)
	for n := range 30 {
		accept(t, s, someJob(fmt.Sprint("late-", n), n))
	}
	file, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if log, err = os.ReadFile(path + "-wal"); err != nil {
		t.Fatal(err)
	}
	return file, log
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
	for name, story := range map[string]struct {
		change func(log []byte) []byte
		lost   int // pages
		all    bool
	}{
		"as it was left":                  {func(b []byte) []byte { return b }, 0, true},
		"cut off in the middle of a page": {func(b []byte) []byte { return b[:at(frames/2)+100] }, 0, false},
		"cut off in its header":           {func(b []byte) []byte { return b[:20] }, 0, false},
		"with a last page half written":   {func(b []byte) []byte { clear(b[len(b)-1000:]); return b }, 0, false},
		"a page in its middle zeroed":     {func(b []byte) []byte { clear(b[at(10):at(11)]); return b }, frames - 11, false},
		"a bit of a page in its middle":   {func(b []byte) []byte { b[at(10)+2000] ^= 1; return b }, frames - 11, false},
		"its header zeroed":               {func(b []byte) []byte { clear(b[:32]); return b }, frames, false},
		"a bit of its header":             {func(b []byte) []byte { b[17] ^= 1; return b }, frames, false},
		"followed by an older one's rest": {func(b []byte) []byte { return append(b, olderLog(b)...) }, 0, true},
	} {
		t.Run(name, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), "reprise.db")
			write(t, path, file)
			write(t, path+"-wal", story.change(bytes.Clone(log)))
			lost, err := sqlite.Lost(path)
			if err != nil || lost != story.lost {
				t.Errorf("%d pages of %d are lost, %v; want %d", lost, frames, err, story.lost)
			}
			if n := late(t, openStore(t, path, noon)); (n == 30) != story.all {
				t.Errorf("%d of 30 jobs are there", n)
			}
		})
	}
	if lost, err := sqlite.Lost(filepath.Join(t.TempDir(), "none.db")); err != nil || lost != 0 {
		t.Errorf("of no log: %d, %v", lost, err)
	}
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
			for name, want := range map[string][]byte{path: story.file, path + "-wal": story.log} {
				if got, err := os.ReadFile(name); !bytes.Equal(got, want) && (want != nil || err == nil) {
					t.Errorf("%s was changed", strings.TrimPrefix(name, path))
				}
			}
		})
	}
}
