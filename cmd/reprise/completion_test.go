package main

import (
	"bytes"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"reprise/shared/stack"
	"reprise/shared/stacktest"
)

// candidates is what the words may become, as the scripts of all shells are told.
func candidates(t *testing.T, words ...string) (texts []string) {
	t.Helper()
	got := command(t, append([]string{completeCommand}, words...)...)
	if got.code != exitOK || got.err != "" {
		t.Fatalf("%q: %+v", words, got)
	}
	for line := range strings.Lines(got.out) {
		text, _, _ := strings.Cut(line, "\t")
		texts = append(texts, text)
	}
	return texts
}

func TestAWordIsCompletedByWhatMayStandThere(t *testing.T) {
	t.Setenv("REPRISE_CONFIG", filepath.Join(t.TempDir(), "config.yaml"))
	if err := os.WriteFile(os.Getenv("REPRISE_CONFIG"), []byte("profiles: {staging: {api: http://x}, production: {api: http://y}}"), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		words string // the last one is being written
		want  string
	}{
		{"ver", "verify version"},
		{"lis", "listen"},
		{"nothing", ""},
		{"token ", "create list revoke"},
		{"token c", "create"},
		{"verify ", ""}, // a file
		{"verify --ou", "--output"},
		{"verify x --output ", "json table"},
		{"verify x -o j", "json"},
		{"verify x --output=", "--output=json --output=table"},
		{"verify x --output = ", "json table"}, // as bash cuts it
		{"verify x --output =", "json table"},
		{"verify x --output = json --jw", "--jwks"},
		{"verify --jwks ", ""},
		{"send --profile ", "production staging"},
		{"send --profile s", "staging"},
		{"completion ", "bash fish zsh"},
		{"completion bash ", ""},
		{"listen --tail --forward-", "--forward-authorization"},
		{"listen --bre", "--break"},
		{"serve --prof", ""}, // hidden
		{"serve --log-level de", "debug"},
		{"demo --format c", "cef cps"},
		{"--ver", "--version"},
		{completeCommand[:3], ""},
	} {
		if d := cmp.Diff(c.want, strings.Join(candidates(t, strings.Split(c.words, " ")...), " ")); d != "" {
			t.Errorf("%s: %s", c.words, d)
		}
	}
	if got := candidates(t); len(got) < 7 {
		t.Errorf("no word at all: %q", got)
	}
}

// Each shell reads its script and completes by it, with the program itself behind it.
func TestTheShellsCompleteWithTheirScripts(t *testing.T) {
	for shell, say := range map[string]string{
		"bash": `source <("$P" completion bash) && COMP_WORDS=("$P" %s) COMP_CWORD=%n && _reprise && printf '%s\n' "${COMPREPLY[@]}" && complete -p reprise >&2`,
		"zsh":  `compdef() { :; }; _files() { print FILES; }; _describe() { print -l "${(@)${(P)2}%%:*}"; }; source <("$P" completion zsh) && words=("$P" %s) CURRENT=$((%n + 1)) && _reprise`,
		"fish": `"$P" completion fish | source; complete -C "reprise %s" | cut -f 1`,
	} {
		t.Run(shell, func(t *testing.T) {
			t.Parallel()
			path, err := exec.LookPath(shell)
			if err != nil {
				err = &stack.Missing{Part: shell, Err: err}
			}
			stacktest.Need(t, err)
			program, err := exec.LookPath("reprise")
			if err != nil {
				t.Fatal(err)
			}
			for _, c := range []struct{ words, n, want string }{
				{"lis", "1", "listen\n"},
				{"token cr", "2", "create\n"},
				{"verify x --output j", "4", "json\n"},
			} {
				text := strings.NewReplacer("'%s\\n'", "'%s\\n'", "%s", c.words, "%n", c.n).Replace(say)
				cmd := exec.Command(path, "-c", text)
				var out, said bytes.Buffer
				cmd.Stdout, cmd.Stderr = &out, &said
				cmd.Env = append(os.Environ(), "P="+program, "HOME="+t.TempDir())
				var exit *exec.ExitError
				if err := cmd.Run(); err != nil && !errors.As(err, &exit) {
					t.Fatal(err)
				}
				if d := cmp.Diff(c.want, out.String()); d != "" {
					t.Errorf("%s: %s%s", c.words, d, said.String())
				}
			}
		})
	}
}
