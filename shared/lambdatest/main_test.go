package lambdatest

import (
	"cmp"
	"context"
	"flag"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"reprise/shared/access"
	"reprise/shared/stack"
	"reprise/shared/stacktest"
)

// whole is whether everything is to be done: `make slow` sets it. Else a part must do, so that `go test ./...` stays quick.
var whole = os.Getenv("WHOLE") == "1"

// folder is for the functions, until the end of all tests.
var folder string

func TestMain(m *testing.M) {
	flag.Parse()
	if err := flag.Set("test.parallel", "8"); err != nil { // however few processors there are: most of them wait for a message to be shown
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	var err error
	if folder, err = stack.Scratch("lambdatest"); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	code := m.Run()
	_ = os.RemoveAll(folder)
	os.Exit(code)
}

// built has the functions compiled, once.
var built = sync.OnceValue(func() error {
	// Nothing tells go test that these tests depend on the sources, but that they look at their folders: a result is
	// cached until one of these changes.
	err := filepath.WalkDir(filepath.Join("..", ".."), func(path string, d fs.DirEntry, err error) error {
		if err == nil && d.IsDir() && strings.HasPrefix(d.Name(), ".") && d.Name() != ".." {
			return fs.SkipDir
		}
		return err
	})
	if err != nil {
		return err
	}
	return stack.Compile(context.Background(), folder)
})

// The two servers, which end with the test binary.
var (
	base   = sync.OnceValues(func() (*stack.Server, error) { return stack.StartDynamoDB(context.Background()) })
	queues = sync.OnceValues(func() (*stack.Server, error) { return stack.StartSQS(context.Background()) })
)

var worlds atomic.Int64

// inside lets webhooks be on this machine: the receiver is a test's.
var inside = map[string]string{"AllowInside": "true"}

// start is a world for one test, with a signing key.
func start(t *testing.T, o Options) *World {
	t.Helper()
	if _, err := emulator(); err != nil {
		stacktest.Need(t, err)
	}
	var err error
	if o.Base == nil {
		o.Base, err = base()
		stacktest.Need(t, err)
		o.Queues, err = queues()
		stacktest.Need(t, err)
	}
	stacktest.Need(t, built())
	o.Built, o.Prefix = folder, fmt.Sprintf("w%d-", worlds.Add(1))
	o.AtOnce, o.Tick = cmp.Or(o.AtOnce, 8), cmp.Or(o.Tick, time.Second)
	w, err := Start(t.Context(), o)
	stacktest.Need(t, err)
	t.Cleanup(func() {
		w.Stop()
		if err := w.Faults(); err != nil {
			t.Error(err)
		}
		for _, f := range w.Functions {
			if log := f.Log(); len(log.Strange) > 0 {
				t.Errorf("%s wrote to its log what is no JSON: %q", f.ID, log.Strange)
			}
		}
	})
	if err := w.FirstKey(t.Context()); err != nil {
		t.Fatal(err)
	}
	return w
}

// token is one of an admin.
func token(t *testing.T, w *World, org string) string {
	t.Helper()
	secret, err := w.Token(t.Context(), access.Principal{Org: org, Label: "test", Role: access.Admin})
	if err != nil {
		t.Fatal(err)
	}
	return secret
}
