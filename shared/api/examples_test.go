package api_test

import (
	"bytes"
	"encoding/json"
	"flag"
	"net/http"
	"os"
	"strings"
	"testing"

	"github.com/getkin/kin-openapi/openapi3"

	"reprise/shared/api"
)

// write has the examples written as they come, to be read before they are committed.
var write = flag.Bool("write", false, "write the examples of openapi.yaml anew, from real answers")

// An example is a request as it was sent to a world, or the answer to it.
type example struct {
	name, summary string
	world         func(*stack) // nil: nothing was configured
	ask           asking
	status        int
	sent          bool // it is what was sent
}

// asking is a request of acme's admin, unless an edit changes that.
type asking struct {
	method, path, body string
	edits              []func(*http.Request)
}

func (a asking) of(s *stack) (status int, answer []byte) {
	w := s.ask(a.method, a.path, a.body, a.edits...)
	return w.Code, w.Body.Bytes()
}

const (
	beforeExamples = "\n  # What follows is written by `go test ./shared/api -run Examples -write`, from real answers: a change goes into examples_test.go.\n"
	description    = "openapi.yaml"
)

// text is the example as the file has it.
func (e example) text(t *testing.T) string {
	t.Helper()
	s := newStack(t)
	if e.world != nil {
		e.world(s)
	}
	status, value := e.ask.of(s)
	if status != e.status {
		t.Errorf("%s is answered %d, not %d: %s", e.name, status, e.status, value)
	}
	if e.sent {
		value = []byte(e.ask.body)
	}
	var b bytes.Buffer
	if !json.Valid(value) { // lines
		value, _ = json.Marshal(string(value))
	}
	if err := json.Indent(&b, bytes.TrimSpace(value), "        ", "  "); err != nil {
		t.Error(err)
	}
	summary, _ := json.Marshal(e.summary)
	return "    " + e.name + ":\n      summary: " + string(summary) + "\n      value:\n        " + b.String() + "\n"
}

func TestExamplesAreWhatIsReallyAnswered(t *testing.T) {
	t.Parallel()
	text, err := os.ReadFile(description)
	if err != nil {
		t.Fatal(err)
	}
	head, got, found := strings.Cut(string(text), beforeExamples)
	if !found {
		t.Fatal("openapi.yaml does not say where its examples begin")
	}
	want := "  examples:\n"
	for _, e := range examples() {
		want += e.text(t)
	}
	if *write {
		if err := os.WriteFile(description, []byte(head+beforeExamples+want), 0o644); err != nil {
			t.Fatal(err)
		}
	} else if got != want {
		t.Errorf("openapi.yaml has\n%s\nbut it is\n%s\nwrite it anew: go test ./shared/api -run Examples -write", got, want)
	}
}

// An example stands where it was answered: under its status, and under an operation that answers so.
func TestExamplesStandWhereTheyBelong(t *testing.T) {
	t.Parallel()
	known := make(map[string]example)
	for _, e := range examples() {
		known[e.name] = e
	}
	here := make(map[string]bool) // name and "METHOD /path"
	for _, a := range answers(t) {
		if a.body != nil {
			for name := range a.body.Examples {
				here[name+" "+a.operation] = true
				if e, ok := known[name]; !ok || e.sent || e.status != a.status {
					t.Errorf("%s %d has the example %s, which was not answered there", a.operation, a.status, name)
				}
			}
			if text := a.body.Schema.Value.Type.Is(openapi3.TypeString); len(a.body.Examples) == 0 && !text && a.operation != "GET /openapi.yaml" {
				t.Errorf("%s %d has no example", a.operation, a.status)
			}
		}
		for name := range a.requests {
			here[name+" "+a.operation] = true
			if e, ok := known[name]; !ok || !e.sent {
				t.Errorf("%s has the example %s, which was not sent", a.operation, name)
			}
		}
	}
	for name, e := range known {
		path, _, _ := strings.Cut(e.ask.path, "?")
		if !here[name+" "+e.ask.method+" "+api.Pattern(path)] {
			t.Errorf("the example %s does not stand under %s %s", name, e.ask.method, path)
		}
	}
}
