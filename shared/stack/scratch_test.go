package stack_test

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"reprise/shared/stack"
)

func TestTheNextRunRemovesWhatAKilledOneLeft(t *testing.T) {
	t.Setenv("TMPDIR", t.TempDir())
	killed := exec.Command("cat")
	if _, err := killed.StdinPipe(); err != nil {
		t.Fatal(err)
	}
	if err := killed.Start(); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{fmt.Sprintf("reprise-test-%d-1", killed.Process.Pid), fmt.Sprintf("reprise-test-%d-1", os.Getpid()), "reprise-test-mine", fmt.Sprintf("reprise-other-%d-1", killed.Process.Pid)} {
		if err := os.Mkdir(filepath.Join(os.TempDir(), name), 0o700); err != nil {
			t.Fatal(err)
		}
	}
	for range 2 { // one more each time, at the second without what is left of the killed
		if _, err := stack.Scratch("test"); err != nil {
			t.Fatal(err)
		}
		left, err := os.ReadDir(os.TempDir())
		if err != nil || len(left) != 5 {
			t.Errorf("there are %v, %v; want 5", left, err)
		}
		_ = killed.Process.Kill()
		_ = killed.Wait()
	}
}
