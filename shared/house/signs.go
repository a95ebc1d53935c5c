package house

import (
	"go/ast"
	"regexp"
	"strings"
)

// checkDoorSigns wants one package comment a package, whose first paragraph is one sentence that needs no "and".
func checkDoorSigns(files []File) (all []Violation) {
	signs, first := make(map[string]int), make(map[string]File)
	for _, f := range files {
		if f.Test() {
			continue
		}
		if _, ok := first[f.Room()]; !ok {
			first[f.Room()] = f
		}
		if f.AST.Doc == nil {
			continue
		}
		signs[f.Room()]++
		sign, _, _ := strings.Cut(strings.TrimSpace(f.AST.Doc.Text()), "\n\n")
		sign = strings.Join(strings.Fields(sign), " ")
		if fault := faultOf(sign); fault != "" {
			all = append(all, f.broken(f.AST.Doc.Pos(), "a package comment is the door sign: one sentence on what the room is for; if it needs \"and\", there are two rooms", "the door sign %s: %q", fault, sign))
		}
	}
	for name, f := range first {
		if signs[name] != 1 {
			all = append(all, f.broken(f.AST.Package, "a newcomer reads the door signs first", "%s has %d door signs, one is right", name, signs[name]))
		}
	}
	return all
}

func faultOf(sign string) string {
	switch {
	case !strings.HasPrefix(sign, "Package ") && !strings.HasPrefix(sign, "Command "):
		return "does not begin with Package or Command"
	case !strings.HasSuffix(sign, "."):
		return "does not end with a full stop"
	case regexp.MustCompile(`[.;] `).MatchString(sign):
		return "is more than one sentence"
	case regexp.MustCompile(`(?i)\band\b`).MatchString(sign):
		return `needs "and"`
	}
	return ""
}

// checkDocs wants a comment on everything exported, methods included.
func checkDocs(f File) (all []Violation) {
	if f.Test() || f.AST.Name.Name == "main" {
		return nil
	}
	miss := func(n ast.Node, name string) {
		all = append(all, f.broken(n.Pos(), "exported things say what they are for, with units, limits, errors and sources", "%s has no comment", name))
	}
	for _, d := range f.AST.Decls {
		switch d := d.(type) {
		case *ast.FuncDecl:
			if d.Name.IsExported() && d.Doc == nil && exportedReceiver(d) && !standard(d.Name.Name) {
				miss(d, d.Name.Name)
			}
		case *ast.GenDecl:
			for _, s := range d.Specs {
				switch s := s.(type) {
				case *ast.TypeSpec:
					if s.Name.IsExported() && d.Doc == nil && s.Doc == nil {
						miss(s, s.Name.Name)
					}
				case *ast.ValueSpec:
					if s.Names[0].IsExported() && d.Doc == nil && s.Doc == nil && s.Comment == nil {
						miss(s, s.Names[0].Name)
					}
				}
			}
		}
	}
	return all
}

func exportedReceiver(d *ast.FuncDecl) bool {
	if d.Recv == nil {
		return true
	}
	t := d.Recv.List[0].Type
	if s, ok := t.(*ast.StarExpr); ok {
		t = s.X
	}
	name, ok := t.(*ast.Ident)
	return ok && name.IsExported()
}

// standard methods say all they have to say by their names.
func standard(name string) bool {
	switch name {
	case "Error", "String", "GoString", "Format", "LogValue", "MarshalJSON", "MarshalText", "ServeHTTP", "Unwrap", "Close", "Read":
		return true
	}
	return false
}
