package main

import (
	"context"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
)

// interrupted runs a command, interrupts it when that says so, nil: once it has read the lines of its standard input, which
// has no end; it returns what was said on standard error.
func interrupted(t *testing.T, input string, when <-chan struct{}, args ...string) string {
	t.Helper()
	ctx, interrupt := context.WithCancel(t.Context())
	defer interrupt()
	stdin, typed := io.Pipe()
	defer stdin.Close()
	go func() {
		_, _ = io.WriteString(typed, input)
		if when == nil {
			_, _ = io.WriteString(typed, "{") // is read only once the lines before it were
		} else {
			<-when
		}
		interrupt()
	}()
	var out, said strings.Builder
	if code := run(ctx, args, stdin, &out, &said); code != exitInterrupted || out.String() != "" {
		t.Errorf("exit code %d, standard output %q", code, out.String())
	}
	return said.String()
}

func TestASenderThatIsInterruptedSaysHowFarItCame(t *testing.T) {
	t.Setenv("REPRISE_CONFIG", filepath.Join(t.TempDir(), "none.yaml"))
	t.Setenv("REPRISE_TOKEN", "rpr_x")
	at := make(chan struct{})
	var asked atomic.Int64
	service := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(io.Discard, r.Body)
		if asked.Add(1) == 2 {
			close(at)
			<-r.Context().Done()
			return
		}
		w.WriteHeader(http.StatusAccepted)
		_, _ = io.WriteString(w, `{"accepted":10000}`)
	}))
	defer service.Close()

	if said := interrupted(t, "{}\n", nil, "send", "-", "--api", service.URL); !strings.HasSuffix(said, "; nothing was accepted before\n") {
		t.Errorf("while it reads: %q", said)
	}
	if asked.Load() > 0 {
		t.Error("it sent a part of what it read")
	}
	if said := interrupted(t, strings.Repeat("{}\n", 20_001), at, "send", "-", "--api", service.URL); !strings.HasSuffix(said, "; 10,000 entries up to line 10000 accepted before\nThen send what begins with line 10001: tail -n +10001.\n") {
		t.Errorf("while it sends: %q", said)
	}
	if n := asked.Load(); n != 2 {
		t.Errorf("%d requests", n)
	}
}

func TestACheckThatIsInterruptedHasNoResult(t *testing.T) {
	jwks := filepath.Join(t.TempDir(), "jwks.json")
	if err := os.WriteFile(jwks, []byte(`{"keys":[{"kty":"OKP","crv":"Ed25519","kid":"k","x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"}]}`), 0o600); err != nil {
		t.Fatal(err)
	}
	if said := interrupted(t, "{}\n{}\n", nil, "verify", "-", "--jwks", jwks); strings.Count(said, "\n") != 1 {
		t.Errorf("%q", said)
	}
}
