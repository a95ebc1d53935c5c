package api_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"testing"
	"testing/iotest"
	"time"

	"reprise/shared/api"
)

// breaking is a body that fails with err after its start.
func breaking(start string, err error) io.ReadCloser {
	return io.NopCloser(io.MultiReader(strings.NewReader(start), iotest.ErrReader(err)))
}

// over is an edit that gives a request a context that has ended.
func over(cause error) func(*http.Request) {
	return func(r *http.Request) {
		ctx, cancel := context.WithCancelCause(r.Context())
		cancel(cause)
		*r = *r.WithContext(ctx)
	}
}

func TestABodyThatDoesNotComeInTimeIsNotTheProducersFault(t *testing.T) {
	noRoom := trouble("429", "Too Many Requests", "Too many requests")
	late := trouble("503", "Service Unavailable", "The request took too long")
	unread := bad(unparsed, shape)
	full := zipped(t, lines(50))
	for name, tt := range map[string]struct {
		err  error
		edit func(*http.Request)
		code int
		want string
	}{
		"the connection's deadline":         {os.ErrDeadlineExceeded, nil, 503, late},
		"that deadline, wrapped":            {&net.OpError{Op: "read", Net: "tcp", Err: os.ErrDeadlineExceeded}, nil, 503, late},
		"a timeout of the network":          {&net.DNSError{IsTimeout: true}, nil, 503, late},
		"the request's deadline":            {fmt.Errorf("read: %w", context.DeadlineExceeded), nil, 503, late},
		"the request's end":                 {context.Canceled, nil, 503, late},
		"an error after the request's end":  {errors.New("closed"), over(nil), 503, late},
		"no room for it":                    {fmt.Errorf("read: %w", api.ErrNoRoom), nil, 429, noRoom},
		"no room for it, after the end":     {api.ErrNoRoom, over(nil), 429, noRoom},
		"a client that hung up":             {io.ErrUnexpectedEOF, nil, 400, unread},
		"a client that said it was all":     {fmt.Errorf("read: %w", io.ErrUnexpectedEOF), over(nil), 400, unread},
		"a network error that is no delay":  {&net.OpError{Op: "read", Net: "tcp", Err: net.ErrClosed}, nil, 400, unread},
		"a body that broke for some reason": {errors.New("oops"), nil, 400, unread},
	} {
		t.Run(name, func(t *testing.T) {
			for _, route := range []struct{ method, path, coding, start string }{
				{"PUT", jobPath, "", `{"start_at":`},
				{"PATCH", hookPath, "", `{"enabled":`},
				{"PATCH", hookPath, "", ``},
				{"POST", logPath, "", lines(3)},
				{"POST", logPath, "gzip", ""},
				{"POST", logPath, "gzip", full[:5]},
				{"POST", logPath, "gzip", full[:len(full)/2]},
				{"POST", logPath, "gzip", full[:len(full)-1]},
				{"POST", logPath, "gzip", full},
			} {
				s := newStack(t)
				w := s.ask(route.method, route.path, "", with("Content-Type", ndjson), with("Content-Encoding", route.coding), func(r *http.Request) {
					r.Body = breaking(route.start, tt.err)
					if tt.edit != nil {
						tt.edit(r)
					}
				})
				answered(t, w, tt.code, tt.want)
				if again := w.Header().Get("Retry-After"); (again != "") != (tt.code == 429) {
					t.Errorf("Retry-After is %q", again)
				}
				if s.all() > 0 || len(s.hooks) > 0 || len(s.jobs) > 0 {
					t.Error("something was stored")
				}
			}
		})
	}
}

func TestABadBodyIsBadHoweverTheRequestEnded(t *testing.T) {
	t.Parallel()
	s := newStack(t)
	w := s.ask("POST", logPath, "no gzip", with("Content-Type", ndjson), with("Content-Encoding", "gzip"), over(nil))
	answered(t, w, 400, bad(unparsed, shape))
}

// A real server's own deadline, over a real connection: net/http's words for it are what they are.
func TestAClientThatStallsMayComeAgain(t *testing.T) {
	t.Parallel()
	s := newStack(t)
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if err := http.NewResponseController(w).SetReadDeadline(time.Unix(1, 0)); err != nil {
			t.Error(err)
		}
		s.ServeHTTP(w, r)
	}))
	defer server.Close()
	for _, coding := range []string{"identity", "gzip"} {
		for length, body := range map[string]string{"Content-Length: 100": zipped(t, lines(50))[:50], "Transfer-Encoding: chunked": "32\r\n" + zipped(t, lines(50))[:50] + "\r\n"} {
			code, _, got := raw(t, server, "POST "+logPath+" HTTP/1.1\r\nHost: us.localhost\r\nAuthorization: Bearer "+producer+
				"\r\nContent-Type: "+ndjson+"\r\nContent-Encoding: "+coding+"\r\n"+length+"\r\n\r\n"+body)
			if want := trouble("503", "Service Unavailable", "The request took too long"); code != 503 || strings.TrimSpace(got) != want {
				t.Errorf("%s, %s: %d %s", coding, length, code, got)
			}
		}
	}
}
