package stack_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"reprise/shared/api"
	"reprise/shared/house"
	"reprise/shared/stack"
)

func load(t *testing.T) *stack.Template {
	t.Helper()
	template, err := stack.Load()
	if err != nil {
		t.Fatal(err)
	}
	return template
}

func facts(t *testing.T) tree {
	t.Helper()
	root, err := stack.Root()
	if err != nil {
		t.Fatal(err)
	}
	g, err := source()
	if err != nil {
		t.Fatal(err)
	}
	facts := tree{routes: api.Routes(), samples: make(map[string]int), programs: linked(t), graph: g, public: publicHalf(t, root)}
	folders, err := os.ReadDir(filepath.Join(root, "functions"))
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range folders {
		facts.folders = append(facts.folders, f.Name())
	}
	samples, err := filepath.Glob(filepath.Join(root, "events", "*", "*.json"))
	if err != nil {
		t.Fatal(err)
	}
	for _, s := range samples {
		if !strings.HasSuffix(s, ".answer.json") { // what a sample's answer must be lies beside it
			facts.samples[filepath.Base(filepath.Dir(s))]++
		}
	}
	return facts
}

// publicHalf is what dynamo asks for of a signing key when it shows the public ones.
func publicHalf(t *testing.T, root string) []string {
	t.Helper()
	name := filepath.Join(root, "shared", "dynamo", "keys.go")
	source, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	f, err := house.Parse(name, string(source))
	if err != nil {
		t.Fatal(err)
	}
	return strings.Split(strings.ReplaceAll(constant(f.AST, "publicHalf"), "#", ""), ", ")
}

func TestTheTemplateIsWhatTheCodeNeeds(t *testing.T) {
	template, facts := load(t), facts(t)
	for name, check := range checks() {
		t.Run(name, func(t *testing.T) {
			for _, fault := range check(template, facts) {
				t.Error(fault)
			}
		})
	}
}

func TestEveryParameterSaysWhatItTakes(t *testing.T) {
	for name, p := range load(t).Parameters {
		if p.Constraint == "" || p.Pattern == "" && len(p.Allowed) == 0 && (p.Min == "" || p.Max == "") {
			t.Errorf("%s takes anything, or does not say what", name)
		}
	}
}
