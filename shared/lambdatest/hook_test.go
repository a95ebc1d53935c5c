package lambdatest

import (
	"bytes"
	"context"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"reprise/shared/receiver"
)

// hook is the organizations' webhook, one path each: a receiver that checks what it gets.
type hook struct {
	checker *receiver.Receiver
	url     string
	hold    chan struct{}         // a batch waits until it is closed; nil: none waits
	before  func(context.Context) // called before a batch is taken; may be nil
	slow    time.Duration         // a batch is answered so long after it was taken

	taken atomic.Int32 // batches whose sender does not know it yet
	aims  sync.RWMutex // who has it keeps them from knowing

	mu   sync.Mutex
	orgs map[string]*ledger
}

// newHook is one that checks signatures against the keys that the API publishes.
func newHook(t *testing.T, api string) *hook {
	h := &hook{
		checker: receiver.New(receiver.Options{Keys: receiver.JWKS{URL: api + jwksPath}.Keys, Authorization: "Bearer hook"}),
		orgs:    make(map[string]*ledger),
	}
	server := httptest.NewServer(h)
	t.Cleanup(server.Close)
	h.url = server.URL
	return h
}

func (h *hook) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(r.Body)
	if err != nil {
		return // a sender that was killed
	}
	if h.hold != nil {
		<-h.hold
	}
	if h.before != nil {
		h.before(r.Context())
	}
	h.mu.Lock()
	l := h.orgs[strings.TrimPrefix(r.URL.Path, "/")]
	h.mu.Unlock()
	r.Body = io.NopCloser(bytes.NewReader(body))
	answer := httptest.NewRecorder()
	h.checker.ServeHTTP(answer, r)
	if answer.Code == http.StatusOK && l != nil {
		lines, _ := receiver.Lines(body) // they were taken
		l.took(r.Header.Get("Reprise-Job"), r.Header.Get("Webhook-Id"), lines)
	}
	h.taken.Add(1)
	<-time.After(h.slow)
	h.aims.RLock()
	h.taken.Add(-1)
	h.aims.RUnlock()
	w.WriteHeader(answer.Code)
}
