package demo

import (
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"reprise/cmd/reprise/client"
	"reprise/cmd/reprise/lines"
	"reprise/cmd/reprise/meter"
)

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
		if len(body) > client.MaxBody || n > client.MaxEntries {
			t.Errorf("a body of %d bytes with %d entries", len(body), n)
		}
		bodies.Add(1)
		got.Add(n)
		w.WriteHeader(http.StatusAccepted)
		_, _ = fmt.Fprintf(w, `{"accepted":%d}`, n)
	}))
	defer server.Close()
	c := client.New(client.Config{API: server.URL, Now: time.Now})
	m := meter.New(io.Discard, false, "", entries, time.Now)
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
	if got.Load() != entries+2 || written != entries+2 || m.Done() != entries {
		t.Errorf("%d entries taken, %d written, %d counted", got.Load(), written, m.Done())
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
	c := client.New(client.Config{API: server.URL, Now: time.Now})
	m := meter.New(io.Discard, false, "", 0, time.Now)
	err := send(t.Context(), c, generated(200_000, day()), file(t, "sent", ""), m)
	if err == nil || !strings.Contains(err.Error(), "answered 400 Bad Request: line 3: org_id") {
		t.Errorf("got %v", err)
	}
}
