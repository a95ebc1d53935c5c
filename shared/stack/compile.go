package stack

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"strings"
)

// Compile builds each function for this machine, as dir/put-replay-job and so on, the way that the Makefile has them built
// for AWS (make lambda-env). Flags are go build's and come after those: -ldflags=-w leaves the symbols in.
func Compile(ctx context.Context, dir string, flags ...string) error {
	root, err := Root()
	if err != nil {
		return err
	}
	variables := exec.CommandContext(ctx, "make", "-s", "-C", root, "lambda-env")
	variables.Stderr = os.Stderr
	out, err := variables.Output()
	if err != nil {
		return fmt.Errorf("asking the Makefile how functions are compiled: %w", err)
	}
	build := exec.CommandContext(ctx, "go", append([]string{"build", "-o", dir + string(os.PathSeparator)}, append(flags, "./functions/...")...)...)
	build.Dir = root
	build.Env = append(os.Environ(), strings.Split(strings.TrimSpace(string(out)), "\n")...)
	if out, err := build.CombinedOutput(); err != nil {
		return fmt.Errorf("compiling the functions: %w\n%s", err, out)
	}
	return nil
}
