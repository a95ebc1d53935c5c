package apigw_test

import (
	"bytes"
	"compress/gzip"
	"context"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"os"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-lambda-go/events"

	"reprise/shared/access"
	"reprise/shared/api"
	"reprise/shared/apigw"
	"reprise/shared/auditlog"
	"reprise/shared/console"
	"reprise/shared/egress"
	"reprise/shared/intake"
	"reprise/shared/replay"
	"reprise/shared/settle"
	"reprise/shared/simtest"
	"reprise/shared/webhook"
)

const (
	jobPath      = "/v2/audit-log-replay-job"
	estimatePath = jobPath + "/estimate"
	hookPath     = "/v2/audit-log-webhook"
	jwksPath     = "/v2/audit-log-webhook/jwks.json"
	logPath      = "/v2/audit-log-events"
)

var noon = time.Date(2026, 3, 8, 12, 0, 0, 0, time.UTC)

func TestMain(m *testing.M) {
	slog.SetDefault(slog.New(slog.DiscardHandler))
	os.Exit(m.Run())
}

func clock() time.Time { return noon }

func regions() replay.Regions {
	return replay.Regions{Known: []string{"us", "eu", "au"}, Default: "us", Domain: "api.example.com"}
}

// handlers is every function's handler over one store, at noon: webhooks are on in us and off in eu, a job runs in us.
func handlers(t testing.TB, key auditlog.Key) map[string]http.Handler {
	t.Helper()
	writes := 0
	store := simtest.NewTables().As(clock, func() string { writes++; return strconv.Itoa(writes) })
	must := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	must(store.AddKey(t.Context(), key))
	for secret, token := range map[string]access.Token{
		"admin":    {Principal: access.Principal{Org: "acme", Label: "ada", Role: access.Admin}},
		"producer": {Principal: access.Principal{Org: "acme", Label: "gateway", Role: access.Intake}},
		"revoked":  {Principal: access.Principal{Org: "acme", Label: "lost", Role: access.Admin}, Revoked: noon.Add(-time.Second)},
		"expired":  {Principal: access.Principal{Org: "acme", Label: "old", Role: access.Admin}, Expires: noon.Add(-time.Second)},
	} {
		token.Hash, token.Made = access.HashOf(secret), noon.Add(-time.Hour)
		must(store.SaveToken(t.Context(), token))
	}
	at := replay.Scope{Org: "acme", Region: "us"}
	must(store.SaveWebhook(t.Context(), webhook.Config{Scope: at, Version: 1, Endpoint: "https://logs.example", Authorization: "x", Enabled: true, Format: auditlog.JSON, UpdatedAt: noon}))
	job := replay.NewJob(replay.Fence{Scope: at, JobID: "RUNNING"}, "ada", replay.Window{From: noon.Add(-time.Hour), To: noon}, noon)
	must(store.Accept(t.Context(), job))
	must(store.Pend(t.Context(), job.Fence))
	must(store.Run(t.Context(), job.Fence))

	door := api.NewDoor(store, regions(), clock, func() string { return "TRACE" })
	newID := func() string { return "JOB" }
	return map[string]http.Handler{
		"put-replay-job":    api.PutReplayJob(door, store, store, newID),
		"get-replay-job":    api.GetReplayJob(door, store, store, store, 4),
		"cancel-replay-job": api.CancelReplayJob(door, store, settle.New(store, store)),
		"webhook":           api.Webhook(door, store, egress.Guard{}, api.Tries{Keys: store, Poster: receiver{}}),
		"jwks":              api.JWKS(door, store),
		"intake":            api.Intake(door, intake.New(store, store, store)),
		"console":           api.Console(door, console.Page()),
		api.DefaultRoute:    api.Nowhere(door),
	}
}

// receiver takes everything.
type receiver struct{}

func (receiver) Post(context.Context, webhook.Config, webhook.Delivery) webhook.Answer {
	return webhook.Answer{Code: 202, Message: "Accepted", Took: 42 * time.Millisecond}
}

// request is what a client sends; headers may come twice.
type request struct {
	method, target string
	header         []string // "Name: value"
	body           string
}

// answered is what came back.
type answered struct {
	code   int
	header map[string]string
	body   string
}

// local sends the request over a connection to net/http's server, as reprise serve has it.
func (q request) local(t *testing.T, all map[string]http.Handler) answered {
	t.Helper()
	head := fmt.Sprintf("%s %s HTTP/1.1\r\n%s\r\nContent-Length: %d\r\n\r\n", q.method, q.target, strings.Join(q.header, "\r\n"), len(q.body))
	resp, body := overConnection(t, all, q.method, head+q.body)
	a := answered{resp.StatusCode, make(map[string]string), body}
	for name, values := range resp.Header {
		if name != "Date" && name != "Connection" { // the server's own
			a.header[name] = strings.Join(values, ", ")
		}
	}
	q.held(t, a)
	return a
}

// event is the request as an HTTP API sends it to a function: names in lower case, repeated headers joined, a body in
// base64 that may be no text.
func (q request) event() events.APIGatewayV2HTTPRequest {
	path, query, _ := strings.Cut(q.target, "?")
	e := events.APIGatewayV2HTTPRequest{Version: "2.0", RawPath: path, RawQueryString: query, Headers: make(map[string]string), Body: q.body}
	e.RequestContext.DomainName = "abc123.execute-api.us-east-1.amazonaws.com"
	e.RequestContext.HTTP = events.APIGatewayV2HTTPRequestContextHTTPDescription{Method: q.method, Path: path, Protocol: "HTTP/1.1", SourceIP: "192.0.2.7"}
	for _, line := range q.header {
		name, value, _ := strings.Cut(line, ": ")
		switch name = strings.ToLower(name); {
		case name == "cookie":
			e.Cookies = append(e.Cookies, strings.Split(value, "; ")...)
		case e.Headers[name] != "":
			e.Headers[name] += "," + value
		default:
			e.Headers[name] = value
		}
	}
	kind := e.Headers["content-type"]
	if text := strings.HasPrefix(kind, "text/") || strings.HasPrefix(kind, "application/json"); !text || e.Headers["content-encoding"] != "" {
		e.Body, e.IsBase64Encoded = base64.StdEncoding.EncodeToString([]byte(q.body)), q.body != ""
	}
	return e
}

// gateway has the request answered by the function of its route.
func (q request) gateway(t *testing.T, all map[string]http.Handler) answered {
	t.Helper()
	e := q.event()
	function := api.DefaultRoute
	for name, routes := range api.Routes() {
		for _, route := range routes {
			if route == q.method+" "+api.Pattern(e.RawPath) {
				function = name
			}
		}
	}
	a := invoke(t, t.Context(), all[function], e)
	q.held(t, a)
	return a
}

// invoke calls a function as Lambda does: JSON in, JSON out.
func invoke(t testing.TB, ctx context.Context, h http.Handler, e events.APIGatewayV2HTTPRequest) answered {
	t.Helper()
	sent, err := json.Marshal(e)
	if err != nil {
		t.Fatal(err)
	}
	var got events.APIGatewayV2HTTPRequest
	if err := json.Unmarshal(sent, &got); err != nil {
		t.Fatal(err)
	}
	r, err := apigw.Serve(h)(ctx, got)
	if err != nil {
		t.Fatal(err)
	}
	data, err := json.Marshal(r)
	if err != nil {
		t.Fatal(err)
	}
	r = events.APIGatewayV2HTTPResponse{}
	if err := json.Unmarshal(data, &r); err != nil {
		t.Fatal(err)
	}
	a := answered{r.StatusCode, r.Headers, r.Body}
	if r.IsBase64Encoded {
		body, err := base64.StdEncoding.DecodeString(r.Body)
		if err != nil {
			t.Fatal(err)
		}
		a.body = string(body)
	}
	return a
}

func bearer(secret string) string { return "Authorization: Bearer " + secret }

func zipped(text string) string {
	var b bytes.Buffer
	z := gzip.NewWriter(&b)
	_, _ = io.WriteString(z, text)
	_ = z.Close()
	return b.String()
}
