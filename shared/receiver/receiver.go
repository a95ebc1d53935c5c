// Package receiver is a webhook that checks what it gets.
package receiver

import (
	"context"
	"crypto/subtle"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"sync"
	"time"

	"reprise/shared/auditlog"
)

// Options is how a Receiver behaves. The zero Options takes everything, checks no signature, keeps no entry.
type Options struct {
	// Keys gives what signatures are checked against, such as JWKS.Keys; nil: they are not checked. It is called at the first
	// batch, then when a signature does not verify, but not again for 5 s.
	Keys func(context.Context) ([]auditlog.PublicKey, error)
	// Out gets each entry as one line. A batch is one Write, made before its 2xx: what was acknowledged is there. Nil: nowhere.
	Out io.Writer
	// Authorization is what a POST must bring, else 401. Empty: anything.
	Authorization string
	// Delay is how long a batch waits before it is taken; a sender that leaves meanwhile leaves nothing behind.
	Delay time.Duration
	// First are the answers to the first batches, one each, before Answer applies. ParseAnswers reads both from text.
	First []int
	// Answer is the status of every answer to a well-formed batch; 0 is 200. Any but a 2xx takes nothing.
	Answer int
	// Break is what goes wrong with one entry; the zero Break is nothing.
	Break Break
	// Now is the clock of the Summary's times and of how often Keys is called; nil: time.Now.
	Now func() time.Time
}

// Receiver is an http.Handler: a POST of any path is a batch, GET / answers the Summary as JSON, GET /healthz says ok.
// It is for any number of requests at once: signatures are checked beside each other, batches taken one after the other.
// It remembers 16 bytes of every entry.
type Receiver struct {
	o    Options
	keys *keyring
	mux  *http.ServeMux

	mu      sync.Mutex // for what is below, and for Out
	summary Summary
	seen    map[mark]struct{} // lines
	ids     map[mark]struct{} // Webhook-Ids
	turn    int               // the next of Options.First
	broken  bool              // Options.Break has been done
}

// New makes a Receiver.
func New(o Options) *Receiver {
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.Answer == 0 {
		o.Answer = http.StatusOK
	}
	r := &Receiver{
		o: o, keys: &keyring{fetch: o.Keys, now: o.Now}, mux: http.NewServeMux(),
		seen: make(map[mark]struct{}), ids: make(map[mark]struct{}),
	}
	r.mux.HandleFunc("POST /", r.post)
	r.mux.HandleFunc("GET /{$}", r.show)
	r.mux.HandleFunc("GET /healthz", func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, "ok\n") })
	return r
}

func (r *Receiver) ServeHTTP(w http.ResponseWriter, req *http.Request) { r.mux.ServeHTTP(w, req) }

func (r *Receiver) show(w http.ResponseWriter, _ *http.Request) {
	w.Header().Set("Content-Type", "application/json")
	_ = json.NewEncoder(w).Encode(r.Summary())
}

// post takes one batch. The body is read first: only then does the server notice that a sender has left.
func (r *Receiver) post(w http.ResponseWriter, req *http.Request) {
	if want := r.o.Authorization; want != "" && subtle.ConstantTimeCompare([]byte(want), []byte(req.Header.Get("Authorization"))) == 0 {
		r.count(func(s *Summary) { s.Unauthorized++ })
		http.Error(w, "another authorization was expected", http.StatusUnauthorized)
		return
	}
	b, err := read(w, req)
	if err != nil {
		r.count(func(s *Summary) { s.BadBatches++; s.wrong(nil, err.Error()) })
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	if !wait(req.Context(), r.o.Delay) {
		http.Error(w, errLeft.Error(), http.StatusServiceUnavailable)
		return
	}
	code := r.answer()
	if code/100 != 2 {
		r.count(func(s *Summary) { s.Refused++ })
		http.Error(w, http.StatusText(code), code)
		return
	}
	switch err := r.take(req.Context(), b); {
	case errors.Is(err, errLeft):
		http.Error(w, err.Error(), http.StatusServiceUnavailable)
	case err != nil:
		r.count(func(s *Summary) { s.Refused++; s.wrong(nil, err.Error()) })
		http.Error(w, err.Error(), http.StatusServiceUnavailable)
	default:
		w.WriteHeader(code)
	}
}

// errLeft is for a sender that did not wait for its answer. It gets none, so nothing of its batch may be kept.
var errLeft = errors.New("the sender has left")

// wait reports whether the sender is still there after d.
func wait(ctx context.Context, d time.Duration) bool {
	if d > 0 {
		timer := time.NewTimer(d)
		defer timer.Stop()
		select {
		case <-timer.C:
		case <-ctx.Done():
		}
	}
	return ctx.Err() == nil
}

// answer is the status that the next batch gets.
func (r *Receiver) answer() int {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.turn < len(r.o.First) {
		r.turn++
		return r.o.First[r.turn-1]
	}
	return r.o.Answer
}

// take checks every line, then keeps and counts them. Where it fails nothing is counted and the sender sends all of it again;
// Out may then hold a part.
func (r *Receiver) take(ctx context.Context, b batch) error {
	lines, err := r.check(ctx, b.lines)
	if err != nil {
		return err
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if ctx.Err() != nil {
		return errLeft
	}
	text := b.text
	if r.o.Break != "" && !r.broken {
		if changed, was, ok := r.spoil(ctx, lines); ok {
			lines, text, r.broken, r.summary.Broken = changed, joined(changed), true, string(was)
		}
	}
	if r.o.Out != nil && len(text) > 0 {
		if _, err := r.o.Out.Write(text); err != nil {
			return errors.Join(errors.New("keeping the entries failed"), err)
		}
	}
	r.add(b.id, lines)
	return nil
}
