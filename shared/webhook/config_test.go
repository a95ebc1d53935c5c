package webhook_test

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"reprise/shared/auditlog"
	"reprise/shared/replay"
	"reprise/shared/webhook"
)

var (
	earlier = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
	now     = time.Date(2026, 3, 2, 12, 0, 0, 123_456_789, time.FixedZone("", 3600))
	stamped = time.Date(2026, 3, 2, 11, 0, 0, 123_000_000, time.UTC)
)

// saved is a webhook in use whose last attempt failed.
func saved() webhook.Config {
	return webhook.Config{
		Scope:         replay.Scope{Org: "acme", Region: "eu"},
		Version:       4,
		Endpoint:      "https://logs.example/in",
		Authorization: "Bearer t0k3n",
		Enabled:       true,
		Format:        auditlog.JSON,
		UpdatedAt:     earlier,
		Last:          webhook.Attempt{At: earlier, Code: 503, Message: "busy"},
	}
}

func TestAPatchChangesOnlyWhatItGives(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		patch  webhook.Patch
		change func(*webhook.Config)
	}{
		"nothing": {webhook.Patch{}, func(*webhook.Config) {}},
		"another endpoint makes it active again": {
			webhook.Patch{Endpoint: new("https://other.example")},
			func(c *webhook.Config) { c.Endpoint, c.Last = "https://other.example", webhook.Attempt{} },
		},
		"another authorization makes it active again": {
			webhook.Patch{Authorization: new("Splunk two")},
			func(c *webhook.Config) { c.Authorization, c.Last = "Splunk two", webhook.Attempt{} },
		},
		"the same endpoint does not": {webhook.Patch{Endpoint: new("https://logs.example/in")}, func(*webhook.Config) {}},
		"off":                        {webhook.Patch{Enabled: new(false)}, func(c *webhook.Config) { c.Enabled = false }},
		"no verification":            {webhook.Patch{SkipVerify: new(true)}, func(c *webhook.Config) { c.SkipVerify = true }},
		"json":                       {webhook.Patch{Format: new("json")}, func(*webhook.Config) {}},
		"cef":                        {webhook.Patch{Format: new("cef")}, func(c *webhook.Config) { c.Format = auditlog.CEF }},
		"cps":                        {webhook.Patch{Format: new("cps")}, func(c *webhook.Config) { c.Format = auditlog.CPS }},
		"off without authorization": {
			webhook.Patch{Enabled: new(false), Authorization: new("")},
			func(c *webhook.Config) { c.Enabled, c.Authorization, c.Last = false, "", webhook.Attempt{} },
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			want := saved()
			want.Version, want.UpdatedAt = 5, stamped
			tt.change(&want)
			got, err := saved().Apply(tt.patch, now)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(want, got); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestAFirstPatchIsWrittenAsCEF(t *testing.T) {
	t.Parallel()
	zero := webhook.Config{Scope: replay.Scope{Org: "acme", Region: "eu"}}
	got, err := zero.Apply(webhook.Patch{Authorization: new("x")}, now)
	want := webhook.Config{Scope: zero.Scope, Version: 1, Authorization: "x", Format: auditlog.CEF, UpdatedAt: stamped}
	if diff := cmp.Diff(want, got); err != nil || diff != "" {
		t.Error(err, diff)
	}
}

func TestAWebhookThatWasSavedWithoutAFormatKeepsJSON(t *testing.T) {
	t.Parallel()
	old := saved()
	old.Format = ""
	if got := old.Written(); got != auditlog.JSON {
		t.Errorf("it is written as %s", got)
	}
	want := saved()
	want.Version, want.UpdatedAt, want.Enabled = 5, stamped, false
	got, err := old.Apply(webhook.Patch{Enabled: new(false)}, now)
	if diff := cmp.Diff(want, got); err != nil || diff != "" {
		t.Error(err, diff)
	}
}

type broken struct {
	from  webhook.Config
	patch webhook.Patch
	want  replay.InputError
}

func brokenRules() map[string]broken {
	const (
		required = replay.RuleRequired
		wrong    = replay.RuleInvalid
	)
	var zero webhook.Config
	return map[string]broken{
		"enabling with nothing": {zero, webhook.Patch{Enabled: new(true)}, replay.InputError{
			{Field: "endpoint", Rule: required, Reason: "cannot be blank"},
			{Field: "authorization", Rule: required, Reason: "cannot be blank"},
		}},
		"enabling without an authorization": {zero, webhook.Patch{Enabled: new(true), Endpoint: new("https://a.example")}, replay.InputError{
			{Field: "authorization", Rule: required, Reason: "cannot be blank"},
		}},
		"taking the authorization from an enabled webhook": {saved(), webhook.Patch{Authorization: new(" ")}, replay.InputError{
			{Field: "authorization", Rule: required, Reason: "cannot be blank"},
		}},
		"a blank endpoint of a disabled webhook": {zero, webhook.Patch{Endpoint: new(" \t")}, replay.InputError{
			{Field: "endpoint", Rule: required, Reason: "cannot be blank"},
		}},
		"an endless endpoint": {zero, webhook.Patch{Endpoint: new("https://" + strings.Repeat("a", 2041))}, replay.InputError{
			{Field: "endpoint", Rule: wrong, Reason: "must be at most 2048 bytes long"},
		}},
		"an endless authorization": {zero, webhook.Patch{Authorization: new(strings.Repeat("a", 4097))}, replay.InputError{
			{Field: "authorization", Rule: wrong, Reason: "must be at most 4096 bytes long"},
		}},
		"a header of one's own": {zero, webhook.Patch{Authorization: new("Bearer a\r\nHost: b")}, replay.InputError{
			{Field: "authorization", Rule: wrong, Reason: "must not hold control characters"},
		}},
		"a delete character": {zero, webhook.Patch{Authorization: new("a\x7f")}, replay.InputError{
			{Field: "authorization", Rule: wrong, Reason: "must not hold control characters"},
		}},
		"no format of ours": {zero, webhook.Patch{Format: new("JSON")}, replay.InputError{
			{Field: "log_format", Rule: wrong, Reason: "must be one of cef, json, cps"},
		}},
		"a blank format": {saved(), webhook.Patch{Format: new("")}, replay.InputError{
			{Field: "log_format", Rule: required, Reason: "cannot be blank"},
		}},
	}
}

func TestABrokenRuleIsNamedWhereItIs(t *testing.T) {
	t.Parallel()
	for name, tt := range brokenRules() {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got, err := tt.from.Apply(tt.patch, now)
			var bad replay.InputError
			if !errors.As(err, &bad) {
				t.Fatalf("got %v", err)
			}
			if diff := cmp.Diff(tt.want, bad); diff != "" {
				t.Error(diff)
			}
			if diff := cmp.Diff(tt.from, got); diff != "" {
				t.Error("the config changed:", diff)
			}
		})
	}
}

func TestTheLongestEndpointAndAuthorizationAreTaken(t *testing.T) {
	t.Parallel()
	endpoint, authorization := "https://"+strings.Repeat("a", 2040), strings.Repeat("ü", 2048)
	if _, err := saved().Apply(webhook.Patch{Endpoint: &endpoint, Authorization: &authorization}, now); err != nil {
		t.Error(err)
	}
}

// Whatever is patched, an enabled webhook can be posted to, and a refused patch changes nothing.
func TestAnEnabledWebhookAlwaysHasWhereToAndWithWhat(t *testing.T) {
	t.Parallel()
	texts := rapid.SampledFrom([]string{"", " ", "https://a.example", "https://b.example", "json", "cef", "x\ny"})
	rapid.Check(t, func(t *rapid.T) {
		var c webhook.Config
		for range rapid.IntRange(1, 8).Draw(t, "patches") {
			p := webhook.Patch{
				Endpoint:      rapid.Ptr(texts, true).Draw(t, "endpoint"),
				Authorization: rapid.Ptr(texts, true).Draw(t, "authorization"),
				Format:        rapid.Ptr(texts, true).Draw(t, "format"),
				Enabled:       rapid.Ptr(rapid.Bool(), true).Draw(t, "enabled"),
				SkipVerify:    rapid.Ptr(rapid.Bool(), true).Draw(t, "skip"),
			}
			next, err := c.Apply(p, now)
			if err != nil {
				if next != c {
					t.Fatalf("%v, but the config changed: %+v", err, next)
				}
				continue
			}
			if next.Version != c.Version+1 || next.Format != auditlog.CEF && next.Format != auditlog.JSON && next.Format != auditlog.CPS {
				t.Fatalf("%+v", next)
			}
			if next.Enabled && (strings.TrimSpace(next.Endpoint) == "" || strings.TrimSpace(string(next.Authorization)) == "") {
				t.Fatalf("enabled with nothing to use: %+v", next)
			}
			c = next
		}
	})
}
