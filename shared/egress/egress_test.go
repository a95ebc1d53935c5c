package egress

import (
	"bytes"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"go.uber.org/goleak"

	"reprise/shared/api"
	"reprise/shared/deliver"
	"reprise/shared/replay"
	"reprise/shared/webhook"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

var (
	_ deliver.Poster = (*Client)(nil)
	_ api.Guard      = Guard{}
)

const secret = "Splunk 5up3r/Secret+Tok3n=="

// inside is a Client as local mode has it.
func inside(t *testing.T) *Client {
	c := New(Guard{AllowInside: true, AllowHTTP: true}, "1.2.3", time.Now)
	t.Cleanup(c.Close)
	return c
}

func to(endpoint string) webhook.Config {
	return webhook.Config{Scope: replay.Scope{Org: "o", Region: "eu"}, Endpoint: endpoint, Authorization: secret, Enabled: true}
}

func batch(body []byte) webhook.Delivery {
	return webhook.Delivery{
		ID: "b-1", Job: "01JOB", Region: "eu", Attempt: 3, Entries: 1600, Body: body, At: time.Unix(1750280466, 889e6),
	}
}

// serve is a receiver that is an ordinary server.
func serve(t *testing.T, h http.HandlerFunc) *httptest.Server {
	s := httptest.NewServer(h)
	t.Cleanup(s.Close)
	return s
}

// raw is a receiver that does with each connection what no ordinary server would.
func raw(t *testing.T, do func(net.Conn)) (endpoint string) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	var all sync.WaitGroup
	all.Go(func() {
		for {
			conn, err := l.Accept()
			if err != nil {
				return
			}
			all.Go(func() {
				defer func() { _ = conn.Close() }()
				do(conn)
			})
		}
	})
	t.Cleanup(func() {
		_ = l.Close()
		all.Wait()
	})
	return "http://" + l.Addr().String()
}

// takeRequest reads one request to its end.
func takeRequest(conn io.Reader) bool {
	r, err := http.ReadRequest(newReader(conn))
	if err != nil {
		return false
	}
	_, err = io.Copy(io.Discard, r.Body)
	return err == nil
}

func TestAPostCarriesTheHeadersOfTheContract(t *testing.T) {
	var got *http.Request
	var body []byte
	s := serve(t, func(_ http.ResponseWriter, r *http.Request) {
		got = r
		body, _ = io.ReadAll(r.Body)
	})
	t.Setenv("HTTP_PROXY", "http://127.0.0.1:1") // nobody asks it
	if a := inside(t).Post(t.Context(), to(s.URL+"/hook?team=a%20b"), batch([]byte("gzip"))); a.Code != 200 || a.Err != nil {
		t.Fatal(a)
	}
	want := http.Header{
		"Authorization":     {secret},
		"Content-Type":      {"text/plain; charset=utf-8"},
		"Content-Encoding":  {"gzip"},
		"Content-Length":    {"4"},
		"User-Agent":        {"reprise/1.2.3"},
		"Webhook-Id":        {"b-1"},
		"Webhook-Timestamp": {"1750280466"},
		"Reprise-Delivery":  {"replay"},
		"Reprise-Job":       {"01JOB"},
		"Reprise-Region":    {"eu"},
		"Reprise-Attempt":   {"3"},
		"Reprise-Entries":   {"1600"},
	}
	if d := cmp.Diff(want, got.Header); d != "" {
		t.Error(d)
	}
	if got.Method != "POST" || got.URL.String() != "/hook?team=a%20b" || got.ContentLength != 4 || len(got.TransferEncoding) > 0 {
		t.Errorf("%s %s, %d bytes, %v", got.Method, got.URL, got.ContentLength, got.TransferEncoding)
	}
	if string(body) != "gzip" {
		t.Errorf("body %q", body)
	}
}

func TestEveryStatusIsAnAnswer(t *testing.T) {
	for _, c := range []struct {
		story string
		code  int
		body  string
		want  string
	}{
		{"taken", 200, "", "OK"},
		{"taken, with words", 202, "queued\n", "Accepted: queued"},
		{"taken, without a body", 204, "", "No Content"},
		{"refused, in the words of its status", 401, "Unauthorized\n", "Unauthorized"},
		{"moved", 301, "", "Moved Permanently"},
		{"to be repeated elsewhere", 307, "", "Temporary Redirect"},
		{"wrong token, repeated", 401, "token 5up3r/Secret+Tok3n== is wrong", "Unauthorized: token *** is wrong"},
		{"wrong token, repeated in JSON", 401, `{"got":"Splunk 5up3r\/Secret+Tok3n=="}`, `Unauthorized: {"got":"Splunk ***"}`},
		{"wrong token, repeated in part", 401, "no token 5up3r/Secret+Tok3n", "Unauthorized: no token ***"},
		{"wrong token, repeated in a URL", 401, "see /login?for=5up3r%2FSecret%2BTok3n%3d%3d or 100% of it", "Unauthorized"},
		{"wrong token, repeated in HTML", 403, "<p>5up3r&#x2F;Secret&#43;Tok3n&equals;=</p>", "Forbidden"},
		{"wrong token, repeated in other JSON", 500, `{"got":"5up3r\u002fSecret+Tok3n=="}`, "Internal Server Error"},
		{"escapes of something else", 400, `{"see":"a%2Fb &amp; \u00e9"}`, `Bad Request: {"see":"a%2Fb &amp; \u00e9"}`},
		{"too large", 413, "", "Request Entity Too Large"},
		{"too many", 429, "", "Too Many Requests"},
		{"broken, in colours", 500, "\x1b[31mpanic\x1b[0m:\r\n\tnil \x00map\x7f", "Internal Server Error: [31mpanic[0m: nil map"},
		{"broken, in no encoding", 502, "caf\xe9 zu", "Bad Gateway: caf zu"},
		{"unheard of", 599, "what?", "what?"},
		{"long", 503, strings.Repeat("é", 200), "Service Unavailable: " + strings.Repeat("é", 89)},
	} {
		t.Run(c.story, func(t *testing.T) {
			followed := false
			s := serve(t, func(w http.ResponseWriter, r *http.Request) {
				followed = followed || r.URL.Path == "/elsewhere"
				w.Header().Set("Location", "/elsewhere")
				w.Header().Set("Retry-After", "17")
				w.Header().Set("Set-Cookie", "a=b")
				w.WriteHeader(c.code)
				_, _ = io.WriteString(w, c.body)
			})
			a := inside(t).Post(t.Context(), to(s.URL), batch([]byte("x")))
			if a.Took <= 0 {
				t.Errorf("took %v", a.Took)
			}
			a.Took = 0
			if d := cmp.Diff(webhook.Answer{Code: c.code, Message: c.want, RetryAfter: "17"}, a); d != "" {
				t.Error(d)
			}
			if followed {
				t.Error("a redirect was followed")
			}
		})
	}
}

func TestACompressedAnswerIsNotShown(t *testing.T) {
	s := serve(t, func(w http.ResponseWriter, r *http.Request) {
		if e := r.Header.Get("Accept-Encoding"); e != "" {
			t.Errorf("asked for %s", e)
		}
		w.Header().Set("Content-Encoding", "br")
		w.WriteHeader(500)
		_, _ = io.WriteString(w, "abcdefg")
	})
	if a := inside(t).Post(t.Context(), to(s.URL), batch(nil)); a.Message != "Internal Server Error" {
		t.Error(a.Message)
	}
}

func TestOneConnectionCarriesManyPosts(t *testing.T) {
	for _, c := range []struct{ story, answer string }{{"no body", ""}, {"a body", "ok"}, {"a long body", strings.Repeat("ok", maxAnswer/2-1)}} {
		t.Run(c.story, func(t *testing.T) {
			var dialled atomic.Int64
			s := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				_, _ = io.Copy(io.Discard, r.Body)
				_, _ = io.WriteString(w, c.answer)
			}))
			s.Config.ConnState = func(_ net.Conn, state http.ConnState) {
				if state == http.StateNew {
					dialled.Add(1)
				}
			}
			s.Start()
			defer s.Close()
			client := inside(t)
			for range 50 {
				if a := client.Post(t.Context(), to(s.URL), batch(bytes.Repeat([]byte("x"), 300<<10))); a.Code != 200 {
					t.Fatal(a)
				}
			}
			if n := dialled.Load(); n != 1 {
				t.Errorf("%d connections", n)
			}
		})
	}
}

func TestManyPostsAtOnceEachGetTheirOwnAnswer(t *testing.T) {
	s := serve(t, func(w http.ResponseWriter, r *http.Request) { _, _ = io.Copy(w, r.Body) })
	client := inside(t)
	var all sync.WaitGroup
	for lane := range 64 {
		all.Go(func() {
			mine := strings.Repeat(string(rune('A'+lane%26)), 20+lane)
			for range 20 {
				if a := client.Post(t.Context(), to(s.URL), batch([]byte(mine))); a.Message != "OK: "+mine {
					t.Errorf("lane %d: %+v", lane, a)
					return
				}
			}
		})
	}
	all.Wait()
}

func TestAnEndpointThatTheGuardRefusesIsNotDialled(t *testing.T) {
	s := serve(t, func(http.ResponseWriter, *http.Request) { t.Error("it was dialled") })
	a := New(Guard{}, "1", time.Now).Post(t.Context(), to(s.URL), batch([]byte("x")))
	if a.Code != 0 || a.Err == nil || !a.Refused || a.Message != "endpoint must be an https URL" {
		t.Errorf("%+v", a)
	}
	v := webhook.Judge(a, webhook.Try{Now: time.Now(), Patience: webhook.Patience}, 0)
	if v.Outcome != webhook.Never || v.Reason != replay.FailRejected || v.Detail != "the endpoint must be an https URL" {
		t.Errorf("%+v", v)
	}
}

func TestAnAuthorizationThatIsNoHeaderIsNotRepeated(t *testing.T) {
	hook := to("http://127.0.0.1:1/")
	hook.Authorization = "Bearer hidden\r\nX-Other: hidden"
	a := inside(t).Post(t.Context(), hook, batch([]byte("x")))
	if a.Err == nil || strings.Contains(a.Message+a.Err.Error(), "hidden") || !strings.Contains(a.Message, "Authorization") {
		t.Errorf("%+v", a)
	}
}
