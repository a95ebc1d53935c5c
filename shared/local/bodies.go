package local

import (
	"context"
	"errors"
	"io"
	"net/http"
	"runtime"

	"reprise/shared/api"
)

const (
	// maxComing is how many requests may be waiting for the rest of their bodies. They are not counted among maxInFlight:
	// a thousand producers on slow lines, or somebody who sends nothing, must not keep everybody else out for answerTime.
	maxComing = 4000
	// maxWaiting is how many bytes of bodies may be here, whole or in part: eight of the longest, four of one caller (share).
	maxWaiting = 32 << 20
	// freeBody is what of each body does not count: whoever asks for a replay is let in however much the producers send.
	// All of maxComing together take another 32 MiB so.
	freeBody = 8 << 10
)

// desks is how many bodies longer than freeBody, or encoded, may be worked on at once: two for each processor, since half of
// them wait for the disk. A body of 4 MiB takes some 20 MiB while it is decoded, parsed, signed and packed, so more
// processors take more memory: the figures in the README and in the test of crowds are of two.
func desks() int { return min(max(4, 2*runtime.GOMAXPROCS(0)), 16) }

// bounds keeps the memory that requests take within limits. On AWS a function has one request at a time, and the gateway
// holds the bodies that are on their way: here one process does both.
//
// A place in flight and a desk are held by who works, which ends by itself. A place on the way and the bytes of a body are
// held for as long as a sender likes, up to answerTime: these are shares.
type bounds struct {
	inFlight, desks chan struct{}
	coming, waiting *share // bodies, bytes
}

func newBounds(inFlight, coming, desks int) *bounds {
	return &bounds{make(chan struct{}, inFlight), make(chan struct{}, desks), newShare(int64(coming)), newShare(maxWaiting)}
}

// limit lets h answer within the bounds; one request too many goes to busy.
func (b *bounds) limit(h, busy http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		ctx, cancel := context.WithTimeout(r.Context(), answerTime)
		defer cancel()
		r = r.WithContext(ctx)
		body := &body{from: r.Body, bounds: b, ctx: ctx, of: api.Caller(r.Header), encoded: r.Header.Get("Content-Encoding") != ""}
		if !body.take(b.inFlight) {
			busy.ServeHTTP(w, r)
			return
		}
		defer body.end()
		if r.ContentLength != 0 { // -1 where it is not known
			r.Body = body
		}
		h.ServeHTTP(w, r)
	})
}

// body is a request's body that takes no more memory than it may. Its end is told only when there is a desk for the request,
// so that whatever is made of a body is made at a desk: a slow sender holds what it sent, nothing else.
type body struct {
	from    io.ReadCloser
	bounds  *bounds
	ctx     context.Context // of the request
	of      caller
	encoded bool
	held    []chan struct{} // a place in each
	begun   bool
	coming  bool // a place among those is held
	size    int64
	whole   bool
}

// Read gives api.ErrNoRoom where there is no place for more.
func (b *body) Read(p []byte) (int, error) {
	if !b.begun {
		b.begun = true
		b.leave()
		if b.coming = b.bounds.coming.take(b.of, 1); !b.coming {
			return 0, api.ErrNoRoom
		}
	}
	n, err := b.from.Read(p)
	if !b.hold(int64(n)) {
		return 0, api.ErrNoRoom
	}
	if errors.Is(err, io.EOF) && !b.whole {
		b.whole = true
		if refused := b.sit(); refused != nil {
			return 0, refused
		}
	}
	return n, err
}

func (b *body) Close() error { return b.from.Close() }

// hold counts n bytes more, or none where that is too many.
func (b *body) hold(n int64) bool {
	before := b.counted()
	b.size += n
	more := b.counted() - before
	if more > 0 && !b.bounds.waiting.take(b.of, more) {
		b.size -= n
		return false
	}
	return true
}

// counted is how much of the body counts.
func (b *body) counted() int64 { return max(0, b.size-freeBody) }

// sit waits for a desk, where the body is one that needs it.
func (b *body) sit() error {
	b.leave()
	if !b.take(b.bounds.inFlight) {
		return api.ErrNoRoom
	}
	if b.size <= freeBody && !b.encoded {
		return nil
	}
	select {
	case b.bounds.desks <- struct{}{}:
		b.held = append(b.held, b.bounds.desks)
		return nil
	case <-b.ctx.Done():
		return b.ctx.Err()
	}
}

// take takes a place if there is one.
func (b *body) take(places chan struct{}) bool {
	select {
	case places <- struct{}{}:
		b.held = append(b.held, places)
		return true
	default:
		return false
	}
}

// leave gives back every place.
func (b *body) leave() {
	for _, places := range b.held {
		<-places
	}
	b.held = b.held[:0]
	if b.coming {
		b.bounds.coming.give(b.of, 1)
		b.coming = false
	}
}

// end gives back everything; what was made of the body is garbage by then.
func (b *body) end() {
	b.leave()
	b.bounds.waiting.give(b.of, b.counted())
}
