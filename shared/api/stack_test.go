package api_test

import (
	"encoding/json"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"reprise/shared/access"
	"reprise/shared/api"
	"reprise/shared/auditlog"
	"reprise/shared/console"
	"reprise/shared/replay"
	"reprise/shared/webhook"
)

const (
	admin    = "rpr_admin"
	producer = "rpr_producer"

	jobPath         = "/v2/audit-log-replay-job"
	estimatePath    = jobPath + "/estimate"
	hookPath        = "/v2/audit-log-webhook"
	jwksPath        = "/v2/audit-log-webhook/jwks.json"
	logPath         = "/v2/audit-log-events"
	descriptionPath = "/openapi.yaml"

	lanes = 4
)

var (
	noon = time.Date(2026, 3, 8, 12, 0, 0, 0, time.UTC)
	acme = replay.Scope{Org: "acme", Region: "us"}
)

func TestMain(m *testing.M) {
	slog.SetDefault(slog.New(slog.DiscardHandler))
	os.Exit(m.Run())
}

// stack is every route over one shelf, at noon.
type stack struct {
	*shelf
	*postbox
	http.Handler
	clock atomic.Pointer[time.Time]
	door  *api.Door
}

func newStack(t testing.TB) *stack {
	return newStackOf(t, replay.Regions{Known: []string{"us", "eu"}, Default: "us"})
}

func newStackOf(t testing.TB, regions replay.Regions) *stack {
	s := &stack{shelf: newShelf(t), postbox: new(postbox)}
	s.clock.Store(&noon)
	s.SaveToken(admin, access.Principal{Org: "acme", Label: "ada", Role: access.Admin}, time.Time{})
	s.SaveToken(producer, access.Principal{Org: "acme", Label: "gateway", Role: access.Intake}, time.Time{})
	door := api.NewDoor(s.shelf, regions, func() time.Time { return *s.clock.Load() }, func() string { return "TRACE" })
	s.door = door
	var jobs atomic.Int64
	newID := func() string { return "JOB" + string(rune('0'+jobs.Add(1)%10)) }
	s.Handler = held(t, api.Route(map[string]http.Handler{
		"put-replay-job":    api.PutReplayJob(door, s.shelf, s.shelf, newID),
		"get-replay-job":    api.GetReplayJob(door, s.shelf, s.shelf, s.shelf, lanes),
		"cancel-replay-job": api.CancelReplayJob(door, s.shelf, s.shelf),
		"webhook":           api.Webhook(door, s.shelf, guard{}, api.Tries{Keys: s.shelf, Poster: s.postbox, Host: "reprise"}),
		"jwks":              api.JWKS(door, s.shelf),
		"intake":            api.Intake(door, s.shelf),
		"console":           api.Console(door, console.Page()),
		api.DefaultRoute:    api.Nowhere(door),
	}))
	return s
}

// guard refuses what is not https.
type guard struct{}

func (guard) CheckEndpoint(endpoint string) error {
	if !strings.HasPrefix(endpoint, "https://") {
		return errors.New("must be a valid URL")
	}
	return nil
}

func (s *stack) at(now time.Time) { s.clock.Store(&now) }

// enable configures the webhook of a scope.
func (s *stack) enable(at replay.Scope) {
	s.hooks[at] = webhook.Config{
		Scope: at, Version: 1, Endpoint: "https://logs.example/in", Authorization: "Splunk hunter2",
		Enabled: true, Format: auditlog.JSON, UpdatedAt: noon.Add(-time.Hour),
	}
}

// ask sends a request as acme's admin, unless an edit changes that.
func (s *stack) ask(method, path, body string, edits ...func(*http.Request)) *httptest.ResponseRecorder {
	r := httptest.NewRequest(method, path, strings.NewReader(body))
	r.Host = "127.0.0.1:8080"
	r.Header.Set("Authorization", "Bearer "+admin)
	for _, edit := range edits {
		edit(r)
	}
	w := httptest.NewRecorder()
	s.ServeHTTP(w, r)
	return w
}

func with(name, value string) func(*http.Request) {
	return func(r *http.Request) { r.Header.Set(name, value) }
}

func without(name string) func(*http.Request) { return func(r *http.Request) { r.Header.Del(name) } }

func host(name string) func(*http.Request) { return func(r *http.Request) { r.Host = name } }

// answered checks an answer's code and bytes, and what every answer has.
func answered(t testing.TB, w *httptest.ResponseRecorder, code int, body string) {
	t.Helper()
	got, ended := strings.CutSuffix(w.Body.String(), "\n")
	if !ended {
		t.Error("the answer does not end with a line end")
	}
	if w.Code != code || got != body {
		t.Errorf("got  %d %s\nwant %d %s", w.Code, got, code, body)
	}
	kind := "application/json"
	if code >= 400 {
		kind = "application/problem+json"
	}
	if got := w.Header().Get("Content-Type"); got != kind {
		t.Errorf("Content-Type is %q", got)
	}
	if got := w.Header().Get("X-Content-Type-Options"); got != "nosniff" {
		t.Errorf("X-Content-Type-Options is %q", got)
	}
	if got := w.Header().Get("Cache-Control"); got != "no-store" && (code != 200 || got != "public, max-age=300") {
		t.Errorf("Cache-Control is %q", got)
	}
}

// trouble is a problem's bytes; each of bad is "field|rule|reason", a rule may be missing.
func trouble(status, title, detail string, bad ...string) string {
	var b strings.Builder
	b.WriteString(`{"status":` + status + `,"title":"` + title + `","instance":"reprise:trace:TRACE","detail":"` + detail + `"`)
	for i, v := range bad {
		b.WriteString([]string{`,"invalid_parameters":[`, `,`}[min(i, 1)])
		part := strings.Split(v, "|")
		b.WriteString(`{"field":"` + part[0] + `",`)
		if part[1] != "" {
			b.WriteString(`"rule":"` + part[1] + `",`)
		}
		b.WriteString(`"reason":"` + part[2] + `"}`)
	}
	if len(bad) > 0 {
		b.WriteString("]")
	}
	return b.String() + "}"
}

func bad(detail string, invalid ...string) string {
	return trouble("400", "Bad Request", detail, invalid...)
}

// slowly reads a body in small steps.
type slowly struct{ io.Reader }

func (s slowly) Read(p []byte) (int, error) { return s.Reader.Read(p[:min(len(p), 7)]) }

// refusal is a problem as a generated client reads it: every member must be there.
type refusal struct {
	Status                  int
	Title, Instance, Detail string
	Invalid                 []struct{ Field, Rule, Reason string } `json:"invalid_parameters"`
}

// problem reads an error answer, and checks that it has all that CONTRACT.md §1 asks for.
func problem(t testing.TB, w *httptest.ResponseRecorder) refusal {
	t.Helper()
	var p refusal
	if err := json.Unmarshal(w.Body.Bytes(), &p); err != nil {
		t.Fatalf("%v: %s", err, w.Body)
	}
	if p.Status != w.Code || p.Title == "" || p.Detail == "" || !strings.HasPrefix(p.Instance, "reprise:trace:") {
		t.Errorf("incomplete: %s", w.Body)
	}
	if (p.Status == 400) != (len(p.Invalid) > 0) {
		t.Errorf("invalid_parameters: %s", w.Body)
	}
	return p
}
