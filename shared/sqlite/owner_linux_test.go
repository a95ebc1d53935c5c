package sqlite_test

import (
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"syscall"
	"testing"

	"reprise/shared/sqlite"
)

// Only root can make a file that belongs to somebody else: where anybody else runs the tests, this one proves nothing.
func TestAFileOpenToOthersThatBelongsToSomebodyElseIsRefused(t *testing.T) {
	if os.Geteuid() != 0 {
		return
	}
	const nobody = 65534
	for _, story := range []struct{ name, suffix string }{{"the file", ""}, {"its log", "-wal"}, {"the log's index", "-shm"}} {
		t.Run(story.name, func(t *testing.T) {
			folder := t.TempDir()
			path := filepath.Join(folder, "reprise.db")
			accept(t, openStore(t, path, noon), someJob("acme", 1)) // it stays open: log and index stay, too
			for _, suffix := range []string{"", "-wal", "-shm"} {
				if err := os.Chown(path+suffix, nobody, nobody); err != nil {
					t.Fatal(err)
				}
			}
			for name, mode := range map[string]os.FileMode{filepath.Dir(folder): 0o755, folder: 0o777, path + story.suffix: 0o666} {
				if err := os.Chmod(name, mode); err != nil {
					t.Fatal(err)
				}
			}
			if err := os.Chown(path+story.suffix, 0, 0); err != nil {
				t.Fatal(err)
			}
			s, err := openAs(nobody, path)
			refused(t, s, err, path+story.suffix+" is open to others (mode 0666)", "run reprise as its owner", "chown")
			if n := strings.Count(err.Error(), path); n != 1 {
				t.Errorf("the path is named %d times: %v", n, err)
			}
		})
	}
}

// openAs opens the file with the rights of another user, on a thread that ends with it.
func openAs(user int, path string) (s *sqlite.Store, err error) {
	done := make(chan struct{})
	go func() {
		defer close(done)
		runtime.LockOSThread() // and never unlocked: nobody else gets a thread with these rights
		if err = syscall.Setfsuid(user); err == nil {
			s, err = sqlite.Open(path, noon)
		}
	}()
	<-done
	return s, err
}
