package api_test

import (
	"encoding/base64"
	"encoding/json"
	"mime"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"

	"reprise/shared/auditlog"
	"reprise/shared/replay"
)

// What public clients of the original's audit-log API send and demand, read from their sources: a generated SDK for Go, the
// provider of a declarative tool that is generated, too, and a command-line tool. Each is known by its manners.

// accepts are the Accept headers they send. One wants no problems, and must get them.
func accepts() map[string]string {
	return map[string]string{
		"a generated SDK":      "application/json",
		"a declarative tool":   "application/json;q=1, application/problem+json;q=0",
		"a deleting SDK":       "application/problem+json",
		"a tool without taste": "text/html",
	}
}

// regional is a client for one region, at a host of a domain that somebody put in the place of the original's.
func regional(region, accept string) func(*http.Request) {
	return func(r *http.Request) {
		r.Host = region + ".api.example.com"
		r.Header.Set("Accept", accept)
		r.Header.Set("User-Agent", "speakeasy-sdk/go 0.9 2.720.0 3.1.0 sdk-konnect-go")
		r.Header.Set("Content-Type", "application/json")
	}
}

func clientsStack(t *testing.T) *stack {
	s := newStackOf(t, replay.Regions{Known: []string{"us", "eu"}, Default: "us", Domain: "api.example.com"})
	s.signing = someKey(t, 1)
	return s
}

// decoded is how a generated client reads an answer: it insists on the code, and on the media type of that code's answers.
func decoded[T any](t *testing.T, w *httptest.ResponseRecorder, code int, kind string) (v T) {
	t.Helper()
	media, _, err := mime.ParseMediaType(w.Header().Get("Content-Type"))
	if err != nil || w.Code != code || media != kind {
		t.Fatalf("%d %q (%v): %s, want %d %s", w.Code, media, err, w.Body, code, kind)
	}
	if err := json.Unmarshal(w.Body.Bytes(), &v); err != nil {
		t.Fatalf("%v: %s", err, w.Body)
	}
	return v
}

// clientsJob is the job as they know it: members of ours are passed over.
type clientsJob struct {
	StartAt   *time.Time `json:"start_at"`
	EndAt     *time.Time `json:"end_at"`
	UpdatedAt *time.Time `json:"updated_at"`
	Status    *string    `json:"status"`
}

func (j clientsJob) check(t *testing.T, status string, start, end time.Time) {
	t.Helper()
	if j.StartAt == nil || j.EndAt == nil || j.UpdatedAt == nil || j.Status == nil {
		t.Fatalf("a member is missing: %+v", j)
	}
	if *j.Status != status || !j.StartAt.Equal(start) || !j.EndAt.Equal(end) {
		t.Errorf("%s from %s to %s, want %s from %s to %s", *j.Status, j.StartAt, j.EndAt, status, start, end)
	}
}

func TestAGeneratedClientReplacesAndReadsTheJob(t *testing.T) {
	t.Parallel()
	for name, accept := range accepts() {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := clientsStack(t)
			s.enable(acme)
			us := regional("us", accept)
			decoded[clientsJob](t, s.ask("GET", jobPath, "", us), 200, "application/json").check(t, "unconfigured", time.Time{}, time.Time{})
			// Its times are those of its language: nanoseconds, and the offset of the machine it runs on.
			body := `{"end_at":"2026-03-08T13:00:00.123456789+01:00","start_at":"2026-03-08T10:00:00.5Z"}`
			start, end := noon.Add(-2*time.Hour).Add(500*time.Millisecond), noon.Add(123*time.Millisecond)
			decoded[clientsJob](t, s.ask("PUT", jobPath, body, us), 202, "application/json").check(t, "accepted", start, end)
			decoded[clientsJob](t, s.ask("GET", jobPath, "", us), 200, "application/json").check(t, "accepted", start, end)
		})
	}
}

// clientsProblem has every member that their errors cannot be decoded without, and a union of parameters which is told apart
// by members that only its other kinds have.
type clientsProblem struct {
	Status   *int64  `json:"status"`
	Title    *string `json:"title"`
	Instance *string `json:"instance"`
	Detail   *string `json:"detail"`
	Invalid  []struct {
		Field      *string         `json:"field"`
		Rule       *string         `json:"rule"`
		Reason     *string         `json:"reason"`
		Minimum    json.RawMessage `json:"minimum"`
		Maximum    json.RawMessage `json:"maximum"`
		Choices    json.RawMessage `json:"choices"`
		Dependents json.RawMessage `json:"dependents"`
	} `json:"invalid_parameters"`
}

// check holds the members to what these clients know; the rules are their enumeration's, as far as we use it.
func (p clientsProblem) check(t *testing.T, code int) {
	t.Helper()
	if p.Status == nil || p.Title == nil || p.Instance == nil || p.Detail == nil {
		t.Fatalf("a member is missing: %+v", p)
	}
	if *p.Status != int64(code) || (code == 400) != (len(p.Invalid) > 0) {
		t.Errorf("status %d, %d invalid parameters, in a %d", *p.Status, len(p.Invalid), code)
	}
	for _, v := range p.Invalid {
		if v.Field == nil || v.Reason == nil || v.Rule != nil && !slices.Contains([]string{"required", "is_date_time", "invalid", "unknown_property"}, *v.Rule) {
			t.Errorf("a parameter that they cannot read: %+v", v)
		}
		if v.Minimum != nil || v.Maximum != nil || v.Choices != nil || v.Dependents != nil {
			t.Errorf("a parameter that they take for another kind: %+v", v)
		}
	}
}

func TestAGeneratedClientCanDecodeEveryRefusal(t *testing.T) {
	t.Parallel()
	const window = `{"start_at":"2026-03-08T10:00:00Z","end_at":"2026-03-08T11:00:00Z"}`
	for name, tt := range map[string]struct {
		method, path, body string
		secret             string
		code               int
	}{
		"no JSON":                       {"PUT", jobPath, `{`, admin, 400},
		"a required time is missing":    {"PUT", jobPath, `{"end_at":"2026-03-08T11:00:00Z"}`, admin, 400},
		"no date-time":                  {"PUT", jobPath, `{"start_at":"yesterday","end_at":"2026-03-08T11:00:00Z"}`, admin, 400},
		"out of range":                  {"PUT", jobPath, `{"start_at":"2020-03-08T10:00:00Z","end_at":"2026-03-08T11:00:00Z"}`, admin, 400},
		"no webhook":                    {"PUT", jobPath, window, admin, 400},
		"a bad endpoint":                {"PATCH", hookPath, `{"endpoint":"nowhere"}`, admin, 400},
		"a format that nobody knows":    {"PATCH", hookPath, `{"log_format":"xml"}`, admin, 400},
		"enabling nothing":              {"PATCH", hookPath, `{"enabled":true}`, admin, 400},
		"a destination of its own kind": {"PATCH", hookPath, `{"audit_log_destination_id":"x","enabled":true}`, admin, 400},
		"an unknown token":              {"GET", hookPath, ``, "rpr_nobody", 401},
		"a token that may not":          {"GET", statusPath, ``, producer, 403},
		"a token that may not, again":   {"PUT", jobPath, window, producer, 403},
		"a path that we do not have":    {"GET", "/v3/portals/1/audit-log-webhook", ``, admin, 404},
	} {
		for kind, accept := range accepts() {
			t.Run(name+", "+kind, func(t *testing.T) {
				t.Parallel()
				s := clientsStack(t)
				w := s.ask(tt.method, tt.path, tt.body, regional("us", accept), with("Authorization", "Bearer "+tt.secret))
				decoded[clientsProblem](t, w, tt.code, "application/problem+json").check(t, tt.code)
			})
		}
	}
}

func TestAGeneratedClientIsToldOfARunningJob(t *testing.T) {
	t.Parallel()
	s := clientsStack(t)
	s.enable(acme)
	job := replay.NewJob(replay.Fence{Scope: acme, JobID: "RUNNING"}, "ada", replay.Window{From: noon.Add(-time.Hour), To: noon}, noon)
	job.Status = replay.Running
	s.jobs[acme] = job
	w := s.ask("PUT", jobPath, `{"start_at":"2026-03-08T10:00:00Z","end_at":"2026-03-08T11:00:00Z"}`, regional("us", "application/json"))
	decoded[clientsProblem](t, w, 409, "application/problem+json").check(t, 409)
}

// clientsHook is the webhook as they know it.
type clientsHook struct {
	Endpoint   *string    `json:"endpoint"`
	Enabled    *bool      `json:"enabled"`
	Format     *string    `json:"log_format"`
	SkipVerify *bool      `json:"skip_ssl_verification"`
	UpdatedAt  *time.Time `json:"updated_at"`
}

func (h clientsHook) check(t *testing.T, endpoint string, enabled bool, format string, skip bool) {
	t.Helper()
	if h.Endpoint == nil || h.Enabled == nil || h.Format == nil || h.SkipVerify == nil || h.UpdatedAt == nil {
		t.Fatalf("a member is missing: %+v", h)
	}
	if *h.Endpoint != endpoint || *h.Enabled != enabled || *h.Format != format || *h.SkipVerify != skip {
		t.Errorf("%q, %t, %s, %t", *h.Endpoint, *h.Enabled, *h.Format, *h.SkipVerify)
	}
}

// Its apply sends all five members, null where its user gave nothing; it compares what comes back with what it sent, letter by
// letter. Its destroy is a PATCH, and wants a 200 or a 404.
func TestADeclarativeToolAppliesAndDestroysAWebhook(t *testing.T) {
	t.Parallel()
	s := clientsStack(t)
	tool := regional("us", accepts()["a declarative tool"])
	patch := func(body string) clientsHook {
		t.Helper()
		return decoded[clientsHook](t, s.ask("PATCH", hookPath, body, tool), 200, "application/json")
	}
	read := func() clientsHook {
		t.Helper()
		return decoded[clientsHook](t, s.ask("GET", hookPath, "", tool), 200, "application/json")
	}
	const endpoint = "https://SIEM.example.com:443/in/?a=1&b=%2F"
	read().check(t, "unconfigured", false, "cef", false)
	patch(`{"enabled":false}`).check(t, "unconfigured", false, "cef", false) // destroyed before it was there
	patch(`{"authorization":null,"enabled":false,"endpoint":null,"log_format":"cef","skip_ssl_verification":false}`).check(t, "unconfigured", false, "cef", false)
	patch(`{"authorization":"Bearer sometoken","enabled":true,"endpoint":"`+endpoint+`","log_format":"cef","skip_ssl_verification":false}`).check(t, endpoint, true, "cef", false)
	read().check(t, endpoint, true, "cef", false)
	for _, format := range []string{"json", "cps", "cef"} {
		patch(`{"authorization":null,"enabled":true,"endpoint":null,"log_format":"`+format+`","skip_ssl_verification":true}`).check(t, endpoint, true, format, true)
	}
	if got := string(s.hooks[acme].Authorization); got != "Bearer sometoken" {
		t.Errorf("an authorization that was not given is %q now", got)
	}
	patch(`{"enabled":false}`).check(t, endpoint, false, "cef", true)
	read().check(t, endpoint, false, "cef", true)
}

// clientsStatus is the webhook's status as they know it.
type clientsStatus struct {
	Status  *string    `json:"webhook_status"`
	Enabled *bool      `json:"webhook_enabled"`
	At      *time.Time `json:"last_attempt_at"`
	Code    *int64     `json:"last_response_code"`
	Message *string    `json:"last_response_message"`
}

func TestAGeneratedClientReadsTheStatus(t *testing.T) {
	t.Parallel()
	s := clientsStack(t)
	us := regional("us", "application/json")
	for _, path := range []string{statusPath, "/v3/audit-log-webhook/status"} {
		s.enable(acme)
		got := decoded[clientsStatus](t, s.ask("GET", path, "", us), 200, "application/json")
		if got.Status == nil || *got.Status != "active" || got.Enabled == nil || !*got.Enabled || got.At != nil || got.Code != nil || got.Message != nil {
			t.Errorf("%+v", got)
		}
		s.ask("POST", testPath, "", us)
		got = decoded[clientsStatus](t, s.ask("GET", path, "", us), 200, "application/json")
		if got.Status == nil || *got.Status != "active" || got.At == nil || !got.At.Equal(noon) || got.Code == nil || *got.Code != 200 || got.Message == nil || *got.Message != "OK" {
			t.Errorf("%+v", got)
		}
	}
}

// Before it sets up a listener of its own it wants to read that nothing is configured; afterwards it turns the webhook off, and
// takes a 404 for what it deletes beside it, which we do not have, for done.
func TestACommandLineToolFindsAndLeavesAWebhook(t *testing.T) {
	t.Parallel()
	s := clientsStack(t)
	tool := regional("us", "application/json")
	got := decoded[clientsHook](t, s.ask("GET", hookPath, "", tool), 200, "application/json")
	if *got.Enabled || !strings.EqualFold(*got.Endpoint, "unconfigured") {
		t.Errorf("it takes this for configured: %+v", got)
	}
	decoded[clientsHook](t, s.ask("PATCH", hookPath, `{"enabled":false}`, tool), 200, "application/json")
	for _, path := range []string{"/v3/audit-log-webhook", "/v2/audit-log-destinations/0198b3c1-0000-7000-8000-000000000000"} {
		decoded[clientsProblem](t, s.ask("DELETE", path, "", tool, without("Content-Type")), 404, "application/problem+json").check(t, 404)
	}
	// It asks the global host for destinations, which we do not have either.
	w := s.ask("GET", "/v3/audit-log-destinations", "", regional("global", "application/json"))
	decoded[clientsProblem](t, w, 404, "application/problem+json").check(t, 404)
}

func TestAClientOfEachRegionMeetsItsOwnWebhook(t *testing.T) {
	t.Parallel()
	s := clientsStack(t)
	for _, region := range []string{"us", "eu"} {
		s.ask("PATCH", hookPath, `{"endpoint":"https://`+region+`.example/"}`, regional(region, "application/json"))
	}
	for _, region := range []string{"us", "eu"} {
		decoded[clientsHook](t, s.ask("GET", hookPath, "", regional(region, "application/json")), 200, "application/json").check(t, "https://"+region+".example/", false, "cef", false)
	}
	// A client that was told no region asks the global host: a webhook is no region's there.
	w := s.ask("GET", hookPath, "", regional("global", "application/json"))
	decoded[clientsProblem](t, w, 400, "application/problem+json").check(t, 400)
}

// A verifier of the original's documentation takes the first key, and pads its x by itself.
func TestAVerifierFindsTheSigningKeyFirst(t *testing.T) {
	t.Parallel()
	s := clientsStack(t)
	current, retired := someKey(t, 2), someKey(t, 3)
	s.keys = []auditlog.PublicKey{current.Public(), retired.Public()}
	type key struct{ Kty, Alg, Kid, Crv, X string }
	got := decoded[struct{ Keys []key }](t, s.ask("GET", jwksPath, "", regional("us", "*/*"), without("Authorization")), 200, "application/json")
	if len(got.Keys) != 2 || got.Keys[0].Kid != current.ID || got.Keys[1].Kid != retired.ID {
		t.Fatalf("%+v", got)
	}
	for i, k := range got.Keys {
		x, err := base64.URLEncoding.DecodeString(k.X + "=")
		if err != nil || k.Kty != "OKP" || k.Alg != "EdDSA" || k.Crv != "Ed25519" || string(x) != string(s.keys[i].Public) {
			t.Errorf("%+v, %v", k, err)
		}
	}
}
