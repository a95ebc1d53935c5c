package main

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"io"
	"net"
	"net/http"
	"strconv"
	"sync/atomic"

	"golang.org/x/sync/errgroup"
)

// raw is the role of the raw client: it posts bodies that it has in memory, one after the other on each of its connections, and
// any of them takes the next. It does so as anybody would, by net/http; or lean, which writes and reads the connection itself, a
// header and a body in one system call: less than that nobody can do who posts the same bytes.
func raw(ctx context.Context, args []string, out io.Writer) error {
	flags := flag.NewFlagSet("raw", flag.ContinueOnError)
	to := flags.String("to", "", "the receiver's address")
	file := flags.String("bodies", "", "the file of the bodies")
	lean := flags.Bool("lean", false, "without net/http")
	if err := flags.Parse(args); err != nil {
		return err
	}
	bodies, err := readBodies(*file)
	if err != nil {
		return err
	}
	dial := dialPlain
	if *lean {
		dial = dialLean
	}
	var next, entries, sent atomic.Int64
	r, err := clocked(func() error {
		posts, ctx := errgroup.WithContext(ctx)
		for range lanes {
			posts.Go(func() error {
				c, err := dial(ctx, *to)
				if err != nil {
					return err
				}
				defer c.Close()
				for i := next.Add(1) - 1; i < int64(len(bodies)); i = next.Add(1) - 1 {
					if err := c.post(ctx, bodies[i]); err != nil {
						return err
					}
					entries.Add(bodies[i].entries)
					sent.Add(int64(len(bodies[i].bytes)))
				}
				return nil
			})
		}
		return posts.Wait()
	})
	if err != nil {
		return err
	}
	r.Entries, r.Bytes = entries.Load(), sent.Load()
	return json.NewEncoder(out).Encode(r)
}

// A poster is one connection.
type poster interface {
	post(context.Context, body) error
	Close() error
}

// headers are those of a replay (CONTRACT.md §4).
func headers(b body) http.Header {
	return http.Header{
		"Authorization": {authorization}, "Content-Type": {"text/plain; charset=utf-8"}, "Content-Encoding": {"gzip"},
		"User-Agent": {"reprise/bench"}, "Webhook-Id": {"0123456789abcdef0123456789abcdef"}, "Webhook-Timestamp": {"1700000000"},
		"Reprise-Delivery": {"replay"}, "Reprise-Job": {"01M83X5V73DT44JHG46Y3G47F6"}, "Reprise-Region": {home().Region},
		"Reprise-Attempt": {"1"}, "Reprise-Entries": {strconv.FormatInt(b.entries, 10)},
	}
}

// plainConn posts by net/http, with its settings as they are.
type plainConn struct {
	http.Transport
	to string
}

func dialPlain(_ context.Context, to string) (poster, error) { return &plainConn{to: to}, nil }

func (c *plainConn) post(ctx context.Context, b body) error {
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, "http://"+c.to+"/", bytes.NewReader(b.bytes))
	if err != nil {
		return err
	}
	req.Header = headers(b)
	resp, err := c.RoundTrip(req)
	if err != nil {
		return err
	}
	return answered(resp)
}

func (c *plainConn) Close() error {
	c.CloseIdleConnections()
	return nil
}

// answered reads an answer to its end.
func answered(resp *http.Response) error {
	defer resp.Body.Close()
	_, err := io.Copy(io.Discard, resp.Body)
	if err == nil && resp.StatusCode != http.StatusOK {
		err = fmt.Errorf("answered %s", resp.Status)
	}
	return err
}

// leanConn posts without net/http.
type leanConn struct {
	net.Conn
	answers *bufio.Reader
	head    bytes.Buffer
}

func dialLean(ctx context.Context, to string) (poster, error) {
	conn, err := new(net.Dialer).DialContext(ctx, "tcp", to)
	if err != nil {
		return nil, err
	}
	return &leanConn{Conn: conn, answers: bufio.NewReader(conn)}, nil
}

func (c *leanConn) post(_ context.Context, b body) error {
	c.head.Reset()
	fmt.Fprintf(&c.head, "POST / HTTP/1.1\r\nHost: %s\r\nContent-Length: %d\r\n", c.RemoteAddr(), len(b.bytes))
	if err := headers(b).Write(&c.head); err != nil {
		return err
	}
	c.head.WriteString("\r\n")
	both := net.Buffers{c.head.Bytes(), b.bytes}
	if _, err := both.WriteTo(c.Conn); err != nil {
		return err
	}
	resp, err := http.ReadResponse(c.answers, nil)
	if err != nil {
		return err
	}
	return answered(resp)
}
