package main

import (
	"bytes"
	"os"
	"os/exec"
	"slices"
	"strings"
	"testing"

	"github.com/alecthomas/kong"
	"github.com/google/go-cmp/cmp"
)

// All commands, as kong knows them: what a pipe gets is the result alone, in plain text, and what makes no sense ends with 2.
func TestEveryCommandKnowsItsManners(t *testing.T) {
	program, err := exec.LookPath("reprise")
	if err != nil {
		t.Fatal(err)
	}
	everyCommand(t, func(n *kong.Node) {
		path := strings.Fields(n.Path())
		ask := func(more string, shell bool) (code int, out, err string) {
			args := append(slices.Clone(path), more)
			cmd := exec.CommandContext(t.Context(), program, args...)
			if shell { // with a standard output that is closed
				cmd = exec.CommandContext(t.Context(), "sh", append([]string{"-c", `exec "$@" >&-`, "sh", program}, args...)...)
			}
			var stdout, stderr bytes.Buffer
			cmd.Stdout, cmd.Stderr = &stdout, &stderr
			cmd.Env = append(os.Environ(), "TERM=xterm-256color")
			_ = cmd.Run()
			return cmd.ProcessState.ExitCode(), stdout.String(), stderr.String()
		}
		t.Run(n.Path(), func(t *testing.T) {
			t.Parallel()
			if code, out, said := ask("--help", false); code != exitOK || said != "" || !strings.HasPrefix(out, "Usage: reprise "+n.Path()) || strings.Contains(out, "\x1b") {
				t.Errorf("--help: %d, %.200q, %q", code, out, said)
			}
			want := `Run "reprise ` + n.Path() + ` --help" for the flags, their rules, and examples.` + "\n"
			code, out, said := ask("--no-such-flag", false)
			if first, hint, _ := strings.Cut(said, "\n"); code != exitUsage || out != "" || !strings.HasPrefix(first, "reprise: ") || hint != want {
				t.Errorf("--no-such-flag: %d, %q, %q", code, out, said)
			}
			if _, _, said := ask("--help", true); strings.Contains(said, "goroutine") || strings.Contains(said, "panic") {
				t.Errorf("--help without a standard output: %q", said)
			}
		})
		for _, f := range n.Flags {
			if f.Name == "output" && n.Name != "listen" { // there it is a file
				if d := cmp.Diff([]string{"table", "json"}, f.EnumSlice()); d != "" || f.Default != "table" || f.Short != 'o' {
					t.Errorf("%s --output: default %q, short %q, %s", n.FullPath(), f.Default, f.Short, d)
				}
			}
		}
	})
}

func TestAReaderThatLeavesIsNoStackTrace(t *testing.T) {
	out, err := exec.CommandContext(t.Context(), "sh", "-c", `{ reprise --help; reprise version; reprise completion bash; } 2>&1 >&- | head -n 20; reprise --help | head -n 1`).CombinedOutput()
	if err != nil || strings.Contains(string(out), "goroutine") || !strings.HasSuffix(string(out), "Usage: reprise <command> [flags]\n") {
		t.Errorf("%v: %s", err, out)
	}
}
