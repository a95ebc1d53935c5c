package main

import (
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"

	"github.com/alecthomas/kong"
)

// completionCmd is `reprise completion`.
type completionCmd struct {
	Shell string `arg:"" enum:"bash,zsh,fish" placeholder:"SHELL" help:"bash, zsh or fish."`
}

// Help is examples.
func (completionCmd) Help() string {
	return `It prints a script for the shell to read, which has the Tab key complete commands, flags, their values and the names of profiles.

Examples:

    source <(reprise completion bash)                   # in ~/.bashrc
    source <(reprise completion zsh)                    # in ~/.zshrc, behind compinit
    reprise completion fish > ~/.config/fish/completions/reprise.fish`
}

// completeCommand is what the scripts call with the words of a command line, the one that is being written last. No help shows it.
const completeCommand = "__complete"

// Run prints the script.
func (c *completionCmd) Run(s streams) error {
	script := map[string]string{
		"bash": `_reprise() {
  local line
  COMPREPLY=()
  while IFS=$'\t' read -r line _; do COMPREPLY+=("$line"); done < <("${COMP_WORDS[0]}" %[1]s "${COMP_WORDS[@]:1:COMP_CWORD}" 2>/dev/null)
}
complete -o default -F _reprise reprise
`,
		"zsh": `#compdef reprise
_reprise() {
  local -a candidates
  candidates=("${(@f)$("${words[1]}" %[1]s "${(@)words[2,CURRENT]}" 2>/dev/null | sed 's/:/\\:/g; s/	/:/')}")
  if [[ -n "${candidates[1]}" ]]; then _describe reprise candidates; else _files; fi
}
compdef _reprise reprise
`,
		"fish": `function __reprise
  set -l words (commandline -opc) (commandline -ct)
  set -l candidates ($words[1] %[1]s $words[2..-1] 2>/dev/null)
  if test (count $candidates) -gt 0
    printf '%%s\n' $candidates
  else
    __fish_complete_path (commandline -ct)
  end
end
complete -c reprise -f -a '(__reprise)'
`,
	}[c.Shell]
	_, err := fmt.Fprintf(s.out, script, completeCommand)
	return err
}

// candidate is what a word may become, with a word on what it is.
type candidate struct{ text, help string }

// printCandidates writes one a line, its help behind a tab.
func printCandidates(w io.Writer, all []candidate) {
	for _, c := range all {
		help, _, _ := strings.Cut(c.help, "\n")
		_, _ = fmt.Fprintf(w, "%s\t%s\n", c.text, help)
	}
}

// complete is what the last of the words may become, in byte order; nothing where it may be anything, such as a file. Words are
// those behind the program's name; profiles are the names that --profile may have.
func complete(app *kong.Application, words []string, profiles func() []string) []candidate {
	apart := len(words) > 1 && slices.Contains(words[len(words)-2:], "=") // bash cuts --flag=value in three
	last := words[len(words)-1]
	if last == "=" {
		words = append(words, "")
		last = ""
	}
	words = slices.DeleteFunc(slices.Clone(words[:len(words)-1]), func(w string) bool { return w == "=" })
	node, waiting, positional := walk(app.Node, words)
	if waiting != nil {
		return begin(values(waiting.Value, profiles), last, "")
	}
	if name, value, ok := strings.Cut(last, "="); ok && strings.HasPrefix(name, "--") && !apart {
		if f := flagOf(node, name); f != nil {
			return begin(values(f.Value, profiles), value, name+"=")
		}
	}
	var all []candidate
	switch {
	case strings.HasPrefix(last, "-"):
		for _, group := range node.AllFlags(true) {
			for _, f := range group {
				all = append(all, candidate{"--" + f.Name, f.Help})
			}
		}
	case positional < len(node.Positional):
		all = values(node.Positional[positional], profiles)
	default:
		for _, child := range node.Children {
			if !child.Hidden {
				all = append(all, candidate{child.Name, child.Help})
			}
		}
	}
	return begin(all, last, "")
}

// walk is the command that the words lead to, the flag that waits for its value behind them, and how many arguments there were.
func walk(node *kong.Node, words []string) (at *kong.Node, waiting *kong.Flag, positional int) {
	for _, w := range words {
		switch {
		case waiting != nil:
			waiting = nil
		case strings.HasPrefix(w, "-"):
			if f := flagOf(node, w); f != nil && !f.IsBool() {
				waiting = f
			}
		default:
			i := slices.IndexFunc(node.Children, func(n *kong.Node) bool { return n.Name == w })
			if i < 0 {
				positional++
				continue
			}
			node = node.Children[i]
		}
	}
	return node, waiting, positional
}

// flagOf is the flag of a word, such as --output or -o; nil where there is none, as for --output=json, which has its value.
func flagOf(node *kong.Node, word string) *kong.Flag {
	for _, group := range node.AllFlags(false) {
		for _, f := range group {
			if word == "--"+f.Name || f.Short != 0 && word == "-"+string(f.Short) {
				return f
			}
		}
	}
	return nil
}

func values(v *kong.Value, profiles func() []string) (all []candidate) {
	names := slices.Collect(maps.Keys(v.EnumMap()))
	if v.Name == "profile" && v.Flag != nil && !v.Flag.Hidden {
		names = profiles()
	}
	for _, name := range names {
		if name != "" {
			all = append(all, candidate{name, ""})
		}
	}
	return all
}

// begin is those that begin with what is there of the word, in their order, with what stands before each of them.
func begin(all []candidate, word, before string) (some []candidate) {
	for _, c := range all {
		if strings.HasPrefix(c.text, word) {
			some = append(some, candidate{before + c.text, c.help})
		}
	}
	slices.SortFunc(some, func(a, b candidate) int { return strings.Compare(a.text, b.text) })
	return some
}

// profileNames is those of the configuration file; none where it cannot be read.
func profileNames() []string {
	c, err := kept()
	if err != nil {
		return nil
	}
	return slices.Collect(maps.Keys(c.Profiles))
}
