package auditlog

import (
	"bytes"
	"errors"
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

var write = flag.Bool("write", false, "write the files of testdata/golden anew, but for what producers send")

const golden = "testdata/golden"

// TestEveryGoldenEntryIsWrittenAsItsFilesSay: beside an entry as a producer sends it (.in) lies the line of each format by
// the one key of jwks.json, for programs that are not ours to read and verify.
func TestEveryGoldenEntryIsWrittenAsItsFilesSay(t *testing.T) {
	k := testKey(t)
	sent, err := filepath.Glob(filepath.Join(golden, "*.in"))
	if err != nil || len(sent) < 19 {
		t.Fatalf("%d entries: %v", len(sent), err)
	}
	holds(t, filepath.Join(golden, "jwks.json"), JWKS([]PublicKey{k.Public()}))
	files := 1
	for _, in := range sent {
		line, err := os.ReadFile(in)
		if err != nil {
			t.Fatal(err)
		}
		e, err := Parse(bytes.TrimSuffix(line, []byte("\n")), org, now())
		if err != nil {
			t.Fatalf("%s: %v", in, err)
		}
		files++
		for _, f := range Formats() {
			got, err := Scribe{f, "reprise", k}.Write(nil, k.Sign(nil, e))
			if err != nil {
				t.Fatalf("%s: %v", in, err)
			}
			holds(t, strings.TrimSuffix(in, "in")+string(f), got)
			files++
		}
		checkCEF(t, e)
	}
	if all, err := os.ReadDir(golden); err != nil || len(all) != files {
		t.Errorf("the folder has %d files, not %d: %v", len(all), files, err)
	}
	t.Logf("%d golden files: %d entries in %d formats", files, len(sent), len(Formats()))
}

// holds checks that a file is one line that says got, or makes it so.
func holds(t *testing.T, file string, got []byte) {
	t.Helper()
	if *write {
		if err := os.WriteFile(file, append(got, '\n'), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(file)
	if err != nil && !errors.Is(err, os.ErrNotExist) {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), string(got)+"\n"); diff != "" {
		t.Errorf("%s: %s", file, diff)
	}
}
