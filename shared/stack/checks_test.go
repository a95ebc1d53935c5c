package stack_test

import (
	"fmt"
	"maps"
	"path"
	"slices"
	"strings"

	"reprise/shared/stack"
)

// tree is what the template is held to.
type tree struct {
	routes   map[string][]string // api.Routes
	folders  []string            // of functions/
	samples  map[string]int      // how many events/ has of each
	programs map[string]program
	graph    graph
	public   []string // the attributes of a signing key that everybody may know
}

// check is one thing that must hold, and says where it does not.
type check func(*stack.Template, tree) faults

func checks() map[string]check {
	return map[string]check{
		"every folder of functions/ has its resource and samples": checkFolders,
		"the gateway has the routes of api.Routes":                checkRoutes,
		"a function has in its environment what it reads":         checkEnvironments,
		"granted is called":                                     checkGrants,
		"no role says more by a star":                           checkStars,
		"queues keep a message as long as it may be worked on":  checkQueues,
		"mappings hand over what they should, and again":        checkMappings,
		"tables are kept, and secrets encrypted":                checkTables,
		"functions are built alike and log where logs are kept": checkFunctions,
	}
}

// faults collects what does not hold.
type faults []string

func (f *faults) add(format string, args ...any) { *f = append(*f, fmt.Sprintf(format, args...)) }

// wrong adds a fault unless both are equal.
func (f *faults) wrong(what string, got, want any) {
	if fmt.Sprint(got) != fmt.Sprint(want) {
		f.add("%s is %v, not %v", what, got, want)
	}
}

// lists adds a fault for each that one list has and the other has not.
func (f *faults) lists(got, want []string, more, less string) {
	for _, s := range got {
		if !slices.Contains(want, s) {
			f.add(more, s)
		}
	}
	for _, s := range want {
		if !slices.Contains(got, s) {
			f.add(less, s)
		}
	}
}

func checkFolders(t *stack.Template, tree tree) (f faults) {
	var folders []string
	for id, fn := range t.Functions {
		folders = append(folders, fn.Folder)
		words := strings.Split(fn.Folder, "-")
		for i, w := range words {
			words[i] = strings.ToUpper(w[:1]) + w[1:]
		}
		f.wrong("the name of the function of "+fn.Folder, id, strings.Join(words, "")) // make logs counts on it
		f.wrong(id+"'s CodeUri", fn.Properties["CodeUri"], path.Join("functions", fn.Folder))
		if tree.samples[fn.Folder] == 0 {
			f.add("events/%s has no sample", fn.Folder)
		}
	}
	for folder := range tree.samples {
		if !slices.Contains(folders, folder) {
			f.add("events/%s is of no function", folder)
		}
	}
	f.lists(folders, tree.folders, "functions/%s is not there", "functions/%s has no resource")
	return f
}

func checkRoutes(t *stack.Template, tree tree) (f faults) {
	for id, fn := range t.Functions {
		var routes []string
		for name, e := range fn.Events {
			if e.Type != "HttpApi" {
				continue
			}
			routes = append(routes, e.Route)
			f.wrong(id+"."+name+"'s payload", e.Payload, "2.0")
		}
		want := tree.routes[fn.Folder]
		if fn.Folder == "default-route" {
			want = []string{"$default"}
		}
		f.lists(routes, want, id+" has the route %s, which is not its own", id+" lacks the route %s")
	}
	// A test may wait 15 s for a receiver (CONTRACT.md §3).
	f.wrong("what the gateway throttles by route", t.Resources["Api"].Properties["RouteSettings"],
		map[string]any{"POST /v2/audit-log-webhook/test": map[string]any{"ThrottlingRateLimit": 2, "ThrottlingBurstLimit": 5}})
	for folder := range tree.routes {
		if !slices.ContainsFunc(slices.Collect(maps.Values(t.Functions)), func(fn stack.Function) bool { return fn.Folder == folder }) {
			f.add("nothing answers the routes of %s", folder)
		}
	}
	return f
}

func checkEnvironments(t *stack.Template, tree tree) (f faults) {
	for id, fn := range t.Functions {
		f.lists(slices.Collect(maps.Keys(fn.Environment)), tree.graph.reads(tree.programs[fn.Folder].ours), id+" is given %s, which it does not read", id+" reads %s, which it is not given")
	}
	return f
}
