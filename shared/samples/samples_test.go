package samples_test

import (
	"path/filepath"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"reprise/shared/samples"
	"reprise/shared/stack"
)

func TestEveryFunctionHasSamplesWithAnswersAndEverySampleAFunction(t *testing.T) {
	root, err := stack.Root()
	if err != nil {
		t.Fatal(err)
	}
	template, err := stack.Load()
	if err != nil {
		t.Fatal(err)
	}
	all, err := samples.All(root)
	if err != nil {
		t.Fatal(err)
	}
	functions, folders := make(map[string]bool), make(map[string]bool)
	for _, f := range template.Functions {
		functions[f.Folder] = true
	}
	var names []string
	for _, s := range all {
		folders[s.Folder] = true
		names = append(names, s.String())
		if _, err := s.Answer(); err != nil {
			t.Error(err)
		}
	}
	if diff := cmp.Diff(functions, folders); diff != "" {
		t.Errorf("the folders of template.yaml's functions (-) are not those of events/ (+):\n%s", diff)
	}
	answers, err := filepath.Glob(filepath.Join(root, "events", "*", "*.answer.json"))
	if err != nil || len(answers) != len(all) {
		t.Errorf("there are %d answers to %d samples: %v", len(answers), len(all), err)
	}
	for _, world := range samples.Worlds() {
		if !slices.Contains(names, world) {
			t.Errorf("there is a world for %s, and no such sample", world)
		}
	}
}
