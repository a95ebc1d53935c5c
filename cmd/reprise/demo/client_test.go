package demo

import (
	"context"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"reprise/cmd/reprise/lines"
)

func TestWhatMayPassIsTriedAgain(t *testing.T) {
	for name, c := range map[string]struct {
		err  error
		want int
	}{
		"a server's fault":   {&refusal{code: 503}, tries},
		"too many requests":  {&refusal{code: 429}, tries},
		"no answer":          {io.ErrUnexpectedEOF, tries},
		"a refusal for good": {&refusal{code: 400}, 1},
		"success":            {nil, 1},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				n := 0
				err := again(t.Context(), func() error { n++; return c.err })
				if n != c.want || !errors.Is(err, c.err) {
					t.Errorf("%d tries, then %v; want %d, then %v", n, err, c.want, c.err)
				}
			})
		})
	}
}

func TestTryingAgainEndsWithItsContext(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond)
		defer cancel()
		if err := again(ctx, func() error { return io.EOF }); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("got %v", err)
		}
	})
}

func TestAnAnswerThatIsNoSuccessIsARefusalWithItsBody(t *testing.T) {
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Header.Get("Authorization") != "Bearer secret" {
			t.Errorf("Authorization: %q", r.Header.Get("Authorization"))
		}
		http.Error(w, `{"detail":"no"}`, http.StatusConflict)
	}))
	defer server.Close()
	c := &client{api: server.URL, token: "secret", http: server.Client()}
	err := c.doJSON(t.Context(), "PUT", jobPath, map[string]string{"a": "b"}, nil)
	var r *refusal
	if !errors.As(err, &r) || r.code != http.StatusConflict || !strings.Contains(err.Error(), `{"detail":"no"}`) {
		t.Errorf("got %v", err)
	}
	if strings.Contains(err.Error(), "secret") {
		t.Errorf("the error tells the token: %v", err)
	}
}

func TestEverythingIsSentOnceInBodiesThatTheIntakeTakes(t *testing.T) {
	const entries = 25_000
	var got, bodies atomic.Int64
	var hiccups atomic.Int64
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body)
		if err != nil {
			t.Error(err)
		}
		if hiccups.Add(1) == 2 {
			w.WriteHeader(http.StatusServiceUnavailable)
			return
		}
		n := int64(strings.Count(string(body), "\n"))
		if len(body) > maxBody || n > maxEntries {
			t.Errorf("a body of %d bytes with %d entries", len(body), n)
		}
		bodies.Add(1)
		got.Add(n)
		w.WriteHeader(http.StatusAccepted)
	}))
	defer server.Close()
	c := &client{api: server.URL, http: server.Client()}
	m := newMeter(io.Discard, false, "", entries, time.Now)
	path := file(t, "sent", "")
	if err := send(t.Context(), c, generated(entries, day()), path, m); err != nil {
		t.Fatal(err)
	}
	written := int64(0)
	for _, err := range lines.Of(path) {
		if err != nil {
			t.Fatal(err)
		}
		written++
	}
	if got.Load() != entries+2 || written != entries+2 || m.done != entries {
		t.Errorf("%d entries taken, %d written, %d counted", got.Load(), written, m.done)
	}
	if n := bodies.Load(); n < 4 || n > 6 {
		t.Errorf("%d bodies", n)
	}
}

func TestSendingEndsAtTheFirstRefusal(t *testing.T) {
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		http.Error(w, "line 3: org_id", http.StatusBadRequest)
	}))
	defer server.Close()
	c := &client{api: server.URL, http: server.Client()}
	m := newMeter(io.Discard, false, "", 0, time.Now)
	err := send(t.Context(), c, generated(200_000, day()), file(t, "sent", ""), m)
	if err == nil || !strings.Contains(err.Error(), "answered 400: line 3: org_id") {
		t.Errorf("got %v", err)
	}
}
