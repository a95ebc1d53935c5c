package stack

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
)

// Root is the folder of go.mod, from the working directory upwards: tests run in the folder of their package.
func Root() (string, error) {
	dir, err := os.Getwd()
	if err != nil {
		return "", err
	}
	for at := dir; ; at = filepath.Dir(at) {
		if _, err := os.Stat(filepath.Join(at, "go.mod")); err == nil {
			return at, nil
		}
		if at == filepath.Dir(at) {
			return "", fmt.Errorf("no go.mod in %s or above it", dir)
		}
	}
}

// Part is the folder in which .ci/deps installed a part by its name in .ci/parts. Missing is the error of one that is not there.
func Part(name string) (string, error) {
	root, err := Root()
	if err != nil {
		return "", err
	}
	text, err := os.ReadFile(filepath.Join(root, ".ci", "parts"))
	if err != nil {
		return "", err
	}
	for line := range strings.Lines(string(text)) {
		key, folder, _ := strings.Cut(strings.TrimSpace(line), "=")
		if key != name {
			continue
		}
		cache, err := os.UserCacheDir()
		if err != nil {
			return "", err
		}
		place := filepath.Join(cache, "reprise", "parts", folder)
		if _, err := os.Stat(place); err != nil {
			return "", &Missing{name, err}
		}
		return place, nil
	}
	return "", fmt.Errorf(".ci/parts names no %s", name)
}

// Missing is a part that this machine does not have. No Part: none that could be installed, Err says what.
type Missing struct {
	Part string
	Err  error
}

func (m *Missing) Error() string {
	if m.Part == "" {
		return m.Err.Error()
	}
	return fmt.Sprintf("%s is not installed (make deps installs it, or says how): %v", m.Part, m.Err)
}

func (m *Missing) Unwrap() error { return m.Err }
