package main

import (
	"bytes"
	"encoding/json"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"syscall"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// TestThePageIsServedWithEveryStateAndLeavesNothingBehind starts `reprise demo --page` while another listens on its port.
func TestThePageIsServedWithEveryStateAndLeavesNothingBehind(t *testing.T) {
	t.Parallel()
	if taken, err := net.Listen("tcp", "127.0.0.1:8080"); err == nil { // else somebody else has it
		defer taken.Close()
	}
	program, err := exec.LookPath("reprise")
	if err != nil {
		t.Fatal(err)
	}
	folder := t.TempDir()
	cmd := exec.Command(program, "demo", "--page", "--entries", "20000")
	cmd.Env = append(os.Environ(), "TMPDIR="+folder, "BROWSER=false")
	log := logTo(t, cmd)
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = cmd.Process.Kill() })
	said := until(t, out, "leaves nothing behind.\n")
	found := regexp.MustCompile(`^The page, with demo data: (http://127\.0\.0\.1:\d+)/\n[^:]*:\n\n    (rpr_\S+)\n`).FindStringSubmatch(said)
	if found == nil {
		t.Fatalf("it said %q, and of that %q", said, textOf(t, log))
	}
	api, token := found[1], found[2]
	if api == "http://127.0.0.1:8080" {
		t.Error("it is where another listens")
	}
	if strings.Count(said, token) != 1 || strings.Contains(textOf(t, log), token) || holds(t, folder, token) {
		t.Error("the token is not in one place alone")
	}
	if code, body, err := request("GET", api+"/", "", nil); err != nil || code != 200 || !bytes.Contains(body, []byte("<!doctype html>")) {
		t.Errorf("the page is answered %d, %v: %.100s", code, err, body)
	}
	if diff := cmp.Diff(map[string]string{
		"us": "completed, active", "eu": "running, active", "ap": "failed rejected 401, inactive", "au": "unconfigured, unconfigured",
	}, cards(t, api, token)); diff != "" {
		t.Error(diff)
	}
	if err := cmd.Process.Signal(os.Interrupt); err != nil {
		t.Fatal(err)
	}
	if rest, err := io.ReadAll(out); err != nil || len(rest) > 0 {
		t.Errorf("it said %q in the end, %v", rest, err)
	}
	if err := cmd.Wait(); err != nil {
		t.Errorf("it ended with %v: %s", err, textOf(t, log))
	}
	if left, err := os.ReadDir(folder); err != nil || len(left) > 0 {
		t.Errorf("it left %v, %v", left, err)
	}
	if _, _, err := request("GET", api+"/", "", nil); err == nil || !strings.Contains(err.Error(), syscall.ECONNREFUSED.Error()) {
		t.Errorf("the service is still asked, %v", err)
	}
}

// until reads what is said up to its last words.
func until(t *testing.T, from io.Reader, last string) string {
	t.Helper()
	var said []byte
	for b := make([]byte, 1); !bytes.HasSuffix(said, []byte(last)); said = append(said, b...) {
		if _, err := io.ReadFull(from, b); err != nil {
			t.Fatalf("it ended after %q: %v", said, err)
		}
	}
	return string(said)
}

// cards are each region's replay and webhook, as the page gets them.
func cards(t *testing.T, api, token string) map[string]string {
	t.Helper()
	var global struct {
		Regions map[string]struct {
			Status  string
			Failure struct {
				Code string
				Last json.Number `json:"last_response_code"`
			}
		}
	}
	inRegion(t, api+"/v2/audit-log-replay-job?detail=slices", token, "global", &global)
	got := map[string]string{}
	for region, job := range global.Regions {
		var hook struct {
			Status string `json:"webhook_status"`
		}
		inRegion(t, api+"/v2/audit-log-webhook/status", token, region, &hook)
		got[region] = strings.TrimSpace(strings.Join([]string{job.Status, job.Failure.Code, job.Failure.Last.String()}, " ")) + ", " + hook.Status
	}
	return got
}

func inRegion(t *testing.T, url, token, region string, into any) {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), "GET", url, nil)
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Authorization", "Bearer "+token)
	req.Header.Set("Reprise-Region", region)
	res, err := held(http.DefaultTransport, func(err error) { t.Error(err) }).Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	if err := json.NewDecoder(res.Body).Decode(into); err != nil {
		t.Fatal(err)
	}
}

// holds reports whether a file below the folder has the text in it.
func holds(t *testing.T, folder, text string) (found bool) {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(folder, "*", "*"))
	if err != nil || len(files) < 6 {
		t.Fatalf("there are %q, %v", files, err)
	}
	for _, file := range files {
		b, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		found = found || bytes.Contains(b, []byte(text))
	}
	return found
}

// logTo has what a process says of its work go to a file, which can be read while it goes on.
func logTo(t *testing.T, cmd *exec.Cmd) string {
	t.Helper()
	f, err := os.Create(filepath.Join(t.TempDir(), "log"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = f.Close() })
	cmd.Stderr = f
	return f.Name()
}

func textOf(t *testing.T, file string) string {
	t.Helper()
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}
