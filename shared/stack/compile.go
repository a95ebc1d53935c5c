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

// Compile builds each function as it is deployed, but for this machine's architecture: dir/put-replay-job and so on. How is
// said in one place, the Makefile; go build's flags given here come after that: -ldflags=-w leaves the symbols in.
func Compile(ctx context.Context, dir string, flags ...string) error {
	root, err := Root()
	if err != nil {
		return err
	}
	ask := exec.CommandContext(ctx, "make", "-s", "--no-print-directory", "lambda-env")
	ask.Dir, ask.Env = root, append(os.Environ(), "MAKEFLAGS=") // of a make that may be above us
	out, err := ask.Output()
	if errors.Is(err, exec.ErrNotFound) {
		return &Missing{"make", err}
	}
	if err != nil {
		return fmt.Errorf("asking the Makefile how functions are compiled: %w", err)
	}
	build := exec.CommandContext(ctx, "go", slices.Concat([]string{"build", "-o", dir + string(filepath.Separator)}, flags, []string{"./functions/..."})...)
	build.Dir = root
	build.Env = slices.Concat(os.Environ(), []string{"GOOS=linux", "GOARCH=" + runtime.GOARCH}, strings.Split(strings.TrimSpace(string(out)), "\n"))
	if out, err := build.CombinedOutput(); err != nil {
		return fmt.Errorf("compiling the functions: %w\n%s", err, out)
	}
	return nil
}
