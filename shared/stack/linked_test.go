package stack_test

import (
	"bufio"
	"bytes"
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"sync"
	"testing"

	"reprise/shared/house"
	"reprise/shared/stack"
)

// program is what the linker left in a function's bootstrap. It drops every method that nothing can call.
type program struct {
	operations []string // of the SDK's clients: dynamodb.GetItem
	ours       []string // exported functions and methods of dynamo, sqs and boot: dynamo.Jobs.Accept, boot.Start
}

// programs is that of each folder of functions/, compiled once. Without inlining in our packages: an inlined method has no symbol.
var programs = sync.OnceValues(func() (map[string]program, error) {
	root, err := stack.Root()
	if err != nil {
		return nil, err
	}
	if _, err := house.Load(root); err != nil { // so that go test's cache sees what was compiled
		return nil, err
	}
	dir, err := stack.Scratch("functions")
	if err != nil {
		return nil, err
	}
	defer func() { _ = os.RemoveAll(dir) }()
	if err := stack.Compile(context.Background(), dir, "-ldflags=-w", "-gcflags=reprise/...=-l"); err != nil {
		return nil, err
	}
	built, err := filepath.Glob(filepath.Join(dir, "*", "bootstrap"))
	if err != nil {
		return nil, err
	}
	all := make(map[string]program)
	for _, file := range built {
		folder := filepath.Base(filepath.Dir(file))
		out, err := exec.Command("go", "tool", "nm", file).Output()
		if err != nil {
			return nil, fmt.Errorf("listing the symbols of %s: %w", folder, err)
		}
		all[folder] = symbols(out)
	}
	return all, nil
})

var (
	operation = regexp.MustCompile(`github\.com/aws/aws-sdk-go-v2/service/(dynamodb|sqs)\.\(\*Client\)\.([A-Z]\w*)$`)
	method    = regexp.MustCompile(`reprise/shared/(dynamo|sqs|boot)\.\(\*(\w+)\)\.([A-Z]\w*)$`)
	function  = regexp.MustCompile(`reprise/shared/(dynamo|sqs|boot)\.([A-Z]\w*)$`)
)

func symbols(nm []byte) (p program) {
	for lines := bufio.NewScanner(bytes.NewReader(nm)); lines.Scan(); {
		line := lines.Text()
		if m := operation.FindStringSubmatch(line); m != nil {
			p.operations = append(p.operations, m[1]+"."+m[2])
		}
		if m := method.FindStringSubmatch(line); m != nil {
			p.ours = append(p.ours, m[1]+"."+m[2]+"."+m[3])
		}
		if m := function.FindStringSubmatch(line); m != nil {
			p.ours = append(p.ours, m[1]+"."+m[2])
		}
	}
	slices.Sort(p.operations)
	slices.Sort(p.ours)
	p.operations, p.ours = slices.Compact(p.operations), slices.Compact(p.ours)
	return p
}

func linked(t *testing.T) map[string]program {
	t.Helper()
	all, err := programs()
	if err != nil {
		t.Fatal(err)
	}
	return all
}
