package stack_test

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"reprise/shared/stack"
	"reprise/shared/stacktest"
)

// TestAChangeInSharedReachesEveryFunction builds a copy of the tree with the Makefile's own target, twice: SAM's cache looks at
// a function's folder alone, and would ship the shared/ of the first time (samconfig.toml).
func TestAChangeInSharedReachesEveryFunction(t *testing.T) {
	if os.Getenv("WHOLE") != "1" {
		t.Skip("two builds of everything: WHOLE=1, as make slow sets it")
	}
	_, err := stack.Part("SAM")
	stacktest.Need(t, err)
	root, err := stack.Root()
	if err != nil {
		t.Fatal(err)
	}
	tree := t.TempDir()
	for _, part := range []string{"functions", "shared", ".ci"} {
		if err := os.CopyFS(filepath.Join(tree, part), os.DirFS(filepath.Join(root, part))); err != nil {
			t.Fatal(err)
		}
	}
	for _, name := range []string{"go.mod", "go.sum", "Makefile", "template.yaml", "samconfig.toml"} {
		text, err := os.ReadFile(filepath.Join(root, name))
		if err == nil {
			err = os.WriteFile(filepath.Join(tree, name), text, 0o600)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	const is, becomes = "the function cannot start", "the function may not start" // every function may have to say it
	holding(t, tree, is, becomes)
	name := filepath.Join(tree, "shared", "boot", "boot.go")
	text, err := os.ReadFile(name)
	if err != nil || !bytes.Contains(text, []byte(is)) {
		t.Fatalf("boot no longer says %q: %v", is, err)
	}
	if err := os.WriteFile(name, bytes.ReplaceAll(text, []byte(is), []byte(becomes)), 0o600); err != nil {
		t.Fatal(err)
	}
	holding(t, tree, becomes, is)
}

// holding builds the functions, each of which must hold the one text and not the other.
func holding(t *testing.T, tree, this, other string) {
	t.Helper()
	if out, err := stack.Make(t.Context(), tree, "functions").CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	built, err := filepath.Glob(filepath.Join(tree, ".aws-sam", "build", "*", "bootstrap"))
	if err != nil || len(built) != len(load(t).Functions) {
		t.Fatalf("make functions built %d: %v", len(built), err)
	}
	for _, name := range built {
		program, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		if !bytes.Contains(program, []byte(this)) || bytes.Contains(program, []byte(other)) {
			t.Errorf("%s was not built anew: it does not say %q", strings.TrimPrefix(name, tree), this)
		}
	}
}
