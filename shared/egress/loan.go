package egress

import (
	"context"
	"errors"
	"io"
	"net"
)

// errReturned is what a request's body says after its Post is over.
var errReturned = errors.New("the POST is over: its body was given back")

// loan is a body that is the caller's again when Post returns. Without it net/http might still be sending from it then: it hands
// out an answer as soon as one is there, however much of the request is still to be written.
type loan struct {
	turn chan struct{} // holds a token while somebody reads the body; no mutex, so that a test's clock goes on while end waits
	body []byte
	over bool
}

func lend(body []byte) *loan { return &loan{turn: make(chan struct{}, 1), body: body} }

// end waits for a reader at work; there is none that reads the body after it. Post calls it when net/http has closed the
// connection or is about to, which ends a write at once: on an error of any kind before it returns that, and where an answer
// came before all was written 50 ms after the answer was read to its end or closed (its maxWriteWaitBeforeConnReuse).
func (l *loan) end() {
	l.turn <- struct{}{}
	l.body, l.over = nil, true
	<-l.turn
}

// reader reads the body from its start.
func (l *loan) reader() io.ReadCloser { return &loanReader{from: l} }

type loanReader struct {
	from *loan
	at   int
}

// Read copies, for connections that cannot take what is lent: TLS, and the first piece that goes with the header.
func (r *loanReader) Read(p []byte) (n int, err error) {
	return r.next(len(p), func(rest []byte) (int, error) { return copy(p, rest), nil })
}

// next lends use the bytes from the cursor on, most of them at most.
func (r *loanReader) next(most int, use func(rest []byte) (int, error)) (n int, err error) {
	r.from.turn <- struct{}{}
	defer func() { <-r.from.turn }()
	rest := r.from.body[min(r.at, len(r.from.body)):]
	switch {
	case r.from.over:
		return 0, errReturned
	case len(rest) == 0:
		return 0, io.EOF
	}
	n, err = use(rest[:min(most, len(rest))])
	r.at += n
	return n, err
}

func (r *loanReader) Close() error { return nil }

// plain is a connection that writes all that is left of a body at once, from where it lies: io.Copy would copy it by a buffer of
// 32 KiB, made for each request. TLS does not come by its ReadFrom: it writes what it made of the body.
type plain struct{ net.Conn }

// plainly is dial with such connections.
func plainly(dial func(ctx context.Context, network, address string) (net.Conn, error)) func(context.Context, string, string) (net.Conn, error) {
	return func(ctx context.Context, network, address string) (net.Conn, error) {
		conn, err := dial(ctx, network, address)
		if err != nil {
			return nil, err
		}
		return plain{conn}, nil
	}
}

// ReadFrom is what net/http's io.Copy calls, with a reader of what is to be sent of the body.
func (c plain) ReadFrom(r io.Reader) (int64, error) {
	limited, _ := r.(*io.LimitedReader)
	if limited == nil {
		return io.Copy(struct{ io.Writer }{c.Conn}, r)
	}
	body, ok := limited.R.(*loanReader)
	if !ok { // another version of net/http
		return io.Copy(struct{ io.Writer }{c.Conn}, r)
	}
	n, err := body.next(int(limited.N), c.Write)
	limited.N -= int64(n)
	if err == io.EOF {
		err = nil
	}
	return int64(n), err
}
