package stack

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
)

// Scratch makes a folder among the system's temporary ones, for its caller to remove. Those of the same name that processes left
// which were killed are removed now.
func Scratch(name string) (dir string, err error) {
	prefix := "reprise-" + name + "-"
	left, err := filepath.Glob(filepath.Join(os.TempDir(), prefix+"*"))
	if err != nil {
		return "", err
	}
	for _, folder := range left {
		if orphaned(strings.TrimPrefix(filepath.Base(folder), prefix)) {
			_ = os.RemoveAll(folder) // another user's is his to remove
		}
	}
	return os.MkdirTemp("", fmt.Sprintf("%s%d-", prefix, os.Getpid()))
}

// orphaned reports whether a name begins with the id, and a dash, of a process that has ended.
func orphaned(name string) bool {
	text, _, dash := strings.Cut(name, "-")
	pid, err := strconv.Atoi(text)
	if !dash || err != nil {
		return false
	}
	p, err := os.FindProcess(pid)
	if err != nil {
		return false
	}
	return errors.Is(p.Signal(syscall.Signal(0)), os.ErrProcessDone)
}
