// Package receiver is a webhook that checks what it gets.
package receiver

import (
	"context"
	"crypto/subtle"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
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
	// Forward is called with each batch that would be taken, as it came, before anything of it is kept: its answer is that to
	// the sender, and only a 2xx lets the batch be taken. An error is answered 502, or 504 where its Timeout says so, with no
	// word of it. A batch whose 2xx did not reach its sender comes again, under the same Webhook-Id, and is forwarded again.
	// Nil: nowhere.
	Forward func(context.Context, http.Header, []byte) (Reply, error)
	// Complain hears why a batch is not taken, or what is wrong with lines that are: of how many it is. It must not block, and
	// may be called from several goroutines. A status that First, Answer and Forward give is no reason to complain but for
	// Forward's own errors. Nil: nobody hears.
	Complain func(why string, n int)
	// Break is what goes wrong with one entry; the zero Break is nothing.
	Break Break
	// Now is the clock of the Summary's times and of how often Keys is called; nil: time.Now.
	Now func() time.Time
}

// Reply is what the one behind Options.Forward answered.
type Reply struct {
	Code   int
	Header http.Header // passed on as it is
	Body   []byte
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
	if o.Complain == nil {
		o.Complain = func(string, int) {}
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
		r.o.Complain("another authorization was expected", 1)
		http.Error(w, "another authorization was expected", http.StatusUnauthorized)
		return
	}
	b, err := read(w, req)
	if err != nil {
		r.count(func(s *Summary) { s.BadBatches++; s.wrong(nil, err.Error()) })
		r.o.Complain(err.Error(), 1)
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
	switch reply, err := r.take(req.Context(), req.Header, b); {
	case errors.Is(err, errLeft):
		http.Error(w, err.Error(), http.StatusServiceUnavailable)
	case err != nil:
		r.count(func(s *Summary) { s.Refused++; s.wrong(nil, err.Error()) })
		r.o.Complain(err.Error(), 1)
		http.Error(w, err.Error(), http.StatusServiceUnavailable)
	case reply.Code == 0:
		w.WriteHeader(code)
	default:
		if reply.Code/100 != 2 {
			r.count(func(s *Summary) { s.Refused++ })
		}
		maps.Copy(w.Header(), reply.Header)
		w.WriteHeader(reply.Code)
		_, _ = w.Write(reply.Body)
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
// Out may then hold a part. The reply is that of Options.Forward, if there is one.
func (r *Receiver) take(ctx context.Context, header http.Header, b batch) (Reply, error) {
	lines, err := r.check(ctx, b.lines)
	if err != nil {
		return Reply{}, err
	}
	if r.o.Forward == nil {
		return Reply{}, r.keep(ctx, b, lines)
	}
	reply, err := r.forward(ctx, header, b)
	if err == nil && reply.Code/100 == 2 {
		err = r.keep(ctx, b, lines)
	}
	return reply, err
}

// forward has the next one take a batch.
func (r *Receiver) forward(ctx context.Context, header http.Header, b batch) (Reply, error) {
	reply, err := r.o.Forward(ctx, header, b.body)
	var slow interface{ Timeout() bool }
	switch {
	case ctx.Err() != nil:
		return Reply{}, errLeft
	case err == nil && reply.Code >= 200 && reply.Code < 600:
		return reply, nil
	case err == nil: // to pass it on would be to make one up, 000 even a 200
		err = fmt.Errorf("forwarding: the answer has the status %03d, which is none", reply.Code)
		reply = Reply{Code: http.StatusBadGateway}
	case errors.As(err, &slow) && slow.Timeout():
		reply = Reply{Code: http.StatusGatewayTimeout}
	default:
		reply = Reply{Code: http.StatusBadGateway}
	}
	r.o.Complain(err.Error(), 1)
	return reply, nil
}

// keep counts a batch's lines once they are in Out.
func (r *Receiver) keep(ctx context.Context, b batch, lines []line) error {
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
