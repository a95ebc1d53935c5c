package house

import (
	"go/ast"
	"go/token"
	"slices"
	"strings"
)

const (
	maxFile     = 400 // lines: a few screens
	maxFunction = 60
	maxMain     = 25 // a main is a sentence
)

func checkClock(f File) (all []Violation) {
	r, ok := roomOf(f.Room())
	if !ok || f.Test() || r.kind > adapter {
		return nil
	}
	f.calls("time", []string{"Now", "Since", "Until"}, func(pos token.Pos, name string) {
		all = append(all, f.broken(pos, "the clock is the last argument of a constructor, adapters that stamp a row included: a simulation sets it (DESIGN.md §2 rule 5)",
			"%s uses %s", f.Room(), name))
	})
	return all
}

func isProof(f File) bool {
	r, _ := roomOf(f.Room())
	return r.kind == proof
}

func checkSettings(f File) (all []Violation) {
	if f.Test() || strings.HasPrefix(f.Room(), "cmd/") || f.Room() == "boot" || isProof(f) {
		return nil
	}
	f.calls("os", []string{"Getenv", "LookupEnv", "Environ"}, func(pos token.Pos, name string) {
		all = append(all, f.broken(pos, "settings are read once, at the start, which then fails naming the missing one: boot, or cmd's flags (DESIGN.md §2 rule 5)",
			"%s uses %s", f.Room(), name))
	})
	return all
}

// methods hands every method of every interface of the file to found.
func (f File) methods(found func(name *ast.Ident, typ *ast.FuncType)) {
	ast.Inspect(f.AST, func(n ast.Node) bool {
		if i, ok := n.(*ast.InterfaceType); ok {
			for _, m := range i.Methods.List {
				if typ, ok := m.Type.(*ast.FuncType); ok && len(m.Names) == 1 {
					found(m.Names[0], typ)
				}
			}
		}
		return true
	})
}

func checkFences(f File) (all []Violation) {
	transitions := []string{"Pend", "Run", "Complete", "Fail", "Settle", "End"}
	f.methods(func(name *ast.Ident, typ *ast.FuncType) {
		if !slices.Contains(transitions, name.Name) {
			return
		}
		for _, p := range typ.Params.List {
			if s, ok := p.Type.(*ast.SelectorExpr); ok && s.Sel.Name == "Fence" {
				return
			}
		}
		all = append(all, f.broken(name.Pos(), "who holds an old job_id must change nothing, and a fence cannot be forgotten where the method asks for one (DESIGN.md §2 rule 4)",
			"%s takes no replay.Fence", name.Name))
	})
	return all
}

func checkVendorWords(f File) (all []Violation) {
	words := []string{"pk", "sk", "partition", "expression", "receipt", "sql", "dynamo", "sqs", "lambda", "item", "arn", "rowid", "nexttoken"}
	r, ok := roomOf(f.Room())
	if !ok || f.Test() || r.kind != verb && r.kind != contract {
		return nil
	}
	look := func(name *ast.Ident) {
		if slices.Contains(words, strings.ToLower(name.Name)) {
			all = append(all, f.broken(name.Pos(), "a vendor's word in a port means that the port is wrong (DESIGN.md §2 rule 6)", "a port says %s", name.Name))
		}
	}
	f.methods(func(name *ast.Ident, typ *ast.FuncType) {
		look(name)
		for _, p := range typ.Params.List {
			for _, n := range p.Names {
				look(n)
			}
		}
	})
	return all
}

func checkState(f File) (all []Violation) {
	if f.Test() {
		return nil
	}
	const reason = "two of anything must be able to live in one process, a test and a simulation among them; what a constructor did not get, nobody has (STYLE: no package-level state but sentinels, no init)"
	for _, d := range f.AST.Decls {
		switch d := d.(type) {
		case *ast.FuncDecl:
			if d.Recv == nil && d.Name.Name == "init" {
				all = append(all, f.broken(d.Pos(), reason, "%s has an init", f.Room()))
			}
		case *ast.GenDecl:
			if d.Tok != token.VAR {
				continue
			}
			for _, s := range d.Specs {
				for _, name := range s.(*ast.ValueSpec).Names {
					if name.Name != "_" && !strings.HasPrefix(strings.ToLower(name.Name), "err") && !embedded(d) {
						all = append(all, f.broken(name.Pos(), reason, "%s keeps %s", f.Room(), name.Name))
					}
				}
			}
		}
	}
	return all
}

func embedded(d *ast.GenDecl) bool {
	return d.Doc != nil && slices.ContainsFunc(d.Doc.List, func(c *ast.Comment) bool { return strings.HasPrefix(c.Text, "//go:embed") })
}

func checkSizes(f File) (all []Violation) {
	const reason = "a reader holds a few screens (\"Keep the house\")"
	if f.Lines > maxFile {
		all = append(all, f.broken(f.AST.Package, reason, "the file has %d lines, %d at most", f.Lines, maxFile))
	}
	if f.AST.Name.Name == "main" && strings.HasSuffix(f.Path, "/main.go") && f.Lines > maxMain {
		all = append(all, f.broken(f.AST.Package, "a main is a sentence: what it says in more belongs into a room where tests can reach it", "main.go has %d lines, %d at most", f.Lines, maxMain))
	}
	for _, d := range f.AST.Decls {
		if fn, ok := d.(*ast.FuncDecl); ok {
			if n := f.set.Position(fn.End()).Line - f.set.Position(fn.Pos()).Line + 1; n > maxFunction {
				all = append(all, f.broken(fn.Pos(), reason, "%s has %d lines, %d at most", fn.Name.Name, n, maxFunction))
			}
		}
	}
	return all
}

func checkSleeps(f File) (all []Violation) {
	if !f.Test() && !isProof(f) {
		return nil
	}
	f.calls("time", []string{"Sleep"}, func(pos token.Pos, _ string) {
		all = append(all, f.broken(pos, "a sleep is too long on one machine, too short on another: wait for what is to happen, or move a clock (testing/synctest)", "a test sleeps"))
	})
	return all
}
