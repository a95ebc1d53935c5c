package crashtest

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"

	"reprise/shared/receiver"
	"reprise/shared/stack"
	"reprise/shared/stacktest"
)

// lines is what a receiver took.
type lines struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func (l *lines) Write(b []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.Write(b)
}

// take is all of it, which is forgotten.
func (l *lines) take() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	defer l.text.Reset()
	return l.text.String()
}

// signed is how many lines each key verifies, by its id, as libraries say that nobody here wrote. They also find that each
// id is its key's thumbprint, and which key the JWKS has first.
type signed struct {
	First string         `json:"first"`
	Keys  map[string]int `json:"keys"`
	None  int            `json:"none"` // of them verify these
}

func judged(t *testing.T, jwks []byte, text string) (s signed) {
	t.Helper()
	part, err := stack.Part("CHECKERS")
	stacktest.Need(t, err)
	folder := t.TempDir()
	for name, content := range map[string]string{"jwks.json": string(jwks), "lines.ndjson": text} {
		if err := os.WriteFile(filepath.Join(folder, name), []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	out, err := exec.CommandContext(t.Context(), filepath.Join(part, "bin", "python"), filepath.Join("testdata", "signed.py"), folder).CombinedOutput()
	if err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	if err := json.Unmarshal(out, &s); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	return s
}

// rotate has the command line make a new key, beside the service, and returns its id.
func rotate(t *testing.T, data string) string {
	t.Helper()
	cmd, err := command("keys", "rotate", "--data", data)
	if err != nil {
		t.Fatal(err)
	}
	out, err := cmd.Output()
	if err != nil {
		t.Fatal(err)
	}
	return strings.TrimSpace(string(out))
}

func TestWhatWasSignedBeforeARotationStaysVerifiable(t *testing.T) {
	t.Parallel()
	data := filepath.Join(t.TempDir(), "reprise.db")
	p := started(t, data)
	s := opened(t, p, data, "rotated")
	var got lines
	server := httptest.NewServer(receiver.New(receiver.Options{Out: &got}))
	t.Cleanup(server.Close)
	replay := func(format string) string {
		t.Helper()
		s.asks(http.StatusOK, http.MethodPatch, hookPath, fmt.Sprintf(`{"endpoint":%q,"log_format":%q}`, server.URL, format))
		s.asks(http.StatusAccepted, http.MethodPut, jobPath, s.put(0, s.sent))
		if j := s.ends(); j.Status != "completed" || j.Progress.Entries != int64(s.sent) {
			t.Fatalf("%+v", j)
		}
		return got.take()
	}
	jwks := func() []byte { return s.asks(http.StatusOK, http.MethodGet, jwksPath, "") }
	says := func(what string, jwks []byte, text string, want signed) {
		t.Helper()
		if diff := cmp.Diff(want, judged(t, jwks, text)); diff != "" {
			t.Errorf("%s (-want +got):\n%s", what, diff)
		}
	}

	s.asks(http.StatusAccepted, http.MethodPost, eventsPath, s.body())
	before := jwks()
	text := replay("json")
	first := judged(t, before, text).First
	says("before", before, text, signed{first, map[string]int{first: 50}, 0})

	second := rotate(t, data)
	s.asks(http.StatusAccepted, http.MethodPost, eventsPath, s.body())
	after := jwks()
	text = replay("json")
	says("all, by the keys of after", after, text, signed{second, map[string]int{first: 50, second: 50}, 0})
	says("all, by the keys of before", before, text, signed{first, map[string]int{first: 50}, 50})

	third := rotate(t, data)
	says("twice rotated", jwks(), replay("cps"), signed{third, map[string]int{first: 50, second: 50, third: 0}, 0})
	// A line of CEF is written and signed when it is sent.
	says("in cef", jwks(), replay("cef"), signed{third, map[string]int{first: 0, second: 0, third: 100}, 0})
}
