package apigw_test

import (
	"context"
	"crypto/rand"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/aws/aws-lambda-go/events"
	"github.com/google/go-cmp/cmp"

	"reprise/shared/api"
	"reprise/shared/apigw"
	"reprise/shared/auditlog"
)

func newKey(t testing.TB) auditlog.Key {
	t.Helper()
	key, err := auditlog.NewKey(rand.Reader, noon)
	if err != nil {
		t.Fatal(err)
	}
	return key
}

func TestABodyThatIsNotItsBase64IsRefusedByTheHandlerThatNeedsIt(t *testing.T) {
	all := handlers(t, newKey(t))
	malformed := problem("400", "Bad Request", "Could not parse request body", shape) + "\n"
	for _, body := range []string{"%%%", "e30", "e30=e30=", "{}", "é"} {
		for name, want := range map[string]string{
			"put-replay-job": malformed, "intake": malformed, "webhook": malformed, "get-replay-job": "",
		} {
			e := ask(map[string]string{"put-replay-job": "PUT", "intake": "POST", "webhook": "PATCH", "get-replay-job": "GET"}[name], "/", "", ndjson).event()
			e.Body, e.IsBase64Encoded = body, true
			if got := invoke(t, t.Context(), all[name], e); want != "" && got.body != want || want == "" && got.code != 200 {
				t.Errorf("%s %q: got %d %s", name, body, got.code, got.body)
			}
			e.Headers["authorization"] = "Bearer guess"
			if got := invoke(t, t.Context(), all[name], e); got.code != 401 {
				t.Errorf("%s %q of nobody: got %d, want 401 before the body is looked at", name, body, got.code)
			}
		}
	}
}

func TestABodyAsLongAsAnEventMayBeIsRefusedAsTooLarge(t *testing.T) {
	all := handlers(t, newKey(t))
	long := strings.Repeat(" ", 6<<20)
	for name, e := range map[string]events.APIGatewayV2HTTPRequest{
		"put-replay-job": ask("PUT", jobPath, long, "Content-Type: text/plain").event(),
		"intake":         ask("POST", logPath, long[:4<<20+4096], ndjson).event(), // 6 MB in base64
	} {
		if got := invoke(t, t.Context(), all[name], e); got.code != 413 {
			t.Errorf("%s: got %d %s", name, got.code, got.body)
		}
	}
}

func TestARequestIsWhatTheServerWouldHaveRead(t *testing.T) {
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	type seen struct {
		Method, Host, Target, Path, RawPath, Query, Remote, Proto, Body string
		Length                                                          int64
		Header                                                          http.Header
	}
	look := func(e events.APIGatewayV2HTTPRequest) (s seen) {
		_, err := apigw.Serve(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
			body, err := io.ReadAll(r.Body)
			if err != nil {
				t.Error(err)
			}
			s = seen{r.Method, r.Host, r.RequestURI, r.URL.Path, r.URL.EscapedPath(), r.URL.RawQuery, r.RemoteAddr, r.Proto, string(body), r.ContentLength, r.Header}
			end, _ := r.Context().Deadline()
			if all, _ := ctx.Deadline(); all.Sub(end) != time.Second {
				t.Errorf("the handler has %s less than the function, want a second to answer in", all.Sub(end))
			}
		}))(ctx, e)
		if err != nil {
			t.Fatal(err)
		}
		return s
	}
	e := request{"PUT", "/a%2Fb%20c/%C3%A9?x=1&x=%202", []string{"Host: us.example.com", "X-Two: a", "X-Two: b", "Cookie: a=b; c=d"}, "hé"}.event()
	want := seen{
		"PUT", "us.example.com", "/a%2Fb%20c/%C3%A9?x=1&x=%202", "/a/b c/é", "/a%2Fb%20c/%C3%A9", "x=1&x=%202", "192.0.2.7:0", "HTTP/1.1", "hé", 3,
		http.Header{"X-Two": {"a,b"}, "Cookie": {"a=b; c=d"}},
	}
	if diff := cmp.Diff(want, look(e)); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	delete(e.Headers, "host")
	e.RawPath, e.Cookies, e.Body, e.RequestContext.HTTP.Protocol = "/100%", nil, "", "HTTP/2.0" // no escape: as it is
	want = seen{
		"PUT", "abc123.execute-api.us-east-1.amazonaws.com", "/100%?x=1&x=%202", "/100%", "/100%25", "x=1&x=%202", "192.0.2.7:0", "HTTP/2.0", "", 0,
		http.Header{"X-Two": {"a,b"}},
	}
	if diff := cmp.Diff(want, look(e)); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func TestAnAnswerIsWhatTheClientWouldHaveGot(t *testing.T) {
	jpeg := "\xff\xd8\xff\xe0"
	rows := map[string]struct {
		handle http.HandlerFunc
		method string
		want   events.APIGatewayV2HTTPResponse
	}{
		"nothing": {func(http.ResponseWriter, *http.Request) {}, "GET", events.APIGatewayV2HTTPResponse{StatusCode: 200, Headers: map[string]string{}}},
		"headers and cookies that come twice": {func(w http.ResponseWriter, _ *http.Request) {
			for _, v := range []string{"a", "b"} {
				w.Header().Add("Vary", v)
				w.Header().Add("Set-Cookie", v+"=1; Expires=Mon, 01 Jan 2029 00:00:00 GMT")
			}
			w.WriteHeader(202)
			w.WriteHeader(500)
			w.Header().Set("X-Late", "1")
		}, "GET", events.APIGatewayV2HTTPResponse{StatusCode: 202, Headers: map[string]string{"Vary": "a, b"}, Cookies: []string{
			"a=1; Expires=Mon, 01 Jan 2029 00:00:00 GMT", "b=1; Expires=Mon, 01 Jan 2029 00:00:00 GMT",
		}}},
		"text": {
			func(w http.ResponseWriter, _ *http.Request) {
				_, _ = io.WriteString(w, "größe ")
				_, _ = io.WriteString(w, "<7>\u2028\x00")
			}, "GET",
			events.APIGatewayV2HTTPResponse{StatusCode: 200, Headers: map[string]string{"Content-Type": "application/octet-stream"}, Body: "größe <7>\u2028\x00"},
		},
		"no text": {
			func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, jpeg) }, "GET",
			events.APIGatewayV2HTTPResponse{StatusCode: 200, Headers: map[string]string{"Content-Type": "image/jpeg"}, Body: base64.StdEncoding.EncodeToString([]byte(jpeg)), IsBase64Encoded: true},
		},
		"a HEAD": {func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Type", "text/plain")
			w.Header().Set("Content-Length", "4")
			_, _ = io.WriteString(w, "text")
		}, "HEAD", events.APIGatewayV2HTTPResponse{StatusCode: 200, Headers: map[string]string{"Content-Type": "text/plain", "Content-Length": "4"}}},
		"early hints": {
			func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(103); w.WriteHeader(204) }, "GET",
			events.APIGatewayV2HTTPResponse{StatusCode: 204, Headers: map[string]string{}},
		},
	}
	for name, row := range rows {
		t.Run(name, func(t *testing.T) {
			got, err := apigw.Serve(row.handle)(t.Context(), request{method: row.method, target: "/"}.event())
			if diff := cmp.Diff(row.want, got); err != nil || diff != "" {
				t.Errorf("%v (-want +got):\n%s", err, diff)
			}
		})
	}
}

// slow is keys that never come.
type slow struct{}

func (slow) PublicKeys(ctx context.Context) ([]auditlog.PublicKey, error) {
	<-ctx.Done()
	return nil, ctx.Err()
}

func TestAFunctionThatIsShortOfTimeStillAnswers(t *testing.T) {
	door := api.NewDoor(nil, regions(), func() time.Time { return noon }, func() string { return "TRACE" })
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithTimeout(t.Context(), 1100*time.Millisecond) // of which a second is for the answer
		defer cancel()
		got := invoke(t, ctx, api.JWKS(door, slow{}), request{"GET", jwksPath, []string{host}, ""}.event())
		if want := problem("503", "Service Unavailable", "The request took too long") + "\n"; got.code != 503 || got.body != want {
			t.Errorf("got %d %s", got.code, got.body)
		}
		if ctx.Err() != nil {
			t.Error("the answer came when the function was over")
		}
	})
}

// FuzzAnyEventIsAnswered: whatever an event says, every function answers in the contract's form, in what JSON can carry.
func FuzzAnyEventIsAnswered(f *testing.F) {
	all := handlers(f, newKey(f))
	for _, row := range refusals() {
		if e := row.event(); len(e.Body) < 1000 {
			data, err := json.Marshal(e)
			if err != nil {
				f.Fatal(err)
			}
			f.Add(data)
		}
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		var e events.APIGatewayV2HTTPRequest
		if json.Unmarshal(data, &e) != nil {
			return // so does aws-lambda-go
		}
		for name, h := range all {
			got := invoke(t, t.Context(), h, e)
			if got.code < 200 || got.code > 599 {
				t.Errorf("%s: %d", name, got.code)
			}
			if e.RequestContext.HTTP.Method == "HEAD" || got.code == 204 || name == "console" && got.code == 200 {
				continue
			}
			var p map[string]any
			if err := json.Unmarshal([]byte(got.body), &p); err != nil {
				t.Errorf("%s: %v: %s", name, err, got.body)
			}
			if got.code >= 400 && (p["status"] != float64(got.code) || p["title"] == "" || p["instance"] == "" || p["detail"] == "") {
				t.Errorf("%s: %d %s", name, got.code, got.body)
			}
			if got.code >= 500 && !(name == "webhook" && got.code == 500) { // its routes send GET and PATCH alone
				t.Errorf("%s: %d %s", name, got.code, got.body)
			}
			if fmt.Sprint(len(got.body)) != got.header["Content-Length"] {
				t.Errorf("%s: %d bytes, Content-Length %s", name, len(got.body), got.header["Content-Length"])
			}
		}
	})
}
