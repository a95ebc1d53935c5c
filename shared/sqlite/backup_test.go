package sqlite_test

import (
	"os"
	"path/filepath"
	"testing"
)

func TestABackupIsServedWithAWriteAheadLogOfItsOwn(t *testing.T) {
	path, backup := filepath.Join(t.TempDir(), "reprise.db"), filepath.Join(t.TempDir(), "backup.db")
	s := openStore(t, path, noon)
	job := someJob("acme", 1)
	accept(t, s, job)
	runs(t, path, "VACUUM INTO '"+backup+"'")
	s = openStore(t, backup, noon)
	if got, err := s.Job(t.Context(), job.Scope); err != nil || got != job {
		t.Errorf("got %+v, %v, want %+v", got, err, job)
	}
	accept(t, s, someJob("acme", 2))
	if info, err := os.Stat(backup + "-wal"); err != nil || info.Size() == 0 {
		t.Errorf("what was written is not in a write-ahead log: %v", err)
	}
}
