package crashtest

import (
	"bytes"
	"io"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"

	"reprise/shared/receiver"
)

// hook is the organizations' webhook, one path each: a receiver that checks what it gets, and has its moods. While
// moody it fails a fifth of the batches, but none more than twice, however often it is sent again because the process was
// killed before it could note that it was taken: so no wait is longer than 15 s.
type hook struct {
	checker *receiver.Receiver
	came    func(org, job string) // a batch arrived
	took    func(org, job, id string, lines [][]byte)

	mu      sync.Mutex
	random  *rand.Rand
	well    chan struct{} // closed once nothing fails any more
	failed  map[string]int
	posts   int // while moody
	refused int // of these
	working int // requests in hand
}

// fate is what becomes of one batch.
type fate int

const (
	taken    fate = iota
	busy          // 503
	slammed       // the connection is closed, nothing is taken
	lost          // it is taken, the connection closed
	silenced      // it is taken, nobody answers
)

func (h *hook) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(r.Body)
	if err != nil {
		return // a sender that was killed
	}
	org, job, id := strings.TrimPrefix(r.URL.Path, "/"), r.Header.Get("Reprise-Job"), r.Header.Get("Webhook-Id")
	h.came(org, job)
	fate := h.draw(id)
	defer h.leave()
	switch fate {
	case busy:
		w.WriteHeader(http.StatusServiceUnavailable)
		return
	case slammed:
		panic(http.ErrAbortHandler)
	}
	r.Body = io.NopCloser(bytes.NewReader(body))
	answer := httptest.NewRecorder()
	h.checker.ServeHTTP(answer, r)
	if answer.Code == http.StatusOK {
		lines, _ := receiver.Lines(body) // they were taken
		h.took(org, job, id, lines)
	}
	switch fate {
	case lost:
		panic(http.ErrAbortHandler)
	case silenced:
		select {
		case <-h.well:
		case <-r.Context().Done():
		}
	}
	w.WriteHeader(answer.Code)
}

func (h *hook) draw(id string) fate {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.working++
	select {
	case <-h.well:
		return taken
	default:
	}
	h.posts++
	if h.random.Float64() >= 0.2 || h.failed[id] == 2 {
		return taken
	}
	h.failed[id]++
	h.refused++
	return []fate{busy, busy, slammed, lost, silenced}[h.random.IntN(5)]
}

func (h *hook) leave() {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.working--
}

func (h *hook) busy() bool {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.working > 0
}
