package egress

import (
	"errors"
	"io"
	"sync"
)

// errReturned is what a request's body says after its Post is over.
var errReturned = errors.New("the POST is over: its body was given back")

// loan is a body that is the caller's again when Post returns. Without it net/http might still be sending from it then: it hands
// out an answer as soon as one is there, however much of the request is still to be written.
type loan struct {
	mu   sync.Mutex
	body []byte
	over bool
}

// end waits for a Read at work; there is none that reads the body after it.
func (l *loan) end() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.body, l.over = nil, true
}

// reader reads the body from its start.
func (l *loan) reader() io.ReadCloser { return &loanReader{from: l} }

type loanReader struct {
	from *loan
	at   int
}

// Read copies under the lock. It is memory only, so end never waits for the network.
func (r *loanReader) Read(p []byte) (int, error) {
	r.from.mu.Lock()
	defer r.from.mu.Unlock()
	switch {
	case r.from.over:
		return 0, errReturned
	case r.at >= len(r.from.body):
		return 0, io.EOF
	}
	n := copy(p, r.from.body[r.at:])
	r.at += n
	return n, nil
}

func (r *loanReader) Close() error { return nil }
