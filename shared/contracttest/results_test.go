package contracttest

import (
	"bufio"
	"encoding/json"
	"flag"
	"fmt"
	"io"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

var results = flag.String("results", "", "hold the rows to what `go test -json` reported in the files of this folder, and run nothing")

func TestMain(m *testing.M) {
	flag.Parse()
	if *results != "" {
		os.Exit(report(os.Stdout, *results, os.Getenv("CI") == "true"))
	}
	os.Exit(m.Run())
}

// A run is what came of each test that was reported, as "room.TestName/subtest": it passed if it did so once and never failed.
type run map[string]string

// read adds what a file of `go test -json` reports.
func (r run) read(file io.Reader) error {
	lines := bufio.NewScanner(file)
	lines.Buffer(nil, 64<<20)
	for lines.Scan() {
		var e struct{ Action, Package, Test string }
		if json.Unmarshal(lines.Bytes(), &e) != nil || e.Test == "" || !slices.Contains([]string{"pass", "fail", "skip"}, e.Action) {
			continue // output of a test, and what is no JSON, such as a build's
		}
		name := strings.TrimPrefix(strings.TrimPrefix(e.Package, "reprise/"), "shared/") + "." + e.Test
		if r[name] == "" || r[name] == "skip" || e.Action == "fail" {
			r[name] = e.Action
		}
	}
	return lines.Err()
}

// report tells, section by section, whether each row's tests passed, and gives the exit code. Where a test did not run, that is a
// failure if all of them must.
func report(w io.Writer, folder string, all bool) (code int) {
	files, _ := filepath.Glob(filepath.Join(folder, "*.json"))
	passed := make(run)
	for _, name := range files {
		f, err := os.Open(name)
		if err == nil {
			err = passed.read(f)
			_ = f.Close()
		}
		if err != nil {
			_, _ = fmt.Fprintln(w, "contract:", err)
			return 1
		}
	}
	return tell(w, rows(), passed, all)
}

func tell(w io.Writer, rows map[string][]row, passed run, all bool) (code int) {
	n := 0
	tests, failed, missing := make(map[string]bool), make(map[string]bool), make(map[string]bool)
	for _, section := range slices.Sorted(maps.Keys(rows)) {
		bad := 0
		for _, r := range rows[section] {
			whole := true
			for _, test := range r.tests {
				tests[test] = true
				came := "FAILED"
				switch passed[test] {
				case "pass":
					continue
				case "fail":
					failed[test] = true
				default:
					came = "NOT RUN"
					missing[test] = true
				}
				whole = false
				_, _ = fmt.Fprintf(w, "  §%s %s: %s, which holds: %s\n", section, came, test, r.quote)
			}
			if !whole {
				bad++
			}
		}
		n += len(rows[section])
		said := "each with a test"
		if bad > 0 {
			said = fmt.Sprintf("%d of them not held", bad)
		}
		_, _ = fmt.Fprintf(w, "  §%s  %3d rows, %s\n", section, len(rows[section]), said)
	}
	_, _ = fmt.Fprintf(w, "contract: %d rows held by %d tests", n, len(tests))
	if len(failed)+len(missing) > 0 {
		_, _ = fmt.Fprintf(w, ", of which %d failed and %d did not run", len(failed), len(missing))
	}
	_, _ = fmt.Fprintln(w)
	if len(failed) > 0 || len(missing) > 0 && all {
		return 1
	}
	return 0
}

func TestARowIsHeldByTestsThatPassed(t *testing.T) {
	const file = `{"Action":"run","Package":"reprise/shared/api","Test":"TestA"}
{"Action":"output","Package":"reprise/shared/api","Test":"TestA/b","Output":"{\"Action\":\"fail\"}\n"}
{"Action":"pass","Package":"reprise/shared/api","Test":"TestA/b_c"}
{"Action":"pass","Package":"reprise/cmd/reprise","Test":"TestB"}
# what is no JSON
{"Action":"skip","Package":"reprise/shared/api","Test":"TestC"}
{"Action":"pass","Package":"reprise/shared/api","Test":"TestD"}
{"Action":"fail","Package":"reprise/shared/api","Test":"TestD"}
{"Action":"pass","Package":"reprise/shared/api"}
{"Action":"skip","Package":"reprise/shared/sqs","Test":"TestE"}
{"Action":"pass","Package":"reprise/shared/sqs","Test":"TestE"}
`
	passed := make(run)
	if err := passed.read(strings.NewReader(file)); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		test string
		all  bool
		code int
		want string
	}{
		{"api.TestA/b_c", true, 0, "  §1    1 rows, each with a test\ncontract: 1 rows held by 1 tests\n"},
		{"cmd/reprise.TestB", true, 0, "  §1    1 rows, each with a test\ncontract: 1 rows held by 1 tests\n"},
		{"sqs.TestE", true, 0, "  §1    1 rows, each with a test\ncontract: 1 rows held by 1 tests\n"},
		{"api.TestC", true, 1, "  §1 NOT RUN: api.TestC, which holds: a rule\n  §1    1 rows, 1 of them not held\ncontract: 1 rows held by 1 tests, of which 0 failed and 1 did not run\n"},
		{"api.TestA", false, 0, "  §1 NOT RUN: api.TestA, which holds: a rule\n  §1    1 rows, 1 of them not held\ncontract: 1 rows held by 1 tests, of which 0 failed and 1 did not run\n"},
		{"api.TestD", false, 1, "  §1 FAILED: api.TestD, which holds: a rule\n  §1    1 rows, 1 of them not held\ncontract: 1 rows held by 1 tests, of which 1 failed and 0 did not run\n"},
	} {
		var said strings.Builder
		if code := tell(&said, map[string][]row{"1": {held("a rule", c.test)}}, passed, c.all); code != c.code || said.String() != c.want {
			t.Errorf("%s: exit %d\n%swant %d\n%s", c.test, code, said.String(), c.code, c.want)
		}
	}
	var said strings.Builder
	tell(&said, map[string][]row{"1": {held("a rule", "api.TestC"), held("another", "api.TestC", "api.TestD")}}, passed, true)
	if want := "contract: 2 rows held by 2 tests, of which 1 failed and 1 did not run\n"; !strings.HasSuffix(said.String(), want) {
		t.Errorf("of a test that holds two rows it says\n%swant %s", said.String(), want)
	}
}
