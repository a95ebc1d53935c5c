package house_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"testing"
)

// A patch that no longer applies plants nothing: it is made anew where the code is changed, not when somebody runs all of them.
func TestEveryMutantCanBePlanted(t *testing.T) {
	t.Parallel()
	const root = "../.."
	patches, err := filepath.Glob("mutants/*.patch")
	if err != nil || len(patches) == 0 {
		t.Fatalf("%d mutants: %v", len(patches), err)
	}
	suites, target := regexp.MustCompile(`(?m)^test: `), regexp.MustCompile(`(?m)^--- a/(.+)$`)
	for _, path := range patches {
		text, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		if !suites.Match(text) {
			t.Errorf(`%s: no line "test: " says who must notice`, path)
		}
		for _, name := range target.FindAllSubmatch(text, -1) { // here, so that a change of one has go test look again
			if _, err := os.ReadFile(filepath.Join(root, string(name[1]))); err != nil {
				t.Errorf("%s: %v", path, err)
			}
		}
		git := exec.CommandContext(t.Context(), "git", "apply", "--check", filepath.Join("shared", "house", path))
		git.Dir = root
		if said, err := git.CombinedOutput(); err != nil {
			t.Errorf("%s does not apply: make it anew: %s", path, said)
		}
	}
}
