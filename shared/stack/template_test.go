package stack_test

import (
	"testing"

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
