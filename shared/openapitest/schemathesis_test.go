package openapitest_test

import (
	"errors"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"

	"reprise/shared/localtest"
	"reprise/shared/stack"
	"reprise/shared/stacktest"
)

func TestMain(m *testing.M) {
	slog.SetDefault(slog.New(slog.DiscardHandler))
	os.Exit(m.Run())
}

// TestSchemathesisFindsNothing has a program that is not ours make requests of openapi.yaml, good ones and bad ones, and hold
// what the local server answers to it.
func TestSchemathesisFindsNothing(t *testing.T) {
	t.Parallel()
	part, err := stack.Part("SCHEMATHESIS")
	stacktest.Need(t, err)
	receiver := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {}))
	defer receiver.Close()
	address, token := localtest.Serve(t, 4)
	url := "http://" + address
	enable(t, url, token, receiver.URL)
	files, err := filepath.Abs("testdata")
	if err != nil {
		t.Fatal(err)
	}
	st := exec.CommandContext(t.Context(), filepath.Join(part, "bin", "schemathesis"), "--config-file", filepath.Join(files, "schemathesis.toml"), "run", url+"/openapi.yaml", "--url", url, "--no-color")
	st.Dir = t.TempDir() // it leaves what it learned where it runs
	now := time.Now().UTC()
	version, name := aFile(t, url)
	st.Env = append(os.Environ(), "SCHEMATHESIS_HOOKS="+filepath.Join(files, "hooks.py"), "PYTHONDONTWRITEBYTECODE=1", "REPRISE_TOKEN="+token, "REPRISE_RECEIVER="+receiver.URL, "REPRISE_VERSION="+version, "REPRISE_FILE="+name,
		"REPRISE_FROM="+now.Add(-time.Hour).Format(time.RFC3339), "REPRISE_TO="+now.Format(time.RFC3339))
	said, err := st.CombinedOutput()
	cases := regexp.MustCompile(`(?m)^  (\d+) generated`).FindSubmatch(said)
	if err != nil || cases == nil {
		t.Fatalf("%v\n%s", err, said)
	}
	if n, err := strconv.Atoi(string(cases[1])); err != nil || n < 700 {
		t.Errorf("it made %s cases only:\n%s", cases[1], said)
	}
	t.Logf("schemathesis: %s cases", cases[1])
}

// aFile is one that the page names.
func aFile(t *testing.T, url string) (version, name string) {
	t.Helper()
	answer, err := http.Get(url + "/")
	if err != nil {
		t.Fatal(err)
	}
	page, err := io.ReadAll(answer.Body)
	if err = errors.Join(err, answer.Body.Close()); err != nil {
		t.Fatal(err)
	}
	named := regexp.MustCompile(`/console/([^/"]+)/([^"]+)`).FindSubmatch(page)
	if named == nil {
		t.Fatalf("%s names no file", page)
	}
	return string(named[1]), string(named[2])
}

// enable turns the webhook on, without which there is no replay.
func enable(t *testing.T, url, token, receiver string) {
	t.Helper()
	body := strings.NewReader(`{"endpoint":"` + receiver + `","authorization":"Bearer x","enabled":true}`)
	r, err := http.NewRequestWithContext(t.Context(), http.MethodPatch, url+"/v2/audit-log-webhook", body)
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("Authorization", "Bearer "+token)
	answer, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	if err := answer.Body.Close(); err != nil || answer.StatusCode != http.StatusOK {
		t.Fatal(err, answer.Status)
	}
}
