package house

import (
	"slices"
	"strings"
)

// kind is what sort of room it is (DESIGN.md §2).
type kind int

const (
	ground kind = iota // replay, auditlog, access
	noun               // stands on the ground
	verb
	contract // api
	adapter
	tool // a room beside the way of a replay: it may use nouns
	composition
	proof
)

// room is a row of DESIGN.md §2's layout.
type room struct {
	kind    kind
	modules []string // what it may link beside the standard library and ourselves
}

const (
	aws    = "github.com/aws/"
	module = "reprise/"
)

// rooms is the layout; a folder that is not in it is a violation. Entries that end in a slash are every folder below.
func rooms() map[string]room {
	return map[string]room{
		"replay":       {ground, nil},
		"auditlog":     {ground, nil},
		"access":       {ground, nil},
		"chunk":        {noun, []string{"github.com/klauspost/compress"}},
		"webhook":      {noun, nil},
		"intake":       {verb, nil},
		"fanout":       {verb, nil},
		"deliver":      {verb, nil},
		"settle":       {verb, nil},
		"sweep":        {verb, nil},
		"api":          {contract, nil},
		"sqlite":       {adapter, []string{"zombiezen.com/go/sqlite"}},
		"egress":       {adapter, []string{"code.dny.dev/ssrf"}},
		"dynamo":       {adapter, []string{aws}},
		"sqs":          {adapter, []string{aws}},
		"apigw":        {adapter, []string{aws}},
		"boot":         {composition, []string{aws, "github.com/oklog/ulid/v2"}},
		"receiver":     {tool, nil},
		"console":      {tool, nil},
		"local":        {composition, []string{"github.com/gofrs/flock", "github.com/oklog/ulid/v2", "golang.org/x/sync"}},
		"cmd/":         {composition, []string{"github.com/alecthomas/kong", "github.com/goccy/go-yaml", "github.com/schollz/progressbar/v3", "golang.org/x/sync", "golang.org/x/term"}},
		"functions/":   {composition, []string{aws + "aws-lambda-go/lambda"}},
		"storetest":    {proof, []string{"github.com/anishathalye/porcupine", "github.com/google/go-cmp", "pgregory.net/rapid"}},
		"queuetest":    {proof, []string{"github.com/google/go-cmp", "pgregory.net/rapid"}},
		"simtest":      {proof, []string{"github.com/google/go-cmp", "pgregory.net/rapid"}},
		"crashtest":    {proof, nil},
		"stack":        {proof, []string{aws, "github.com/goccy/go-yaml"}},
		"stacktest":    {proof, nil},
		"lambdatest":   {proof, []string{aws}},
		"samples":      {proof, []string{aws, "github.com/oklog/ulid/v2"}},
		"localtest":    {proof, nil},
		"openapitest":  {proof, []string{"github.com/getkin/kin-openapi"}},
		"house":        {proof, nil},
		"contracttest": {proof, nil},
	}
}

func roomOf(name string) (room, bool) {
	all := rooms()
	if r, ok := all[name]; ok {
		return r, true
	}
	for prefix, r := range all {
		if strings.HasSuffix(prefix, "/") && strings.HasPrefix(name, prefix) {
			return r, true
		}
	}
	return room{}, false
}

// mayImport is which kinds of our own rooms a kind may import, each with the reason why no other.
func (k kind) mayImport() (kinds []kind, reason string) {
	switch k {
	case ground:
		return []kind{ground}, "replay, auditlog and access are the ground: the standard library only, so that everything may stand on them (DESIGN.md §2 rule 1)"
	case noun:
		return []kind{ground, noun}, "a noun stands on nouns: it does no work (DESIGN.md §2 rule 1)"
	case verb:
		return []kind{ground, noun}, "a verb knows its ports, not who is behind them: no verb imports a verb or an adapter (DESIGN.md §2 rule 3)"
	case contract:
		return []kind{ground, noun}, "the HTTP contract declares ports like a verb, so that the Lambda functions and the local server mount the same handlers (DESIGN.md §2 rule 3)"
	case adapter:
		return []kind{ground, noun}, "an adapter speaks nouns, never verbs: else going to another backend would change a verb (DESIGN.md §2 rule 3)"
	case tool:
		return []kind{ground, noun}, "a room beside the way of a replay uses its nouns, so that nothing comes to depend on it (DESIGN.md §2)"
	default:
		return []kind{ground, noun, verb, contract, adapter, tool, composition, proof}, ""
	}
}

// checkImports holds every import to the layout. Tests may import what they like but other clouds' worth of modules.
func checkImports(files []File) []Violation {
	var all []Violation
	for _, f := range files {
		here, ok := roomOf(f.Room())
		if !ok {
			all = append(all, f.broken(f.AST.Package, "a reader finds every room in DESIGN.md §2; a name such as util says nothing (rule 8)",
				"folder %s is no room of the house: add it to DESIGN.md §2 and to house's rooms, or put the code where its knowledge is", f.Room()))
			continue
		}
		if f.Test() {
			continue
		}
		for imported, pos := range f.imports() {
			if what, reason := here.refuses(f.Room(), imported); what != "" {
				all = append(all, f.broken(pos, reason, "%s", what))
			}
		}
	}
	return all
}

// refuses says what is wrong with an import, and why.
func (r room) refuses(name, imported string) (what, reason string) {
	switch {
	case strings.HasPrefix(imported, module):
		other, ok := roomOf(strings.TrimPrefix(strings.TrimPrefix(imported, module), "shared/"))
		kinds, reason := r.kind.mayImport()
		if ok && !slices.Contains(kinds, other.kind) {
			return name + " imports " + imported, reason
		}
	case strings.HasPrefix(imported, aws):
		if !r.may(imported) {
			return name + " imports " + imported, "all AWS words live in dynamo, sqs, apigw and boot, so that the rest runs without it; a main may say lambda.Start (DESIGN.md §2)"
		}
	case !strings.Contains(strings.Split(imported, "/")[0], "."):
		return r.refusesStandard(name, imported)
	case !r.may(imported):
		return name + " imports " + imported, "a dependency is one that somebody defends: name it in house's rooms (Lambda binaries link nothing they do not use)"
	}
	return "", ""
}

// may reports whether the room may link an imported package of a module.
func (r room) may(imported string) bool {
	return slices.ContainsFunc(r.modules, func(m string) bool {
		return imported == m || strings.HasPrefix(imported, strings.TrimSuffix(m, "/")+"/")
	})
}

func (r room) refusesStandard(name, imported string) (what, reason string) {
	if r.kind > verb {
		return "", ""
	}
	switch imported {
	case "net/http", "net":
		return name + " imports " + imported, "no noun and no verb knows HTTP: the same verb runs behind API Gateway, a queue and the local server (DESIGN.md §2 rule 3)"
	case "os", "os/exec", "syscall", "database/sql":
		return name + " imports " + imported, "nouns and verbs do no input or output of their own: ports do (DESIGN.md §2 rule 1)"
	case "crypto/rand", "math/rand", "math/rand/v2":
		return name + " imports " + imported, "randomness is the last argument of a constructor, so that a simulation can replay a seed (DESIGN.md §2 rule 5)"
	}
	return "", ""
}
