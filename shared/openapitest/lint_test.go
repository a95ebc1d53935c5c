package openapitest_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"reprise/shared/stack"
	"reprise/shared/stacktest"
)

// lint is what the linter says of a text, to which a warning is an error.
func lint(t *testing.T, text string) (said string, err error) {
	t.Helper()
	part, err := stack.Part("REDOCLY")
	stacktest.Need(t, err)
	config, err := filepath.Abs(filepath.Join("testdata", "redocly.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "openapi.yaml"), []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	cmd := exec.CommandContext(t.Context(), filepath.Join(part, "node_modules", ".bin", "redocly"), "lint", "--config", config, "openapi.yaml")
	cmd.Dir = dir
	cmd.Env = append(os.Environ(), "REDOCLY_TELEMETRY=off", "REDOCLY_SUPPRESS_UPDATE_NOTICE=true")
	out, err := cmd.CombinedOutput()
	return string(out), err
}

func TestTheLinterFindsNothing(t *testing.T) {
	t.Parallel()
	if said, err := lint(t, source(t)); err != nil {
		t.Errorf("%v\n%s", err, said)
	}
}

func TestTheLinterFindsWhatIsWrong(t *testing.T) {
	t.Parallel()
	for story, row := range map[string]struct{ old, now, want string }{
		"an operation without a name":     {"      operationId: getKeys\n", "", "operation-operationId"},
		"a name that two operations have": {"operationId: getReplayJobV3", "operationId: getReplayJob", "operation-operationId-unique"},
		"a part that nobody uses":         {"    Count: {type: integer", "    Nobody: {type: string}\n    Count: {type: integer", "no-unused-components"},
	} {
		t.Run(story, func(t *testing.T) {
			t.Parallel()
			if said, err := lint(t, planted(t, row.old, row.now)); err == nil || !strings.Contains(said, row.want) {
				t.Errorf("%v: got %q, want %q", err, said, row.want)
			}
		})
	}
}

func source(t *testing.T) string {
	t.Helper()
	text, err := os.ReadFile(filepath.Join("..", "api", "openapi.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// planted is the file with a fault in it.
func planted(t *testing.T, old, now string) string {
	t.Helper()
	text := source(t)
	if strings.Count(text, old) == 0 {
		t.Fatalf("openapi.yaml has no %q", old)
	}
	return strings.Replace(text, old, now, 1)
}
