package stack_test

import (
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"go/ast"
	"go/importer"
	"go/parser"
	"go/token"
	"go/types"
	"io"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"

	"reprise/shared/stack"
)

// call is an operation of AWS, as IAM names it.
type call struct {
	service, operation string // dynamodb, GetItem
	index              string // of a query; empty: of the table itself
	part               bool   // of a transaction: nothing is called by that name
}

// node is a function or method of ours: what it calls itself, and whom.
type node struct {
	calls    []call
	callees  []string
	index    string   // that its queries are of; empty: the table's own key
	settings []string // what it reads of the environment
	gives    string   // what a method of boot.Boot gives: dynamo.Jobs
}

// graph is every function of dynamo, sqs and boot by its name: dynamo.Jobs.Accept, dynamo.table.put, boot.Start.
type graph map[string]node

// source is the graph of this tree.
var source = sync.OnceValues(func() (graph, error) {
	g := make(graph)
	for _, room := range []string{"dynamo", "sqs", "boot"} {
		if err := g.read(room); err != nil {
			return nil, fmt.Errorf("reading shared/%s: %w", room, err)
		}
	}
	return g, nil
})

// read checks the types of a package, with the compiler's word for what it imports.
func (g graph) read(room string) error {
	root, err := stack.Root()
	if err != nil {
		return err
	}
	exports, err := exports(root, "./shared/"+room)
	if err != nil {
		return err
	}
	set := token.NewFileSet()
	var files []*ast.File
	names, err := filepath.Glob(filepath.Join(root, "shared", room, "*.go"))
	if err != nil {
		return err
	}
	for _, name := range names {
		if strings.HasSuffix(name, "_test.go") {
			continue
		}
		f, err := parser.ParseFile(set, name, nil, 0)
		if err != nil {
			return err
		}
		files = append(files, f)
	}
	info := &types.Info{Uses: make(map[*ast.Ident]types.Object), Defs: make(map[*ast.Ident]types.Object), Types: make(map[ast.Expr]types.TypeAndValue)}
	config := types.Config{Importer: importer.ForCompiler(set, "gc", func(path string) (io.ReadCloser, error) { return os.Open(exports[path]) })}
	if _, err := config.Check("reprise/shared/"+room, set, files, info); err != nil {
		return err
	}
	for _, f := range files {
		for _, d := range f.Decls {
			if fn, ok := d.(*ast.FuncDecl); ok && fn.Body != nil {
				g[name(info.Defs[fn.Name].(*types.Func))] = look(fn, info)
			}
		}
	}
	return nil
}

// exports is where the compiler keeps its word on each package that one imports.
func exports(root, pkg string) (map[string]string, error) {
	list := exec.Command("go", "list", "-export", "-deps", "-json=ImportPath,Export", pkg)
	list.Dir = root
	out, err := list.Output()
	if err != nil {
		return nil, err
	}
	all := make(map[string]string)
	for in := json.NewDecoder(strings.NewReader(string(out))); ; {
		var p struct{ ImportPath, Export string }
		if err := in.Decode(&p); errors.Is(err, io.EOF) {
			return all, nil
		} else if err != nil {
			return nil, err
		}
		all[p.ImportPath] = p.Export
	}
}

// name is package, type and function: dynamo.Jobs.Accept. A method of an embedded type is that type's.
func name(f *types.Func) string {
	parts := []string{f.Pkg().Name()}
	if r := f.Signature().Recv(); r != nil {
		parts = append(parts, typeName(r.Type()))
	}
	return strings.Join(append(parts, f.Name()), ".")
}

func typeName(t types.Type) string {
	if p, ok := t.(*types.Pointer); ok {
		t = p.Elem()
	}
	if n, ok := t.(*types.Named); ok {
		return n.Obj().Name()
	}
	return t.String()
}

// look takes a function apart, its function literals with it.
func look(fn *ast.FuncDecl, info *types.Info) (n node) {
	ast.Inspect(fn, func(at ast.Node) bool {
		switch at := at.(type) {
		case *ast.Ident:
			if f, ok := info.Uses[at].(*types.Func); ok && f.Pkg() != nil {
				n.uses(f)
			}
		case *ast.KeyValueExpr:
			if key, ok := at.Key.(*ast.Ident); ok && key.Name == "IndexName" {
				n.index = text(at.Value)
			}
		case *ast.CompositeLit:
			n.transacts(info.Types[at].Type)
		case *ast.CallExpr:
			if s, ok := at.Fun.(*ast.SelectorExpr); ok && (s.Sel.Name == "setting" || s.Sel.Name == "Getenv") {
				if setting := text(at.Args[0]); setting != "" {
					n.settings = append(n.settings, setting)
				}
			}
		}
		return true
	})
	if r := fn.Type.Results; r != nil && len(r.List) == 1 {
		if t := info.Types[r.List[0].Type].Type; strings.HasPrefix(t.String(), "*reprise/shared/") {
			n.gives = strings.TrimPrefix(t.String(), "*reprise/shared/")
		}
	}
	return n
}

// uses is a function that is called, or handed on to be called.
func (n *node) uses(f *types.Func) {
	service, aws := strings.CutPrefix(f.Pkg().Path(), "github.com/aws/aws-sdk-go-v2/service/")
	paginated, pages := strings.CutPrefix(strings.TrimSuffix(f.Name(), "Paginator"), "New")
	switch {
	case aws && f.Signature().Recv() != nil && typeName(f.Signature().Recv().Type()) == "Client":
		n.calls = append(n.calls, call{service: service, operation: f.Name()})
	case aws && pages && strings.HasSuffix(f.Name(), "Paginator"):
		n.calls = append(n.calls, call{service: service, operation: paginated})
	case strings.HasPrefix(f.Pkg().Path(), "reprise/shared/"):
		n.callees = append(n.callees, name(f))
	}
}

// transacts notes what a transaction is made of.
func (n *node) transacts(t types.Type) {
	operations := map[string]string{"Put": "PutItem", "Update": "UpdateItem", "Delete": "DeleteItem", "ConditionCheck": "ConditionCheckItem"}
	if t == nil || !strings.HasPrefix(t.String(), "github.com/aws/aws-sdk-go-v2/service/dynamodb/types.") {
		return
	}
	if operation := operations[typeName(t)]; operation != "" {
		n.calls = append(n.calls, call{service: "dynamodb", operation: operation, part: true})
	}
}

// text is the first string literal in an expression, empty if there is none.
func text(e ast.Node) (s string) {
	ast.Inspect(e, func(at ast.Node) bool {
		if l, ok := at.(*ast.BasicLit); ok && l.Kind == token.STRING && s == "" {
			s, _ = strconv.Unquote(l.Value)
		}
		return s == ""
	})
	return s
}

// asked is what the functions named here may ask of AWS, and where: by the type whose method asks, dynamo.Jobs.
func (g graph) asked(functions []string) map[string][]call {
	type step struct{ name, owner string }
	seen, found := make(map[step]bool), make(map[string][]call)
	var visit func(name, owner, index string)
	visit = func(name, owner, index string) {
		n, ok := g[name]
		if !ok {
			return
		}
		if t := name[:strings.LastIndex(name, ".")]; g.given(t) { // a helper's method asks for whom it was called by
			owner = t
		}
		at := step{name, owner + index}
		if seen[at] {
			return
		}
		seen[at] = true
		index = cmp.Or(n.index, index)
		for _, c := range n.calls {
			if c.operation == "Query" {
				c.index = index
			}
			if !slices.Contains(found[owner], c) {
				found[owner] = append(found[owner], c)
			}
		}
		for _, callee := range n.callees {
			visit(callee, owner, index)
		}
	}
	for _, name := range functions {
		visit(name, "", "")
	}
	return found
}

// given reports whether boot gives mains such a thing.
func (g graph) given(what string) bool {
	for _, n := range g {
		if n.gives == what {
			return true
		}
	}
	return false
}

// reads is the settings that the functions named here read.
func (g graph) reads(functions []string) []string {
	seen, settings := make(map[string]bool), make(map[string]bool)
	var visit func(string)
	visit = func(name string) {
		if n, ok := g[name]; ok && !seen[name] {
			seen[name] = true
			for _, s := range n.settings {
				settings[s] = true
			}
			for _, callee := range n.callees {
				visit(callee)
			}
		}
	}
	for _, name := range functions {
		visit(name)
	}
	return slices.Sorted(maps.Keys(settings))
}

// constant is the string that a file's constant of that name is, empty if there is none.
func constant(f *ast.File, name string) (s string) {
	ast.Inspect(f, func(at ast.Node) bool {
		if v, ok := at.(*ast.ValueSpec); ok && v.Names[0].Name == name && len(v.Values) == 1 {
			s = text(v.Values[0])
		}
		return true
	})
	return s
}
