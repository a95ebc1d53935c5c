package local

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/iotest"
	"time"

	"reprise/shared/api"
)

// taker reads its request's body and tells how that ended; then it works until it may go on.
type taker struct {
	read chan error
	goOn chan struct{}
}

func newTaker() taker { return taker{make(chan error, 10), make(chan struct{})} }

func (h taker) ServeHTTP(_ http.ResponseWriter, r *http.Request) {
	_, err := io.Copy(io.Discard, r.Body)
	h.read <- err
	<-h.goOn
}

// ended is how the reading of a body ended, whosever comes next.
func (h taker) ended(t *testing.T) error {
	t.Helper()
	select {
	case err := <-h.read:
		return err
	case <-time.After(10 * time.Second):
		t.Fatal("nobody read a body to its end")
		return nil
	}
}

// post has h answer a request with that body, and closes the channel it returns when that is done.
func post(h http.Handler, body io.Reader, edit func(*http.Request)) <-chan struct{} {
	r := httptest.NewRequest("POST", "/", io.NopCloser(body)) // its length is not known
	if edit != nil {
		edit(r)
	}
	done := make(chan struct{})
	go func() {
		defer close(done)
		h.ServeHTTP(httptest.NewRecorder(), r)
	}()
	return done
}

// started has h answer a request of which that has come; the rest is written by the test.
func started(h http.Handler, come []byte, edit func(*http.Request)) (rest *io.PipeWriter, done <-chan struct{}) {
	body, rest := io.Pipe()
	done = post(h, body, edit)
	_, _ = rest.Write(come)
	_, _ = rest.Write(nil) // it was counted, once more is read
	return rest, done
}

// as has a request bear that token.
func as(token string) func(*http.Request) {
	return func(r *http.Request) { r.Header.Set("Authorization", "Bearer "+token) }
}

func refused(t *testing.T, h http.Handler) bool {
	t.Helper()
	w := httptest.NewRecorder()
	h.ServeHTTP(w, httptest.NewRequest("GET", "/", nil))
	return w.Code == 429
}

func busy(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(429) }

func long() io.Reader { return strings.NewReader(strings.Repeat("x", freeBody+1)) }

func TestWhoWaitsForABodyKeepsNobodyOut(t *testing.T) {
	h := newTaker()
	b := newBounds(1, 4, 1)
	limited := b.limit(h, http.HandlerFunc(busy))
	end, first := started(limited, []byte("x"), nil)
	second := post(limited, strings.NewReader("x"), nil)
	if err := h.ended(t); err != nil {
		t.Error("beside a slow one:", err)
	}
	if !refused(t, limited) {
		t.Error("the only place is taken, by one whose body is here")
	}
	_ = end.Close()
	if err := h.ended(t); !errors.Is(err, api.ErrNoRoom) {
		t.Error("its body is here, but there is no place for it:", err)
	}
	close(h.goOn)
	<-first
	<-second
	b.mustBeEmpty(t)
}

func TestOnlySoManyMayWaitForTheirBodies(t *testing.T) {
	h := newTaker()
	b := newBounds(10, 2, 1) // one of which stays free
	limited := b.limit(h, http.HandlerFunc(busy))
	end, first := started(limited, []byte("x"), nil)
	second := post(limited, strings.NewReader("x"), as("another"))
	if err := h.ended(t); !errors.Is(err, api.ErrNoRoom) {
		t.Error(err)
	}
	_ = end.Close()
	if err := h.ended(t); err != nil {
		t.Error(err)
	}
	close(h.goOn)
	<-first
	<-second
	b.mustBeEmpty(t)
}

func TestOnlyAShortPlainBodyIsWorkedOnWithoutADesk(t *testing.T) {
	h := newTaker()
	b := newBounds(10, 10, 1)
	limited := b.limit(h, http.HandlerFunc(busy))
	all := []<-chan struct{}{post(limited, long(), nil)}
	if err := h.ended(t); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	wait := func(r *http.Request) { *r = *r.WithContext(ctx) }
	all = append(all, post(limited, long(), wait), post(limited, strings.NewReader("x"), func(r *http.Request) {
		wait(r)
		r.Header.Set("Content-Encoding", "gzip")
	}))
	all = append(all, post(limited, strings.NewReader(strings.Repeat("x", freeBody)), nil))
	if err := h.ended(t); err != nil {
		t.Error("a short one waits, too:", err)
	}
	cancel()
	for range 2 {
		if err := h.ended(t); !errors.Is(err, context.Canceled) {
			t.Error("it had a desk, or something else:", err)
		}
	}
	close(h.goOn)
	for _, done := range all {
		<-done
	}
	b.mustBeEmpty(t)
}

func TestBodiesTakeOnlySoMuchMemoryWhileTheyAreOnTheirWay(t *testing.T) {
	h := newTaker()
	b := newBounds(10, 10, 10)
	limited := b.limit(h, http.HandlerFunc(busy))
	end, first := started(limited, make([]byte, freeBody+maxWaiting/2-1), as("first"))
	second := post(limited, long(), as("first"))
	if err := h.ended(t); err != nil {
		t.Error("the last byte of one's half:", err)
	}
	third := post(limited, long(), as("first"))
	if err := h.ended(t); !errors.Is(err, api.ErrNoRoom) {
		t.Error("a byte too many:", err)
	}
	short := post(limited, strings.NewReader(strings.Repeat("x", freeBody)), as("first"))
	if err := h.ended(t); err != nil {
		t.Error("a short one:", err)
	}
	other := post(limited, bytes.NewReader(make([]byte, maxWaiting/4)), as("other"))
	if err := h.ended(t); err != nil {
		t.Error("another's:", err)
	}
	_, _ = end.Write([]byte("x"))
	if err := h.ended(t); !errors.Is(err, api.ErrNoRoom) {
		t.Error("another byte of the first:", err)
	}
	close(h.goOn)
	for _, done := range []<-chan struct{}{first, second, third, short, other} {
		<-done
	}
	b.mustBeEmpty(t)
}

func TestABodyThatBreaksGivesItsPlaceBack(t *testing.T) {
	h := newTaker()
	close(h.goOn)
	b := newBounds(1, 2, 1)
	broken := errors.New("broken")
	<-post(b.limit(h, http.HandlerFunc(busy)), io.MultiReader(long(), iotest.ErrReader(broken)), nil)
	if err := h.ended(t); !errors.Is(err, broken) {
		t.Error(err)
	}
	b.mustBeEmpty(t)
}

func (b *bounds) mustBeEmpty(t *testing.T) {
	t.Helper()
	if n := len(b.inFlight) + len(b.desks); n > 0 {
		t.Errorf("%d places were not given back", n)
	}
	if len(b.coming.held)+len(b.waiting.held) > 0 || b.waiting.free != maxWaiting {
		t.Errorf("not given back: places on the way %v, bytes %v", b.coming.held, b.waiting.held)
	}
}

// The tests of the bounds have smaller ones.
func TestTheBoundsAreTheContracts(t *testing.T) {
	if got := [4]int{maxInFlight, maxComing, maxWaiting, freeBody}; got != [4]int{1000, 4000, 33_554_432, 8192} {
		t.Errorf("%v", got)
	}
}
