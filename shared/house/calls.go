package house

import (
	"go/ast"
	"go/token"
	"path"
	"slices"
	"strconv"
	"strings"
)

// names is what the file calls a package of the standard library: each name that it imports it by.
func (f File) names(imported string) []string {
	var all []string
	for _, i := range f.AST.Imports {
		if strings.Trim(i.Path.Value, `"`) != imported {
			continue
		}
		if i.Name != nil {
			all = append(all, i.Name.Name)
		} else {
			all = append(all, path.Base(imported))
		}
	}
	return all
}

// calls hands every use of one of the functions of a package of the standard library to found, by its right name.
func (f File) calls(imported string, functions []string, found func(token.Pos, string)) {
	names := f.names(imported)
	ast.Inspect(f.AST, func(n ast.Node) bool {
		if s, ok := n.(*ast.SelectorExpr); ok {
			if x, ok := s.X.(*ast.Ident); ok && slices.Contains(names, x.Name) && slices.Contains(functions, s.Sel.Name) {
				found(s.Pos(), path.Base(imported)+"."+s.Sel.Name)
			}
		}
		return true
	})
}

// checkDotImports refuses what would hide from the rules, and from a reader, where a function comes from.
func checkDotImports(f File) (all []Violation) {
	for _, i := range f.AST.Imports {
		if i.Name != nil && i.Name.Name == "." {
			all = append(all, f.broken(i.Pos(), "a reader sees at each call where the function comes from, and so do the rules about clock, goroutines and settings",
				"%s imports %s by a dot", f.Room(), strings.Trim(i.Path.Value, `"`)))
		}
	}
	return all
}

// mayStart are the files that may start a goroutine or a ticker (DESIGN.md §2 rule 5).
func mayStart(f File) bool {
	r, _ := roomOf(f.Room())
	return r.kind == composition || f.Path == "shared/deliver/post.go" || f.Path == "shared/sqlite/queue_work.go"
}

// checkGoroutines knows no types: a call of any method Go or TryGo that is given something counts as one of
// sync.WaitGroup or errgroup.Group.
func checkGoroutines(f File) (all []Violation) {
	if f.Test() || mayStart(f) || isProof(f) {
		return nil
	}
	const reason = "goroutines and tickers live in local, the local queue, and the one that reads a batch ahead in deliver: a Lambda that has answered is frozen (DESIGN.md §2 rule 5)"
	ast.Inspect(f.AST, func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.GoStmt:
			all = append(all, f.broken(n.Pos(), reason, "%s starts a goroutine", f.Room()))
		case *ast.CallExpr:
			if s, ok := n.Fun.(*ast.SelectorExpr); ok && len(n.Args) > 0 && (s.Sel.Name == "Go" || s.Sel.Name == "TryGo") {
				all = append(all, f.broken(n.Pos(), reason, "%s starts a goroutine by %s", f.Room(), s.Sel.Name))
			}
		}
		return true
	})
	found := func(pos token.Pos, name string) {
		all = append(all, f.broken(pos, reason, "%s uses %s", f.Room(), name))
	}
	f.calls("time", []string{"NewTicker", "Tick", "AfterFunc"}, found)
	f.calls("context", []string{"AfterFunc"}, found)
	return all
}

// checkLogKeys holds log lines to one word a thing: a query for a job finds all of its lines.
func checkLogKeys(f File) (all []Violation) {
	if f.Test() {
		return nil
	}
	instead := map[string]string{"job_id": "job", "error": "err", "org_id": "org"}
	ast.Inspect(f.AST, func(n ast.Node) bool {
		call, ok := n.(*ast.CallExpr)
		if !ok {
			return true
		}
		for i := f.firstKey(call); 0 <= i && i < len(call.Args); {
			literal, ok := call.Args[i].(*ast.BasicLit)
			if !ok { // an slog.Attr stands alone
				i++
				continue
			}
			i += 2 // a key, then its value
			key, _ := strconv.Unquote(literal.Value)
			if word, bad := instead[key]; bad {
				all = append(all, f.broken(literal.Pos(), "a thing has one name in every log line, or nobody finds all the lines of a job: they are job, org, region, slice, attempt, err",
					"%s logs the key %q: say %q", f.Room(), key, word))
			}
		}
		return true
	})
	return all
}

// firstKey is the index of the first argument that may be a key of a log line, -1 if the call logs nothing. A method
// with the name of one of slog.Logger's counts as it.
func (f File) firstKey(call *ast.CallExpr) int {
	s, ok := call.Fun.(*ast.SelectorExpr)
	if !ok {
		return -1
	}
	if x, ok := s.X.(*ast.Ident); ok {
		switch {
		case slices.Contains(f.names("log/slog"), x.Name):
			switch s.Sel.Name {
			case "String", "Int", "Int64", "Uint64", "Float64", "Bool", "Time", "Duration", "Any", "Group":
				return 0
			}
		case f.imported(x.Name): // http.Error writes no log
			return -1
		}
	}
	switch s.Sel.Name {
	case "With":
		return 0
	case "Debug", "Info", "Warn", "Error":
		return 1
	case "DebugContext", "InfoContext", "WarnContext", "ErrorContext":
		return 2
	case "Log", "LogAttrs":
		return 3
	}
	return -1
}

// imported reports whether the file calls some package so.
func (f File) imported(name string) bool {
	return slices.ContainsFunc(f.AST.Imports, func(i *ast.ImportSpec) bool {
		return i.Name != nil && i.Name.Name == name || i.Name == nil && path.Base(strings.Trim(i.Path.Value, `"`)) == name
	})
}
