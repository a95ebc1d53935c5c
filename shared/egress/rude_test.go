package egress

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"reprise/shared/webhook"
)

func newReader(r io.Reader) *bufio.Reader { return bufio.NewReader(r) }

const okHeader = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n"

// rude is a receiver that is not as receivers should be, then the answer that comes of it.
type rude struct {
	story string
	do    func(net.Conn)
	code  int
	want  string // of the message
}

func rudeReceivers() []rude {
	return []rude{
		{"closes at once", func(net.Conn) {}, 0, "connection"},
		{"reads, then closes", func(conn net.Conn) { takeRequest(conn) }, 0, "the connection was closed before an answer came"},
		{"resets", func(conn net.Conn) {
			takeRequest(conn)
			_ = conn.(*net.TCPConn).SetLinger(0)
		}, 0, "connection reset by peer"},
		{"speaks something else", func(conn net.Conn) {
			takeRequest(conn)
			_, _ = io.WriteString(conn, "220 mail.example.com; you said "+secret+"\r\n")
		}, 0, "malformed HTTP"},
		{"repeats, in no HTTP", func(conn net.Conn) {
			takeRequest(conn)
			_, _ = io.WriteString(conn, "you-said:5up3r/Secret+Tok3n==\r\n")
		}, 0, `malformed HTTP response "you-said:***"`},
		{"repeats escaped, in no HTTP", func(conn net.Conn) {
			takeRequest(conn)
			_, _ = io.WriteString(conn, "you-said:"+url.QueryEscape(secret)+"\r\n")
		}, 0, "no answer that may be shown"},
		{"breaks off in the header", func(conn net.Conn) {
			takeRequest(conn)
			_, _ = io.WriteString(conn, "HTTP/1.1 200 OK\r\nContent-")
		}, 0, "malformed MIME header"},
		{"breaks off in the body", func(conn net.Conn) {
			takeRequest(conn)
			_, _ = io.WriteString(conn, okHeader+"o")
		}, 200, "OK: o"},
		{"says no end of header", func(conn net.Conn) {
			takeRequest(conn)
			_, err := io.WriteString(conn, "HTTP/1.1 200 OK\r\n")
			for i := 0; err == nil; i++ {
				_, err = fmt.Fprintf(conn, "X-%d: %s\r\n", i, strings.Repeat("x", 1000))
			}
		}, 0, "headers exceeded"},
		{"says no end of early hints", func(conn net.Conn) {
			takeRequest(conn)
			var err error
			for err == nil {
				_, err = io.WriteString(conn, "HTTP/1.1 103 Early Hints\r\nLink: <x>\r\n\r\n")
			}
		}, 0, "headers exceeded"},
		{"says no end of body", func(conn net.Conn) {
			takeRequest(conn)
			_, err := io.WriteString(conn, "HTTP/1.1 200 OK\r\n\r\n")
			for err == nil {
				_, err = io.WriteString(conn, strings.Repeat("x", 1000))
			}
		}, 200, "OK: xxx"},
		{"wants another protocol, then waits", func(conn net.Conn) {
			takeRequest(conn)
			_, _ = io.WriteString(conn, "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: x\r\n\r\n")
			_, _ = io.Copy(io.Discard, conn) // until the client leaves
		}, 101, "Switching Protocols"},
	}
}

func TestARudeReceiverIsAnAnswerToo(t *testing.T) {
	for _, c := range rudeReceivers() {
		t.Run(c.story, func(t *testing.T) {
			a := inside(t).Post(t.Context(), to(raw(t, c.do)), batch([]byte("x")))
			if a.Code != c.code || (a.Err == nil) != (c.code > 0) || !strings.Contains(a.Message, c.want) {
				t.Errorf("%d %q, error %v; want %d %q", a.Code, a.Message, a.Err, c.code, c.want)
			}
			if len(a.Message) > maxMessage || strings.Contains(fmt.Sprintf("%+v", a), "5up3r") {
				t.Errorf("%+v", a)
			}
			if a.Err != nil && a.Err.Error() != a.Message {
				t.Errorf("two stories: %v", a.Err)
			}
		})
	}
}

// piped is a Client whose connections end in do, on a clock of the test's own.
func piped(do func(net.Conn)) *Client {
	c := New(Guard{AllowInside: true, AllowHTTP: true}, "1", time.Now)
	c.strict.DialContext = plainly(func(context.Context, string, string) (net.Conn, error) {
		near, far := net.Pipe()
		go func() {
			defer func() { _ = far.Close() }()
			do(far)
		}()
		return near, nil
	})
	return c
}

func TestAPostTakesFifteenSecondsAtMost(t *testing.T) {
	everySecond := func(conn net.Conn, text string) {
		for i := range text {
			if _, err := io.WriteString(conn, text[i:i+1]); err != nil {
				return
			}
			<-time.After(time.Second)
		}
	}
	for _, c := range []struct {
		story string
		do    func(net.Conn)
		code  int
	}{
		{"never reads", func(net.Conn) { <-time.After(time.Minute) }, 0},
		{"never answers", func(conn net.Conn) { takeRequest(conn); <-time.After(time.Minute) }, 0},
		{"reads byte by byte", func(conn net.Conn) {
			for one := make([]byte, 1); ; <-time.After(time.Second) {
				if _, err := conn.Read(one); err != nil {
					return
				}
			}
		}, 0},
		{"answers byte by byte", func(conn net.Conn) { takeRequest(conn); everySecond(conn, okHeader+"ok") }, 0},
		{"says yes, then goes on byte by byte", func(conn net.Conn) {
			takeRequest(conn)
			_, _ = io.WriteString(conn, "HTTP/1.1 200 OK\r\n\r\n")
			everySecond(conn, strings.Repeat("x", 100))
		}, 200},
	} {
		t.Run(c.story, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				client := piped(c.do)
				body := make([]byte, 1<<20) // more than goes with the header
				a := client.Post(t.Context(), to("http://hooks.example.com/"), batch(body))
				clear(body) // it is ours again: the race detector looks
				if a.Took != limit || a.Code != c.code {
					t.Errorf("%+v", a)
				}
				if c.code == 0 && (!errors.Is(a.Err, errTimeout) || a.Message != "no answer within 15 s") {
					t.Errorf("%v, %s", a.Err, a.Message)
				}
				client.Close()
				<-time.After(2 * time.Minute) // until the receiver has ended, too
			})
		})
	}
}

func TestAPostEndsWithItsContext(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	endpoint := raw(t, func(conn net.Conn) {
		takeRequest(conn)
		cancel()
		_, _ = io.Copy(io.Discard, conn)
	})
	a := inside(t).Post(ctx, to(endpoint), batch([]byte("x")))
	if a.Code != 0 || !errors.Is(a.Err, context.Canceled) {
		t.Errorf("%+v", a)
	}
}

func TestTheBodyIsTheCallersAgainAfterAnEarlyAnswer(t *testing.T) {
	// What is proven here is proven by the race detector: net/http is still sending when the answer is there.
	silent := func(conn net.Conn) { // until the client leaves, of which it hears by a write
		for {
			<-time.After(10 * time.Millisecond)
			if _, err := io.WriteString(conn, "x"); err != nil {
				return
			}
		}
	}
	for _, c := range []struct {
		story string
		do    func(net.Conn)
	}{
		{"answers, then closes", func(conn net.Conn) {
			_, _ = http.ReadRequest(newReader(conn))
			_, _ = io.WriteString(conn, "HTTP/1.1 503 Service Unavailable\r\nContent-Length: 0\r\n\r\n")
		}},
		{"answers, then reads on", func(conn net.Conn) {
			_, _ = http.ReadRequest(newReader(conn))
			_, _ = io.WriteString(conn, "HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: close\r\n\r\nok")
			_, _ = io.Copy(io.Discard, conn)
		}},
		{"answers, and reads no more", func(conn net.Conn) {
			_, _ = http.ReadRequest(newReader(conn))
			_, _ = io.WriteString(conn, "HTTP/1.1 503 Service Unavailable\r\nContent-Length: 0\r\n\r\n")
			silent(conn)
		}},
		{"says something, and reads no more", func(conn net.Conn) {
			_, _ = http.ReadRequest(newReader(conn))
			_, _ = io.WriteString(conn, okHeader+"ok")
			silent(conn)
		}},
		{"says more than anybody reads, and reads no more", func(conn net.Conn) {
			_, _ = http.ReadRequest(newReader(conn))
			_, _ = io.WriteString(conn, "HTTP/1.1 400 No\r\nContent-Length: 1000000\r\n\r\n"+strings.Repeat("x", 1_000_000))
			silent(conn)
		}},
		{"resets in the middle", func(conn net.Conn) {
			_, _ = io.CopyN(io.Discard, conn, 100<<10)
			_ = conn.(*net.TCPConn).SetLinger(0)
		}},
		{"closes in the middle", func(conn net.Conn) { _, _ = io.CopyN(io.Discard, conn, 100<<10) }},
	} {
		t.Run(c.story, func(t *testing.T) {
			client, endpoint := inside(t), raw(t, c.do)
			body, next := make([]byte, 8<<20), make([]byte, 8<<20)
			for range 5 {
				a := client.Post(t.Context(), to(endpoint), batch(body))
				copy(body, next)
				if a.Code == 0 && a.Err == nil || a.Took > limit/2 { // its end closes the connection, which ends the sending
					t.Errorf("%+v", a)
				}
			}
		})
	}
}

// answering answers n requests of a connection with 200.
func answering(n int) func(net.Conn) {
	return func(conn net.Conn) {
		buffered := newReader(conn)
		for range n {
			r, err := http.ReadRequest(buffered)
			if err != nil {
				return
			}
			_, _ = io.Copy(io.Discard, r.Body)
			_, _ = io.WriteString(conn, okHeader+"ok")
		}
	}
}

func TestAReceiverThatClosesBetweenBatchesCostsNoAttempt(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		client := piped(answering(1))
		for range 5 {
			if a := client.Post(t.Context(), to("http://hooks.example.com/"), batch([]byte("x"))); a.Code != 200 {
				t.Errorf("%+v", a)
			}
			synctest.Wait() // the close has arrived
		}
		client.Close()
	})
}

// dying is a connection that from some moment on lets through no more than a few bytes.
type dying struct {
	net.Conn
	dead  atomic.Bool
	bytes int
}

func (d *dying) Write(p []byte) (int, error) {
	if !d.dead.Load() {
		return d.Conn.Write(p)
	}
	n, _ := d.Conn.Write(p[:d.bytes])
	return n, syscall.EPIPE
}

func TestOnlyARequestOfWhichNothingWasWrittenIsRepeated(t *testing.T) {
	for _, c := range []struct {
		story   string
		bytes   int
		dialled int64
		ok      bool
	}{
		{"nothing was written", 0, 2, true},
		{"something was written", 1, 1, false},
	} {
		t.Run(c.story, func(t *testing.T) {
			client := piped(answering(2))
			var dialled atomic.Int64
			first := &dying{bytes: c.bytes}
			dial := client.strict.DialContext
			client.strict.DialContext = func(ctx context.Context, network, address string) (net.Conn, error) {
				conn, err := dial(ctx, network, address)
				if dialled.Add(1) == 1 {
					first.Conn, conn = conn, first
				}
				return conn, err
			}
			defer client.Close()
			post := func() webhook.Answer {
				return client.Post(t.Context(), to("http://hooks.example.com/"), batch(bytes.Repeat([]byte("x"), 100)))
			}
			if a := post(); a.Code != 200 {
				t.Fatalf("%+v", a)
			}
			first.dead.Store(true)
			a := post()
			if n := dialled.Load(); (a.Code == 200) != c.ok || n != c.dialled {
				t.Errorf("%d connections, %+v", n, a)
			}
			if !c.ok && a.Err == nil { // which of them, writer and reader of the connection race for
				t.Errorf("%+v", a)
			}
		})
	}
}
