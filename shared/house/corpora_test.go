package house_test

import (
	"go/ast"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"reprise/shared/house"
)

// A handful of inputs that once hurt, or would, so that go test runs them without fuzzing and the fuzzer starts from them.
const handful = 5

func TestEveryFuzzTargetHasACorpus(t *testing.T) {
	const root = "../.."
	files, err := house.Load(root)
	if err != nil {
		t.Fatal(err)
	}
	wanted := make(map[string]bool) // folders
	for _, f := range files {
		for _, d := range f.AST.Decls {
			if fn, ok := d.(*ast.FuncDecl); ok && f.Test() && strings.HasPrefix(fn.Name.Name, "Fuzz") {
				folder := filepath.Join(root, filepath.Dir(f.Path), "testdata", "fuzz", fn.Name.Name)
				wanted[folder] = true
				if inputs, err := os.ReadDir(folder); len(inputs) < handful {
					t.Errorf("%s: %s has a corpus of %d, %d is a handful: %v", f.Path, fn.Name.Name, len(inputs), handful, err)
				}
			}
		}
	}
	if len(wanted) == 0 {
		t.Error("there are no fuzz targets: is this the root of the tree?")
	}
	for _, pattern := range []string{"shared/*", "cmd/*", "cmd/*/*"} {
		there, err := filepath.Glob(filepath.Join(root, pattern, "testdata", "fuzz", "*"))
		if err != nil {
			t.Fatal(err)
		}
		for _, folder := range there {
			if !wanted[folder] {
				t.Errorf("%s is the corpus of no target", folder)
			}
		}
	}
}
