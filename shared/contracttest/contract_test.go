package contracttest

import (
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// Each row's quote stands in its section once, word for word, and each sentence of the contract has a row: the two cannot part.
func TestEverySentenceOfTheContractHasARow(t *testing.T) {
	for _, fault := range parted(items(document(t)), rows()) {
		t.Error(fault)
	}
	n := 0
	for _, section := range rows() {
		n += len(section)
	}
	t.Logf("%d rows", n)
}

// parted is where the rows and the contract's items do not fit.
func parted(all []item, rows map[string][]row) (faults []string) {
	quoted := make(map[sentence]bool)
	for section, of := range rows {
		for _, r := range of {
			n := 0
			for _, it := range all {
				if it.section == section && strings.Contains(it.text, r.quote) {
					n += strings.Count(it.text, r.quote)
					cover(it, r.quote, quoted)
				}
			}
			if n != 1 {
				faults = append(faults, fmt.Sprintf("§%s says %d times, not once: %s", section, n, r.quote))
			}
			if len(r.tests) == 0 {
				faults = append(faults, fmt.Sprintf("§%s: no test holds: %s", section, r.quote))
			}
		}
	}
	for _, it := range all {
		for _, s := range it.sentences() {
			if !quoted[s] && !(strings.HasPrefix(s.text, "#") && !strings.Contains(s.text, "`")) {
				faults = append(faults, fmt.Sprintf("docs/contract.md:%d, §%s: no row quotes: %s", s.line, it.section, s.text))
			}
		}
	}
	return faults
}

// cover notes the sentences that a quote has a part of.
func cover(it item, quote string, quoted map[sentence]bool) {
	from := strings.Index(it.text, quote)
	at := 0
	for _, s := range it.sentences() {
		at += strings.Index(it.text[at:], s.text)
		if from < at+len(s.text) && at < from+len(quote) {
			quoted[s] = true
		}
	}
}

func TestASentenceWithoutARowAndARowWithoutASentenceAreTold(t *testing.T) {
	all := []item{{"1", 3, "One rule. Another rule: `a`."}, {"1", 5, "| x | 400 |"}, {"2", 7, "One rule."}, {"2", 9, "## 2. `PUT`"}}
	whole := map[string][]row{"1": {held("One", "a.T"), held("Another rule", "a.T"), held("| x |", "a.T")}, "2": {held("One rule", "a.T"), held("`PUT`", "a.T")}}
	if got := parted(all, whole); len(got) > 0 {
		t.Errorf("nothing is wrong: %v", got)
	}
	for want, change := range map[string]func(map[string][]row){
		"docs/contract.md:3, §1: no row quotes: Another rule: `a`.": func(r map[string][]row) { r["1"] = []row{r["1"][0], r["1"][2]} },
		"docs/contract.md:5, §1: no row quotes: | x | 400 |":        func(r map[string][]row) { r["1"] = r["1"][:2] },
		"docs/contract.md:9, §2: no row quotes: ## 2. `PUT`":        func(r map[string][]row) { r["2"] = r["2"][:1] },
		"§2 says 0 times, not once: Another":                        func(r map[string][]row) { r["2"] = append(r["2"], held("Another", "a.T")) },
		"§1 says 2 times, not once: rule":                           func(r map[string][]row) { r["1"] = append(r["1"], held("rule", "a.T")) },
		"§1: no test holds: 400":                                    func(r map[string][]row) { r["1"] = append(r["1"], held("400")) },
	} {
		rows := map[string][]row{"1": whole["1"], "2": whole["2"]}
		change(rows)
		if got := parted(all, rows); len(got) != 1 || got[0] != want {
			t.Errorf("got %q, want %q", got, want)
		}
	}
}

// place is the folder of a room, as its tests are named here.
func place(room string) string {
	if strings.Contains(room, "/") {
		return room
	}
	return "shared/" + room
}

// parts cuts a test's name: its room, its function, its subtest or "".
func parts(test string) (room, function, sub string) {
	room, name, _ := strings.Cut(test, ".Test")
	begin := "Test"
	if name == "" {
		room, name, _ = strings.Cut(test, ".Fuzz")
		begin = "Fuzz"
	}
	name, sub, _ = strings.Cut(name, "/")
	return room, begin + name, sub
}

func TestEveryTestOfARowIsThere(t *testing.T) {
	known := make(map[string]map[string]bool)
	for section, of := range rows() {
		for _, r := range of {
			for _, test := range r.tests {
				room, function, _ := parts(test)
				if known[room] == nil {
					known[room] = functions(t, filepath.Join("../..", place(room)))
				}
				if !known[room][function] {
					t.Errorf("§%s: there is no %s in %s, which holds: %s", section, function, place(room), r.quote)
				}
			}
		}
	}
}

// functions is the names of the test files' functions of a folder.
func functions(t *testing.T, folder string) map[string]bool {
	t.Helper()
	all := make(map[string]bool)
	files, err := filepath.Glob(filepath.Join(folder, "*_test.go"))
	if err != nil || files == nil {
		t.Errorf("%s has no tests: %v", folder, err)
	}
	for _, name := range files {
		text, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		file, err := parser.ParseFile(token.NewFileSet(), name, text, parser.SkipObjectResolution)
		if err != nil {
			t.Fatal(err)
		}
		for _, d := range file.Decls {
			if f, ok := d.(*ast.FuncDecl); ok && f.Recv == nil {
				all[f.Name.Name] = true
			}
		}
	}
	return all
}
