package stack

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
)

// Make is a target of the Makefile of that folder, which says nothing but what it is to say.
func Make(ctx context.Context, dir, target string) *exec.Cmd {
	cmd := exec.CommandContext(ctx, "make", "-s", "--no-print-directory", target)
	cmd.Dir, cmd.Env = dir, append(os.Environ(), "MAKEFLAGS=") // of a make that may be above us
	return cmd
}

// Compile builds each function as it is deployed, but for this machine's architecture: dir/put-replay-job/bootstrap and so on. How is
// said in one place, the Makefile; go build's flags given here come after that: -ldflags=-w leaves the symbols in.
func Compile(ctx context.Context, dir string, flags ...string) error {
	root, err := Root()
	if err != nil {
		return err
	}
	ask := Make(ctx, root, "lambda-env")
	out, err := ask.Output()
	if errors.Is(err, exec.ErrNotFound) {
		return &Missing{"make", err}
	}
	if err != nil {
		return fmt.Errorf("asking the Makefile how functions are compiled: %w", err)
	}
	all := filepath.Join(dir, "all")
	build := exec.CommandContext(ctx, "go", slices.Concat([]string{"build", "-o", all + string(filepath.Separator)}, flags, []string{"./functions/..."})...)
	build.Dir = root
	build.Env = slices.Concat(os.Environ(), []string{"GOOS=linux", "GOARCH=" + runtime.GOARCH}, strings.Split(strings.TrimSpace(string(out)), "\n"))
	if out, err := build.CombinedOutput(); err != nil {
		return fmt.Errorf("compiling the functions: %w\n%s", err, out)
	}
	built, err := os.ReadDir(all)
	if err != nil {
		return err
	}
	for _, b := range built {
		if err := os.Mkdir(filepath.Join(dir, b.Name()), 0o755); err != nil {
			return err
		}
		if err := os.Rename(filepath.Join(all, b.Name()), filepath.Join(dir, b.Name(), "bootstrap")); err != nil {
			return err
		}
	}
	return os.Remove(all)
}
