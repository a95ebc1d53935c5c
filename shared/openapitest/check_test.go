package openapitest_test

import (
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"reprise/shared/openapitest"
)

// An exchange, by default a GET of the webhook that is answered as it should be.
type exchange struct {
	method, path, sent string
	request            http.Header
	status             int
	answer             http.Header
	body               string
	want               string // in what is said against it; "" for nothing
}

const (
	hook = `{"endpoint":"unconfigured","enabled":false,"log_format":"json","skip_ssl_verification":false,"updated_at":"0001-01-01T00:00:00Z"}`
	lost = `{"status":404,"title":"Not Found","instance":"reprise:trace:X","detail":"Not Found"}`

	hookPath, jobPath, logPath = "/v2/audit-log-webhook", "/v2/audit-log-replay-job", "/v2/audit-log-events"
)

func with(name, value string) http.Header { return http.Header{name: {value}} }

func problem(more string) http.Header {
	h := with("Content-Type", "application/problem+json")
	if more != "" {
		h.Set("Allow", more)
	}
	return h
}

func exchanges() map[string]exchange {
	const entry, shape = `{"event_class_id":"c","name":"n","rt":1}`, `Error at`
	lines := with("Content-Type", "application/x-ndjson")
	return map[string]exchange{
		"a good one":                      {},
		"a member that there is not":      {body: strings.Replace(hook, "{", `{"authorization":"x",`, 1), want: `"authorization" is unsupported`},
		"a member that is missing":        {body: strings.Replace(hook, `"enabled":false,`, "", 1), want: `"enabled" is missing`},
		"a word that there is not":        {body: strings.Replace(hook, `"json"`, `"xml"`, 1), want: "not one of the allowed values"},
		"a time that is none":             {body: strings.Replace(hook, "T00", "T24", 1), want: "no RFC 3339 date-time"},
		"a status that there is not":      {status: 418, want: "getWebhook has no such status"},
		"a header that there is not":      {answer: with("Set-Cookie", "a=b"), want: "there is no header Set-Cookie"},
		"a cache that keeps it":           {answer: with("Cache-Control", "public"), want: "header Cache-Control"},
		"another Content-Type":            {answer: with("Content-Type", "text/plain"), want: `there is no Content-Type "text/plain"`},
		"a 401 without a challenge":       {status: 401, answer: problem(""), body: strings.ReplaceAll(lost, "404", "401"), want: "header WWW-Authenticate"},
		"another status in the body":      {status: 403, answer: problem(""), body: lost, want: "the status in the body is 404"},
		"a 400 that says nothing":         {status: 400, answer: problem(""), body: strings.NewReplacer("404", "400", `"title":"Not Found"`, `"title":"Bad Request"`).Replace(lost), want: `"invalid_parameters" is missing`},
		"a 204 with a body":               {method: "DELETE", path: jobPath, status: 204, want: "there is no body"},
		"no token":                        {request: with("Authorization", "Basic eDp5"), want: "it has no bearer token"},
		"a detail that there is not":      {path: jobPath + "?detail=batches", body: `{"start_at":"0001-01-01T00:00:00Z","end_at":"0001-01-01T00:00:00Z","updated_at":"0001-01-01T00:00:00Z","status":"unconfigured"}`, want: "parameter detail"},
		"no range":                        {path: jobPath + "/estimate", body: `{"entries":0,"bytes":0,"requests":0,"seconds":0}`, want: "parameter start_at: it is missing"},
		"a patch that is none":            {method: "PATCH", sent: `{"enabled":"yes"}`, want: shape},
		"a patch of nothing":              {method: "PATCH", sent: `{"enabled":null}`},
		"entries":                         {method: "POST", path: logPath, sent: entry + "\n\n" + entry, request: lines, status: 202, body: `{"accepted":2}`},
		"entries of another Content-Type": {method: "POST", path: logPath, sent: entry, request: with("Content-Type", "text/csv"), status: 202, body: `{"accepted":2}`, want: `there is no Content-Type "text/csv"`},
		"an entry without a name":         {method: "POST", path: logPath, sent: entry + "\n" + `{"event_class_id":"c","rt":1}`, request: lines, status: 202, body: `{"accepted":2}`, want: `"name" is missing`},
		"an unknown path":                 {path: "/v2/nothing", status: 404, answer: problem(""), body: lost},
		"an unknown path that is there":   {path: "/v2/nothing", want: "it has no such operation"},
		"a wrong method":                  {method: "PUT", status: 405, answer: problem("GET, PATCH"), body: strings.ReplaceAll(lost, "404", "405")},
		"a wrong method without the rest": {method: "PUT", status: 405, answer: problem("GET"), body: strings.ReplaceAll(lost, "404", "405"), want: `the methods there are GET, PATCH, Allow has "GET"`},
		"another description":             {path: "/openapi.yaml", answer: http.Header{"Content-Type": {"application/yaml"}, "Cache-Control": {"public, max-age=300"}}, want: "it is another one"},
	}
}

// filled is x with what it does not say.
func (x exchange) filled() exchange {
	def := func(s *string, value string) {
		if *s == "" {
			*s = value
		}
	}
	def(&x.method, http.MethodGet)
	def(&x.path, hookPath)
	if x.status == 0 {
		x.status = http.StatusOK
	}
	def(&x.body, hook)
	header := func(given http.Header, name, value string) {
		if given.Get(name) == "" {
			given.Set(name, value)
		}
	}
	x.request, x.answer = x.request.Clone(), x.answer.Clone()
	if x.request == nil {
		x.request = make(http.Header)
	}
	if x.answer == nil {
		x.answer = make(http.Header)
	}
	header(x.request, "Authorization", "Bearer x")
	header(x.answer, "Content-Type", "application/json")
	header(x.answer, "Cache-Control", "no-store")
	header(x.answer, "X-Content-Type-Options", "nosniff")
	return x
}

func TestWhatTheFileDoesNotAllowIsNamedOnEitherSide(t *testing.T) {
	t.Parallel()
	file, err := openapitest.Load()
	if err != nil {
		t.Fatal(err)
	}
	for story, row := range exchanges() {
		t.Run(story, func(t *testing.T) {
			t.Parallel()
			x := row.filled()
			h := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				_, _ = io.Copy(io.Discard, r.Body)
				for name, values := range x.answer {
					w.Header()[name] = values
				}
				w.WriteHeader(x.status)
				_, _ = io.WriteString(w, x.body)
			})
			check := func(side string, err error) {
				switch {
				case x.want == "" && err != nil:
					t.Errorf("%s: %v", side, err)
				case x.want != "" && (err == nil || !strings.Contains(err.Error(), x.want)):
					t.Errorf("%s: got %v, want %q", side, err, x.want)
				}
			}
			r := httptest.NewRequest(x.method, "http://us.localhost"+x.path, strings.NewReader(x.sent))
			r.Header = x.request
			var said error
			file.Handler(h, func(err error) { said = err }).ServeHTTP(httptest.NewRecorder(), r)
			check("the handler", said)

			if x.status == http.StatusNoContent {
				return // net/http sends no such body
			}
			server := httptest.NewServer(h)
			defer server.Close()
			said = nil
			r, err := http.NewRequestWithContext(t.Context(), x.method, server.URL+x.path, strings.NewReader(x.sent))
			if err != nil {
				t.Fatal(err)
			}
			r.Header = x.request
			answer, err := file.Transport(http.DefaultTransport, func(err error) { said = err }).RoundTrip(r)
			if err != nil {
				t.Fatal(err)
			}
			defer answer.Body.Close()
			if body, err := io.ReadAll(answer.Body); err != nil || string(body) != x.body {
				t.Errorf("the client reads %q (%v)", body, err)
			}
			check("the client", said)
		})
	}
}
