package api_test

import (
	"context"
	"fmt"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"reprise/shared/auditlog"
	"reprise/shared/replay"
	"reprise/shared/webhook"
)

func TestAWebhookBeforeAnyPatchIsUnconfigured(t *testing.T) {
	t.Parallel()
	answered(t, newStack(t).ask("GET", hookPath, ""), 200,
		`{"endpoint":"unconfigured","enabled":false,"log_format":"cef","skip_ssl_verification":false,"updated_at":"0001-01-01T00:00:00Z"}`)
}

func TestAWebhookIsShownWithoutItsAuthorization(t *testing.T) {
	t.Parallel()
	s := newStack(t)
	s.enable(acme)
	answered(t, s.ask("GET", hookPath, ""), 200,
		`{"endpoint":"https://logs.example/in","enabled":true,"log_format":"json","skip_ssl_verification":false,"updated_at":"2026-03-08T11:00:00Z"}`)
}

func TestAPatchMerges(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		body string
		want webhook.Config
	}{
		"nothing":         {`{}`, webhook.Config{Format: auditlog.CEF}},
		"nulls":           {`{"endpoint":null,"authorization":null,"enabled":null,"log_format":null,"skip_ssl_verification":null}`, webhook.Config{Format: auditlog.CEF}},
		"an endpoint":     {`{"endpoint":"https://a.example/?x=1&y=<2>"}`, webhook.Config{Endpoint: "https://a.example/?x=1&y=<2>", Format: auditlog.CEF}},
		"all of it":       {`{"endpoint":"https://a.example","authorization":"Basic eA==","enabled":true,"log_format":"json","skip_ssl_verification":true}`, webhook.Config{Endpoint: "https://a.example", Authorization: "Basic eA==", Enabled: true, Format: auditlog.JSON, SkipVerify: true}},
		"cef":             {`{"log_format":"cef"}`, webhook.Config{Format: auditlog.CEF}},
		"cps":             {`{"log_format":"cps"}`, webhook.Config{Format: auditlog.CPS}},
		"false is a word": {`{"enabled":false,"skip_ssl_verification":false}`, webhook.Config{Format: auditlog.CEF}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := newStack(t)
			w := s.ask("PATCH", hookPath, tt.body)
			want := tt.want
			want.Scope, want.Version, want.UpdatedAt = acme, 1, noon
			if diff := cmp.Diff(want, s.hooks[acme]); diff != "" {
				t.Error(diff)
			}
			if want.Endpoint == "" {
				want.Endpoint = "unconfigured"
			}
			answered(t, w, 200, fmt.Sprintf(`{"endpoint":%q,"enabled":%v,"log_format":%q,"skip_ssl_verification":%v,"updated_at":"2026-03-08T12:00:00Z"}`,
				want.Endpoint, want.Enabled, want.Format, want.SkipVerify))
		})
	}
}

func TestABadPatchIsRefusedAndStoresNothing(t *testing.T) {
	t.Parallel()
	const unknown = "|unknown_property|is not a property of a webhook"
	var many strings.Builder
	var named []string
	for n := range 30 {
		fmt.Fprintf(&many, `,"x%d":0`, n)
		if n < 20 {
			named = append(named, fmt.Sprintf("x%d%s", n, unknown))
		}
	}
	for name, tt := range map[string]struct{ body, want string }{
		"nothing":                {"", bad(unparsed, shape)},
		"null":                   {"null", bad(unparsed, shape)},
		"a number for a text":    {`{"endpoint":5}`, bad(unparsed, shape)},
		"a text for a boolean":   {`{"enabled":"true"}`, bad(unparsed, shape)},
		"a number for a boolean": {`{"skip_ssl_verification":1}`, bad(unparsed, shape)},
		"a member twice":         {`{"enabled":true,"enabled":false}`, bad(unparsed, shape)},
		"an unknown property":    {`{"enabled":false,"url":"https://a.example"}`, bad("Unknown property", "url"+unknown)},
		"two in their order":     {`{"z":null,"a":1}`, bad("Unknown property", "z"+unknown, "a"+unknown)},
		"another case":           {`{"Endpoint":"https://a.example"}`, bad("Unknown property", "Endpoint"+unknown)},
		"very many":              {"{" + many.String()[1:] + "}", bad("Unknown property", named...)},
		"a name of 100 bytes":    {`{"` + strings.Repeat("x", 100) + `":0}`, bad("Unknown property", strings.Repeat("x", 100)+unknown)},
		"a long name":            {`{"` + strings.Repeat("x", 101) + `":0}`, bad("Unknown property", strings.Repeat("x", 97)+"…"+unknown)},
		"a very long name":       {`{"` + strings.Repeat("é", 30_000) + `":0}`, bad("Unknown property", strings.Repeat("é", 48)+"…"+unknown)},
		"enabling nothing": {
			`{"enabled":true}`,
			bad("Required field missing", "endpoint|required|cannot be blank", "authorization|required|cannot be blank"),
		},
		"a blank endpoint":  {`{"endpoint":" "}`, bad("Required field missing", "endpoint|required|cannot be blank")},
		"no URL":            {`{"endpoint":"unconfigured"}`, bad("Invalid endpoint", "endpoint||must be a valid URL")},
		"http":              {`{"endpoint":"http://a.example"}`, bad("Invalid endpoint", "endpoint||must be a valid URL")},
		"too long a URL":    {`{"endpoint":"https://` + strings.Repeat("a", 2048) + `"}`, bad("Invalid endpoint", "endpoint|invalid|must be at most 2048 bytes long")},
		"a line break":      {`{"authorization":"a\r\nX: y"}`, bad("Invalid parameter", "authorization|invalid|must not hold control characters")},
		"an unknown format": {`{"log_format":"xml"}`, bad("Invalid parameter", "log_format|invalid|must be one of cef, json, cps")},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := newStack(t)
			answered(t, s.ask("PATCH", hookPath, tt.body), 400, tt.want)
			if len(s.hooks) > 0 {
				t.Errorf("stored %+v", s.hooks)
			}
		})
	}
}

func TestAnAuthorizationIsInNoAnswer(t *testing.T) {
	t.Parallel()
	s := newStack(t)
	secret := "Splunk 0123456789abcdef"
	for _, body := range []string{
		`{"endpoint":"https://a.example","authorization":"` + secret + `","enabled":true}`,
		`{"authorization":"` + secret + `\n"}`,
		`{"authorization":"` + secret + `","x":1}`,
		`{"authorization":"` + secret + `","endpoint":"http://inside"}`,
		`{"authorization":"` + secret + strings.Repeat("x", 5000) + `"}`,
		`{}`,
	} {
		if w := s.ask("PATCH", hookPath, body); strings.Contains(w.Body.String(), "0123456789abcdef") {
			t.Error(w.Body)
		}
	}
	if w := s.ask("GET", hookPath, ""); strings.Contains(w.Body.String(), "0123456789abcdef") {
		t.Error(w.Body)
	}
	if got := string(s.hooks[acme].Authorization); got != secret {
		t.Errorf("stored %q", got)
	}
}

func TestABodyOfAPatchIsAtMost64KiB(t *testing.T) {
	t.Parallel()
	s := newStack(t)
	body := "{}" + strings.Repeat("\n", 64<<10-2)
	if w := s.ask("PATCH", hookPath, body); w.Code != 200 {
		t.Error(w.Body)
	}
	answered(t, s.ask("PATCH", hookPath, body+"\n"), 413, trouble("413", "Content Too Large", "The body is longer than 65536 bytes"))
}

func TestPatchesAtTheSameTimeAreAllMerged(t *testing.T) {
	t.Parallel()
	s := newStack(t)
	bodies := []string{
		`{"endpoint":"https://a.example"}`, `{"authorization":"x"}`, `{"skip_ssl_verification":true}`, `{"log_format":"json"}`, `{"enabled":false}`, `{}`,
	}
	var all sync.WaitGroup
	for _, body := range bodies {
		all.Go(func() {
			if w := s.ask("PATCH", hookPath, body); w.Code != 200 {
				t.Errorf("%s: %s", body, w.Body)
			}
		})
	}
	all.Wait()
	want := webhook.Config{
		Scope: acme, Version: len(bodies), Endpoint: "https://a.example", Authorization: "x", SkipVerify: true,
		Format: auditlog.JSON, UpdatedAt: noon,
	}
	if diff := cmp.Diff(want, s.hooks[acme]); diff != "" {
		t.Error(diff)
	}
}

func TestAPatchThatAlwaysComesLateIsToldSo(t *testing.T) {
	t.Parallel()
	s := newStack(t)
	calls := 0
	s.before = func(context.Context) { // somebody else saves between each read and its write
		if calls++; calls%2 == 0 {
			s.hooks[acme] = webhook.Config{Scope: acme, Version: s.hooks[acme].Version + 1}
		}
	}
	w := s.ask("PATCH", hookPath, `{}`)
	answered(t, w, 503, trouble("503", "Service Unavailable", "Others are changing the webhook at the same time"))
	if got := w.Header().Get("Retry-After"); got != "1" {
		t.Errorf("Retry-After is %q", got)
	}
}

func TestOnlyTheScopesOwnWebhookIsTouched(t *testing.T) {
	t.Parallel()
	s := newStack(t)
	s.enable(acme)
	before := s.hooks[acme]
	s.at(noon.Add(time.Hour))
	if w := s.ask("PATCH", hookPath, `{"endpoint":"https://eu.example"}`, with("Reprise-Region", "eu")); w.Code != http.StatusOK {
		t.Fatal(w.Body)
	}
	if diff := cmp.Diff(before, s.hooks[acme]); diff != "" {
		t.Error(diff)
	}
	if got := s.hooks[replay.Scope{Org: "acme", Region: "eu"}].Endpoint; got != "https://eu.example" {
		t.Errorf("stored %q", got)
	}
}

func TestUnknownPropertiesAreOnlyCountedInTheLog(t *testing.T) {
	s := newStack(t)
	got := logged(t, func() {
		s.ask("PATCH", hookPath, `{"Splunk hunter2":true}`)
		s.ask("PATCH", hookPath, `{"a":1`+manyNames(29)+`}`)
	})
	var said []any
	for _, line := range got {
		said = append(said, line["err"])
	}
	want := []any{"Unknown property; unknown_property: 1", "Unknown property; unknown_property: 30"}
	if diff := cmp.Diff(want, said); diff != "" {
		t.Error(diff)
	}
	if strings.Contains(fmt.Sprint(got), "hunter2") {
		t.Errorf("%v", got)
	}
}

// manyNames is n more members of an object.
func manyNames(n int) string {
	var b strings.Builder
	for i := range n {
		fmt.Fprintf(&b, `,"hunter2 %d":0`, i)
	}
	return b.String()
}
