package main

import (
	"io"
	"slices"
	"strings"
	"testing"

	"github.com/alecthomas/kong"
)

// everyCommand walks kong's model: each command that a help shows, groups too.
func everyCommand(t *testing.T, do func(n *kong.Node)) {
	t.Helper()
	parser, err := newParser(io.Discard, io.Discard)
	if err != nil {
		t.Fatal(err)
	}
	n := 0
	if err := kong.Visit(parser.Model, func(v kong.Visitable, next kong.Next) error {
		if node, ok := v.(*kong.Node); ok && node.Type == kong.CommandNode && !node.Hidden {
			n++
			do(node)
		}
		return next(nil)
	}); err != nil {
		t.Fatal(err)
	}
	if n < 20 {
		t.Errorf("%d commands", n)
	}
}

// examples are the command lines of a help, as the words behind reprise.
func examples(help string) (all [][]string) {
	for line := range strings.Lines(help) {
		line, indented := strings.CutPrefix(strings.TrimRight(line, "\n"), "    ")
		_, after, ok := strings.Cut(line, "reprise ")
		if !indented || !ok {
			continue
		}
		all = append(all, shellWords(after))
	}
	return all
}

// shellWords cuts a command line as a shell does, up to where the command ends: a pipe, a redirection, a comment, the end of
// a substitution.
func shellWords(s string) (words []string) {
	var word strings.Builder
	begun := false
	var quote rune
	for _, r := range s + " " {
		switch {
		case quote != 0 && r == quote:
			quote = 0
		case quote != 0:
			word.WriteRune(r)
		case r == '"' || r == '\'':
			quote, begun = r, true
		case r == '|' || r == '>' || r == '<' || r == ')' || r == ';' || r == '#' && !begun:
			if begun {
				words = append(words, word.String())
			}
			return words
		case r == ' ':
			if begun {
				words = append(words, word.String())
			}
			word.Reset()
			begun = false
		default:
			word.WriteRune(r)
			begun = true
		}
	}
	return words
}

// What serve has in its environment must not mean another thing to a client there.
func TestAnEnvironmentVariableMeansOneThing(t *testing.T) {
	means := map[string]string{}
	everyCommand(t, func(n *kong.Node) {
		for _, f := range n.Flags {
			what := f.Name + " " + f.PlaceHolder
			for _, name := range f.Tag.Envs {
				if before, ok := means[name]; ok && before != what {
					t.Errorf("$%s is --%s, and elsewhere --%s", name, what, before)
				}
				means[name] = what
			}
		}
	})
}

func TestEveryCommandHasExamplesThatItUnderstands(t *testing.T) {
	t.Setenv("REPRISE_ADMIN_TOKEN", "rpr_x") // that demo --api needs
	everyCommand(t, func(n *kong.Node) {
		if !strings.Contains(n.Detail, "Examples:") {
			t.Errorf("reprise %s has no examples in its help", n.Path())
			return
		}
		own := 0
		for _, words := range examples(n.Detail) {
			if words = slices.DeleteFunc(words, func(w string) bool { return w == "&&" }); strings.HasPrefix(strings.Join(words, " "), strings.TrimPrefix(n.FullPath(), "reprise ")) {
				own++
			}
			parser, err := newParser(io.Discard, io.Discard)
			if err != nil {
				t.Fatal(err)
			}
			if _, err := parser.Parse(words); err != nil {
				t.Errorf("%s: the example %q: %v", n.FullPath(), words, err)
			}
		}
		if own == 0 {
			t.Errorf("%s: no example is of it", n.FullPath())
		}
	})
}
