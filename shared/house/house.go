// Package house is the rules of the house as tests.
package house

import (
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"strings"
)

// Violation is one place that breaks a rule, with the reason that the rule has.
type Violation struct {
	Where  string // file:line, the file's path from the root of the tree
	What   string
	Reason string
}

func (v Violation) String() string { return v.Where + ": " + v.What + "\n\twhy: " + v.Reason }

// File is one parsed Go file.
type File struct {
	Path  string // from the root of the tree, with slashes
	Lines int
	AST   *ast.File
	set   *token.FileSet
}

// Parse reads one file's source.
func Parse(name, source string) (File, error) {
	set := token.NewFileSet()
	tree, err := parser.ParseFile(set, name, source, parser.ParseComments|parser.SkipObjectResolution)
	if err != nil {
		return File{}, fmt.Errorf("parsing %s: %w", name, err)
	}
	return File{Path: name, Lines: strings.Count(source, "\n"), AST: tree, set: set}, nil
}

// Load parses every Go file below root. It is done in process, so that go test's cache sees which files were read.
func Load(root string) ([]File, error) {
	var files []File
	err := filepath.WalkDir(root, func(name string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if d.IsDir() && name != root && (strings.HasPrefix(d.Name(), ".") || d.Name() == "testdata") {
			return filepath.SkipDir
		}
		if d.IsDir() || !strings.HasSuffix(name, ".go") {
			return nil
		}
		source, err := os.ReadFile(name)
		if err != nil {
			return err
		}
		short, err := filepath.Rel(root, name)
		if err != nil {
			return err
		}
		f, err := Parse(filepath.ToSlash(short), string(source))
		if err != nil {
			return err
		}
		files = append(files, f)
		return nil
	})
	return files, err
}

// Test reports whether the file is one of tests.
func (f File) Test() bool { return strings.HasSuffix(f.Path, "_test.go") }

// Room is the folder, without "shared/": replay, cmd/reprise, functions/deliver.
func (f File) Room() string { return strings.TrimPrefix(path.Dir(f.Path), "shared/") }

func (f File) at(pos token.Pos) string {
	return fmt.Sprintf("%s:%d", f.Path, f.set.Position(pos).Line)
}

func (f File) broken(pos token.Pos, reason, what string, args ...any) Violation {
	return Violation{f.at(pos), fmt.Sprintf(what, args...), reason}
}

// imports is the import paths of the file with their places.
func (f File) imports() map[string]token.Pos {
	all := make(map[string]token.Pos)
	for _, i := range f.AST.Imports {
		all[strings.Trim(i.Path.Value, `"`)] = i.Pos()
	}
	return all
}

// Rule is one rule of DESIGN.md §2.
type Rule struct {
	Name  string
	Check func(files []File) []Violation
}

// Rules is every rule there is.
func Rules() []Rule {
	return []Rule{
		{"a room imports what its kind may", checkImports},
		{"nouns and verbs read no clock and make no randomness", each(checkClock)},
		{"goroutines and tickers live in few places", each(checkGoroutines)},
		{"settings are read by boot and cmd", each(checkSettings)},
		{"no import hides where a function comes from", each(checkDotImports)},
		{"log lines share their keys", each(checkLogKeys)},
		{"every transition of a job takes a fence", each(checkFences)},
		{"ports speak no vendor's language", each(checkVendorWords)},
		{"there is no package-level state but sentinels", each(checkState)},
		{"door signs are one sentence without and", checkDoorSigns},
		{"exported things say what they are for", each(checkDocs)},
		{"files and functions stay readable", each(checkSizes)},
		{"tests do not sleep", each(checkSleeps)},
	}
}

func each(check func(File) []Violation) func([]File) []Violation {
	return func(files []File) []Violation {
		var all []Violation
		for _, f := range files {
			all = append(all, check(f)...)
		}
		return all
	}
}
