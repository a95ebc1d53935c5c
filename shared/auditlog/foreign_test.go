package auditlog_test

import (
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"reprise/shared/stack"
	"reprise/shared/stacktest"
)

// foreign has testdata/foreign.py judge a folder of golden files, with libraries that nobody here wrote.
func foreign(t *testing.T, folder string) (said []byte, err error) {
	t.Helper()
	part, err := stack.Part("CHECKERS")
	stacktest.Need(t, err)
	said, err = exec.CommandContext(t.Context(), filepath.Join(part, "bin", "python"), filepath.Join("testdata", "foreign.py"), folder).CombinedOutput()
	return said, err
}

func TestForeignLibrariesReadAndVerifyEveryGoldenFile(t *testing.T) {
	t.Parallel()
	folder := filepath.Join("testdata", "golden")
	said, err := foreign(t, folder)
	if err != nil {
		t.Fatalf("%v: %s", err, said)
	}
	var looked struct {
		Entries, Signatures, Fields int
		CannotRead                  map[string]string `json:"headers pycef cannot read"`
	}
	if err := json.Unmarshal(said, &looked); err != nil {
		t.Fatalf("%v: %s", err, said)
	}
	entries, err := filepath.Glob(filepath.Join(folder, "*.in"))
	if err != nil || len(entries) == 0 || looked.Entries != len(entries) || looked.Signatures != 3*len(entries) {
		t.Errorf("of %d entries (%v) it looked at %+v", len(entries), err, looked)
	}
	const escaped, blank = "an escape or an equals sign in the header", "an empty field in the header"
	if diff := cmp.Diff(map[string]string{
		"backslashes.cef": escaped, "empty-values.cef": blank, "equals-signs.cef": escaped, "newlines.cef": escaped, "pipes.cef": escaped,
		"the-text-of-a-signature.cef": escaped,
	}, looked.CannotRead); diff != "" {
		t.Errorf("headers that pycef cannot read (-want +got):\n%s", diff)
	}
	t.Logf("foreign checkers: %d signatures verified by cryptography with the keys that joserfc read, %d fields of %d entries compared, CEF by pycef",
		looked.Signatures, looked.Fields, looked.Entries)
}

func TestForeignLibrariesSeeWhatIsWrong(t *testing.T) {
	for name, c := range map[string]struct{ file, from, to, want string }{
		"a changed letter":          {"authorization.json", `"list"`, `"lost"`, "authorization.json: its signature does not verify"},
		"a changed key":             {"jwks.json", `"x":"1`, `"x":"2`, "the kid kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k is not the thumbprint of its key"},
		"a key of another kind":     {"jwks.json", `"Ed25519"`, `"Ed448"`, "Ed448"},
		"another signature":         {"authorization.cef", " sig=", " sig=A", "authorization.cef: its sig is "},
		"sig not last":              {"authorization.cef", " user_agent=", " sig=x user_agent=", "authorization.cef: its sig is "},
		"an entry that was not so":  {"authorization.in", `"list"`, `"lost"`, "authorization.json: action is 'list', sent was 'lost'"},
		"a cps that is not wrapped": {"authorization.cps", `{"event":`, ``, "authorization.cps: is not wrapped"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			folder := t.TempDir()
			for _, end := range []string{"jwks.json", "authorization.in", "authorization.json", "authorization.cps", "authorization.cef"} {
				b, err := os.ReadFile(filepath.Join("testdata", "golden", end))
				if err != nil {
					t.Fatal(err)
				}
				text := string(b)
				if end == c.file {
					if text = strings.Replace(text, c.from, c.to, 1); text == string(b) {
						t.Fatalf("%s has no %s", end, c.from)
					}
				}
				if err := os.WriteFile(filepath.Join(folder, end), []byte(text), 0o600); err != nil {
					t.Fatal(err)
				}
			}
			said, err := foreign(t, folder)
			if err == nil || !strings.Contains(string(said), c.want) {
				t.Errorf("got %v: %s, want %q", err, said, c.want)
			}
		})
	}
}
