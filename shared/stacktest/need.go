// Package stacktest is what tests on shared/stack have in common, which links the testing package.
package stacktest

import (
	"errors"
	"os"
	"testing"

	"reprise/shared/stack"
)

// Need ends a test that cannot have what it needs: a part that is missing skips it on a developer's machine and fails it with
// CI=true; any other error fails it.
func Need(t testing.TB, err error) {
	t.Helper()
	var missing *stack.Missing
	switch {
	case err == nil:
	case errors.As(err, &missing) && os.Getenv("CI") != "true":
		t.Skip("SKIPPED:", err)
	default:
		t.Fatal(err)
	}
}
