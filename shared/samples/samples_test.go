package samples_test

import (
	"bytes"
	"context"
	"errors"
	"flag"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"

	"reprise/shared/samples"
	"reprise/shared/stack"
)

// write has the answers written as they come, to be read before they are committed.
var write = flag.Bool("write", false, "write the answers of events/ anew")

func all(t *testing.T) []samples.Sample {
	t.Helper()
	root, err := stack.Root()
	if err != nil {
		t.Fatal(err)
	}
	found, err := samples.All(root)
	if err != nil {
		t.Fatal(err)
	}
	return found
}

func TestEveryFunctionHasSamplesWithAnswersAndEverySampleAFunction(t *testing.T) {
	template, err := stack.Load()
	if err != nil {
		t.Fatal(err)
	}
	got, want := make(map[string]bool), make(map[string]bool)
	for _, f := range template.Functions {
		want[f.Folder] = true
	}
	for _, s := range all(t) {
		got[s.Folder] = true
		if _, err := s.Answer(); err != nil {
			t.Error(err)
		}
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("template.yaml's functions (-) are not the folders of events/ (+):\n%s", diff)
	}
	root, _ := stack.Root()
	answers, err := filepath.Glob(filepath.Join(root, "events", "*", "*.answer.json"))
	if err != nil || len(answers) != len(all(t)) {
		t.Errorf("%d answers to %d samples, %v", len(answers), len(all(t)), err)
	}
}

func TestEveryWorldIsOfASample(t *testing.T) {
	var names []string
	for _, s := range all(t) {
		names = append(names, s.String())
	}
	for _, name := range samples.Worlds() {
		if !slices.Contains(names, name) {
			t.Errorf("the world %s is of no sample", name)
		}
	}
}

// TestSAMAnswersEverySampleAsExpected runs each as AWS's own tools do, in a container.
func TestSAMAnswersEverySampleAsExpected(t *testing.T) {
	if os.Getenv("WHOLE") == "" && !*write {
		t.Skip("SKIPPED: sam local invoke for each sample takes a minute (make slow, or WHOLE=1)")
	}
	build(t)
	var log safe
	servers, stop, err := samples.Start(t.Context(), &log)
	stack.Need(t, err)
	t.Cleanup(func() {
		if err := stop(); err != nil {
			t.Error(err)
		}
		if t.Failed() {
			t.Log(log.String())
		}
	})
	check(t, servers, 2) // processors: SAM is a program that begins anew each time
}

// check holds every sample to its answer, some at a time.
func check(t *testing.T, servers samples.Servers, atOnce int) {
	t.Helper()
	places := make(chan struct{}, atOnce)
	for _, s := range all(t) {
		t.Run(s.String(), func(t *testing.T) {
			t.Parallel()
			places <- struct{}{}
			defer func() { <-places }()
			if *write {
				if err := servers.Write(context.WithoutCancel(t.Context()), s); err != nil {
					t.Fatal(err)
				}
				return
			}
			got, want, err := servers.Check(t.Context(), s)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("the answer and what is left (+) are not what was expected (-):\n%s", diff)
			}
		})
	}
}

// build makes the functions anew, by the one way there is.
func build(t *testing.T) {
	t.Helper()
	if _, err := stack.Part("SAM"); err != nil {
		stack.Need(t, err)
	}
	root, err := stack.Root()
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command("make", "-s", "functions")
	cmd.Dir = root
	for _, pair := range os.Environ() { // of the make that may be above us
		if !strings.HasPrefix(pair, "MAKE") && !strings.HasPrefix(pair, "MFLAGS=") {
			cmd.Env = append(cmd.Env, pair)
		}
	}
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatal(errors.Join(err, errors.New(string(out))))
	}
}

// safe is a buffer that several write to.
type safe struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (s *safe) Write(p []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.b.Write(p)
}

func (s *safe) String() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.b.String()
}
