package house_test

import (
	"slices"
	"strings"
	"testing"

	"reprise/shared/house"
)

// reach is everything that a room links, by its own files' imports and those of every room of ours behind them; tests aside.
func reach(files []house.File, room string) map[string]bool {
	reached := make(map[string]bool)
	for open := []string{room}; len(open) > 0; open = open[1:] {
		for _, f := range files {
			if f.Room() != open[0] || f.Test() {
				continue
			}
			for _, i := range f.AST.Imports {
				path := strings.Trim(i.Path.Value, `"`)
				if reached[path] {
					continue
				}
				reached[path] = true
				if ours, ok := strings.CutPrefix(path, "reprise/"); ok {
					open = append(open, strings.TrimPrefix(ours, "shared/"))
				}
			}
		}
	}
	return reached
}

func TestWhatRunsWithoutAWSLinksNoneOfIt(t *testing.T) {
	files := tree(t)
	for _, room := range []string{
		"replay", "auditlog", "access", "chunk", "webhook", "api", "intake", "fanout", "deliver", "settle", "sweep", "sqlite", "local", "egress",
	} {
		reached := reach(files, room)
		if len(reached) == 0 {
			t.Errorf("%s imports nothing: is it there?", room)
		}
		for path := range reached {
			if strings.HasPrefix(path, "github.com/aws/") {
				t.Errorf("%s links %s: the same code must run without AWS (DESIGN.md §2)", room, path)
			}
		}
	}
}

func TestAFunctionLinksNothingOfTheLocalService(t *testing.T) {
	files := tree(t)
	functions := make(map[string]bool)
	for _, f := range files {
		if strings.HasPrefix(f.Room(), "functions/") {
			functions[f.Room()] = true
		}
	}
	if len(functions) < 10 {
		t.Errorf("only %d functions were found", len(functions))
	}
	foreign := []string{"reprise/shared/sqlite", "reprise/shared/local", "reprise/shared/receiver", "reprise/shared/stack", "reprise/cmd/", "zombiezen.com/", "modernc.org/", "github.com/alecthomas/", "testing"}
	for function := range functions {
		for path := range reach(files, function) {
			if slices.ContainsFunc(foreign, func(prefix string) bool { return strings.HasPrefix(path, prefix) }) {
				t.Errorf("%s links %s: a cold start pays for what it does not use", function, path)
			}
		}
	}
}
