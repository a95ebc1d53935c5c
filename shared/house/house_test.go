package house_test

import (
	"slices"
	"strings"
	"testing"

	"reprise/shared/house"
)

// tree is every file of the tree.
func tree(t *testing.T) []house.File {
	t.Helper()
	files, err := house.Load("../..")
	if err != nil {
		t.Fatal(err)
	}
	if len(files) < 50 {
		t.Fatalf("only %d files were found: is this the root of the tree?", len(files))
	}
	return files
}

func TestTheHouseKeepsItsRules(t *testing.T) {
	files := tree(t)
	for _, rule := range house.Rules() {
		t.Run(rule.Name, func(t *testing.T) {
			for _, v := range rule.Check(files) {
				t.Error(v)
			}
		})
	}
}

// planted is a file with one fault, or with none where one could be suspected.
type planted struct {
	story, path, source string
	want                string // part of what is said; "" for nothing
}

// TestEachRuleCatchesWhatItForbids plants one fault a row; a rule that catches nothing would keep the house just as quietly.
func TestEachRuleCatchesWhatItForbids(t *testing.T) {
	rows := []planted{
		{"a verb imports a verb", "shared/deliver/x.go", `import "reprise/shared/settle"`, "deliver imports reprise/shared/settle"},
		{"a verb imports an adapter", "shared/fanout/x.go", `import "reprise/shared/sqlite"`, "fanout imports reprise/shared/sqlite"},
		{"an adapter imports a verb", "shared/sqlite/x.go", `import "reprise/shared/intake"`, "sqlite imports reprise/shared/intake"},
		{"the ground imports a noun", "shared/replay/x.go", `import "reprise/shared/chunk"`, "replay imports reprise/shared/chunk"},
		{"the ground imports a module", "shared/replay/x.go", `import "github.com/oklog/ulid/v2"`, "replay imports github.com/oklog"},
		{"a verb knows HTTP", "shared/intake/x.go", `import "net/http"`, "intake imports net/http"},
		{"a noun opens files", "shared/webhook/x.go", `import "os"`, "webhook imports os"},
		{"api knows AWS", "shared/api/x.go", `import "github.com/aws/aws-lambda-go/events"`, "api imports github.com/aws"},
		{"a main says lambda.Start", "functions/jwks/main.go", `import "github.com/aws/aws-lambda-go/lambda"`, ""},
		{"a main makes a client", "functions/jwks/main.go", `import "github.com/aws/aws-sdk-go-v2/service/dynamodb"`, "functions/jwks imports github.com/aws"},
		{"local imports everything", "shared/local/x.go", "import \"reprise/shared/sqlite\"\nimport \"reprise/shared/settle\"", ""},
		{"a test may import the store", "shared/deliver/x_test.go", `import "reprise/shared/sqlite"`, ""},
		{"a drawer", "shared/util/x.go", ``, "folder util is no room"},
		{"a verb makes its own randomness", "shared/deliver/x.go", `import "math/rand/v2"`, "deliver imports math/rand/v2"},
		{"a transition without a fence", "shared/settle/x.go", "type jobs interface { Fail(why string) error }", "Fail takes no replay.Fence"},
		{"a transition with one", "shared/settle/x.go", "import \"reprise/shared/replay\"\ntype jobs interface { Fail(f replay.Fence) error }", ""},
		{"a vendor's word", "shared/deliver/x.go", "type queue interface { Delete(receipt string) error }", "a port says receipt"},
		{"state of the package", "shared/deliver/x.go", "var cache = 1", "deliver keeps cache"},
		{"an init", "shared/deliver/x.go", "func init() {}", "deliver has an init"},
		{"a sentinel", "shared/deliver/x.go", "import \"errors\"\n\n// ErrX is a sentinel.\nvar ErrX = errors.New(\"x\")", ""},
		{"an exported thing that says nothing", "shared/deliver/x.go", "type Thing int", "Thing has no comment"},
		{"a file that grew", "shared/deliver/x.go", strings.Repeat("\n", 401), "lines, 400 at most"},
		{"a function that grew", "shared/deliver/x.go", "func f() {" + strings.Repeat("\n", 61) + "}", "f has 62 lines, 60 at most"},
		{"a main that is no sentence", "cmd/x/main.go", strings.Repeat("\n", 30), "main.go has"},
		{"a test that sleeps", "shared/deliver/x_test.go", "import \"time\"\nfunc f() { time.Sleep(1) }", "a test sleeps"},
	}
	for _, row := range slices.Concat(rows, plantedCalls(), plantedKeys()) {
		t.Run(row.story, func(t *testing.T) {
			check(t, "// Package x does x.\npackage "+name(row.path)+"\n"+row.source, row.path, row.want)
		})
	}
	signs := []struct{ story, sign, want string }{
		{"two rooms", "// Package x does this and that.", `needs "and"`},
		{"two sentences", "// Package x does this. It does that.", "more than one sentence"},
		{"no sentence", "// Package x does this", "full stop"},
		{"no sign", "", "0 door signs"},
		{"a sign with more below", "// Package x does this.\n//\n// And that.", ""},
	}
	for _, row := range signs {
		t.Run("a door sign: "+row.story, func(t *testing.T) {
			check(t, row.sign+"\npackage x", "shared/settle/x.go", row.want)
		})
	}
}

func name(path string) string {
	if strings.HasSuffix(path, "/main.go") {
		return "main"
	}
	return "x"
}

func check(t *testing.T, source, path, want string) {
	t.Helper()
	f, err := house.Parse(path, source)
	if err != nil {
		t.Fatal(err)
	}
	var said []string
	for _, rule := range house.Rules() {
		for _, v := range rule.Check([]house.File{f}) {
			if v.Reason == "" {
				t.Errorf("%s: no reason is given", v)
			}
			said = append(said, v.String())
		}
	}
	all := strings.Join(said, "\n")
	if want == "" && all != "" || !strings.Contains(all, want) {
		t.Errorf("got %q, want %q", all, want)
	}
}
