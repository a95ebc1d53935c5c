package main

import (
	"os"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"github.com/alecthomas/kong"
	"github.com/google/go-cmp/cmp"
)

// section is a section of README.md.
func section(t *testing.T, name string) string {
	t.Helper()
	text, err := os.ReadFile("../../README.md")
	if err != nil {
		t.Fatal(err)
	}
	_, after, ok := strings.Cut(string(text), "\n## "+name+"\n")
	if !ok {
		t.Fatalf("README.md has no section %q", name)
	}
	within, _, _ := strings.Cut(after, "\n## ")
	return within
}

func TestTheReadmeHasARowForEachCommandAndExitCode(t *testing.T) {
	t.Parallel()
	named := make(map[string]bool)
	var codes []int
	for _, row := range regexp.MustCompile(`(?m)^\| (.+?) \| .+ \|$`).FindAllStringSubmatch(section(t, "The command line"), -1) {
		if code, err := strconv.Atoi(row[1]); err == nil {
			codes = append(codes, code)
		}
		for _, command := range regexp.MustCompile("`([a-z]+)").FindAllStringSubmatch(row[1], -1) {
			named[command[1]] = true
		}
	}
	everyCommand(t, func(n *kong.Node) {
		if n.Parent.Type == kong.ApplicationNode && !named[n.Name] {
			t.Errorf("no row is of reprise %s", n.Name)
		}
	})
	if diff := cmp.Diff([]int{exitOK, exitFailed, exitUsage, exitReplay, exitSignedOut, exitConflict, exitInterrupted}, codes); diff != "" {
		t.Errorf("exit codes (-), their rows (+):\n%s", diff)
	}
}
