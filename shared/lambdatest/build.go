package lambdatest

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"

	"reprise/shared/stack"
)

// Build compiles every function as it is deployed, but for this machine's architecture: dir/put-replay-job/bootstrap and so on.
func Build(ctx context.Context, dir string) error {
	root, err := stack.Root()
	if err != nil {
		return err
	}
	flags, err := flags(ctx, root)
	if err != nil {
		return err
	}
	all := filepath.Join(dir, "all") + string(filepath.Separator)
	cmd := exec.CommandContext(ctx, "go", "build", "-o", all, "./functions/...")
	cmd.Dir, cmd.Env = root, append(os.Environ(), append(flags, "GOOS=linux", "GOARCH="+runtime.GOARCH)...)
	if out, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("building the functions: %w\n%s", err, out)
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
	return nil
}

// flags is how the Makefile compiles them, KEY=VALUE: it is the one place that says it.
func flags(ctx context.Context, root string) ([]string, error) {
	cmd := exec.CommandContext(ctx, "make", "-s", "--no-print-directory", "lambda-env")
	cmd.Dir, cmd.Env = root, without(os.Environ(), "MAKEFLAGS", "MFLAGS", "MAKELEVEL") // of the make that may be above us
	out, err := cmd.Output()
	if errors.Is(err, exec.ErrNotFound) {
		return nil, &stack.Missing{Part: "make", Err: err}
	}
	if err != nil {
		return nil, fmt.Errorf("asking the Makefile how functions are compiled: %w", err)
	}
	var all []string
	for line := range strings.Lines(string(out)) {
		if line = strings.TrimSpace(line); !strings.Contains(line, "=") {
			return nil, fmt.Errorf("make lambda-env says %q, which is no KEY=VALUE", line)
		}
		all = append(all, line)
	}
	return all, nil
}

func without(environment []string, names ...string) []string {
	var left []string
next:
	for _, e := range environment {
		for _, name := range names {
			if strings.HasPrefix(e, name+"=") {
				continue next
			}
		}
		left = append(left, e)
	}
	return left
}

// emulator is AWS's Lambda runtime interface emulator, which is a part of SAM.
func emulator() (string, error) {
	if runtime.GOOS != "linux" {
		return "", &stack.Missing{Part: "Linux", Err: errors.New("AWS's runtime interface emulator runs on nothing else")}
	}
	sam, err := stack.Part("SAM")
	if err != nil {
		return "", err
	}
	name := "aws-lambda-rie-" + map[string]string{"amd64": "x86_64"}[runtime.GOARCH]
	if runtime.GOARCH != "amd64" {
		name += runtime.GOARCH
	}
	found, err := filepath.Glob(filepath.Join(sam, "lib", "python3*", "site-packages", "samcli", "local", "rapid", name))
	if err != nil || len(found) == 0 {
		return "", &stack.Missing{Part: "SAM", Err: fmt.Errorf("it has no %s", name)}
	}
	return found[0], nil
}
