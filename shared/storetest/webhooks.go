package storetest

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"reprise/shared/auditlog"
	"reprise/shared/replay"
	"reprise/shared/webhook"
)

// webhookGuarantees: a webhook is saved only over the version that was merged.
func webhookGuarantees() []guarantee {
	return []guarantee{
		{"before any was saved a webhook is zero but for its scope", aZeroWebhook},
		{"a saved webhook comes back with every field", aSavedWebhookComesBack},
		{"each save takes the place of the one before", eachSaveReplaces},
		{"a save over another version conflicts and changes nothing", aSaveOverAnotherVersion},
		{"of two who merged the same version one saves", ofTwoSaversOneSaves},
		{"of many who merged the same version one saves", saversRace},
		{"the webhooks of two scopes never touch", webhooksOfTwoScopes},
	}
}

// hook is the nth version of a webhook of at.
func (b *bench) hook(at replay.Scope, version int) webhook.Config {
	return webhook.Config{
		Scope: at, Version: version, Endpoint: fmt.Sprintf("https://siem.example/in?v=%d", version),
		Authorization: webhook.Secret(fmt.Sprintf("Splunk key-%d", version)), Enabled: true, Format: auditlog.JSON,
		UpdatedAt: stamp(b.clock.Now()),
	}
}

// hooked is a webhook of a new scope, saved once.
func (b *bench) hooked(t *testing.T) webhook.Config {
	t.Helper()
	c := b.hook(b.scope(), 1)
	expect(t, "SaveWebhook", b.SaveWebhook(t.Context(), c), nil)
	return c
}

// configured checks what is stored.
func (b *bench) configured(t *testing.T, what string, want webhook.Config) {
	t.Helper()
	got, err := b.Webhook(t.Context(), want.Scope)
	expect(t, "Webhook", err, nil)
	same(t, what, got, want)
	if got.Authorization != want.Authorization { // a diff shows no secret
		t.Fatalf("%s: it came back with another authorization", what)
	}
	plain(t, what, got.UpdatedAt, got.Last.At)
}

func aZeroWebhook(t *testing.T, b *bench) {
	b.configured(t, "a webhook that was never saved", webhook.Config{Scope: b.scope()})
}

func aSavedWebhookComesBack(t *testing.T, b *bench) {
	now := b.clock.tick()
	for _, c := range []webhook.Config{
		{Enabled: false, Format: auditlog.JSON, UpdatedAt: now},
		{Endpoint: "https://siem.example/in", Format: auditlog.JSON, UpdatedAt: now},
		{Authorization: "Bearer ünicode '\"; --", Format: auditlog.CEF, UpdatedAt: now},
		{
			Endpoint: "https://siem.example/" + strings.Repeat("p", 2000), Authorization: webhook.Secret(strings.Repeat("s", 4096)),
			Enabled: true, Format: auditlog.CPS, SkipVerify: true, UpdatedAt: now,
			Last: webhook.Attempt{At: now.Add(-time.Second), Code: 503, Message: "503 Service Unavailable · “später”"},
		},
		{Gone: true, Format: auditlog.JSON, UpdatedAt: now, Last: webhook.Attempt{At: now, Code: 410}},
		{Enabled: true, Format: auditlog.JSON, UpdatedAt: now, Last: webhook.Attempt{At: now, Code: 204, Message: "204 No Content", OK: true}},
	} {
		c.Scope, c.Version = b.scope(), 1
		expect(t, "SaveWebhook", b.SaveWebhook(t.Context(), c), nil)
		b.clock.tick()
		b.configured(t, "the saved webhook", c)
	}
}

func eachSaveReplaces(t *testing.T, b *bench) {
	c := b.hooked(t)
	for version := 2; version <= 5; version++ {
		b.clock.tick()
		c = b.hook(c.Scope, version)
		if version == 4 {
			c = webhook.Config{Scope: c.Scope, Version: version, Format: auditlog.JSON, UpdatedAt: c.UpdatedAt}
		}
		expect(t, "SaveWebhook", b.SaveWebhook(t.Context(), c), nil)
		b.configured(t, "the saved webhook", c)
	}
}

func aSaveOverAnotherVersion(t *testing.T, b *bench) {
	at := b.scope()
	for _, version := range []int{2, 3, 0} {
		expect(t, "SaveWebhook over nothing", b.SaveWebhook(t.Context(), b.hook(at, version)), replay.ErrConflict)
		b.configured(t, "nothing", webhook.Config{Scope: at})
	}
	expect(t, "SaveWebhook", b.SaveWebhook(t.Context(), b.hook(at, 1)), nil)
	want := b.hook(at, 2)
	expect(t, "SaveWebhook", b.SaveWebhook(t.Context(), want), nil)
	for _, version := range []int{0, 1, 2, 4, 9} {
		b.clock.tick()
		expect(t, "SaveWebhook over another version", b.SaveWebhook(t.Context(), b.hook(at, version)), replay.ErrConflict)
		b.configured(t, "version 2", want)
	}
}

func ofTwoSaversOneSaves(t *testing.T, b *bench) {
	merged := b.hooked(t)
	for range 2 {
		merged.Version++
		first, second := merged, merged
		first.Format, second.SkipVerify = auditlog.CEF, true
		expect(t, "the first SaveWebhook", b.SaveWebhook(t.Context(), first), nil)
		expect(t, "the second SaveWebhook", b.SaveWebhook(t.Context(), second), replay.ErrConflict)
		expect(t, "the first SaveWebhook again", b.SaveWebhook(t.Context(), first), replay.ErrConflict)
		b.configured(t, "the first", first)
		merged = first
	}
}

func saversRace(t *testing.T, b *bench) {
	at := b.scope()
	for version := 1; version <= 3; version++ { // the first is made where there is no row
		want := b.hook(at, version)
		errs := together(16, func(i int) error {
			c := want
			c.Endpoint = fmt.Sprint("https://siem.example/", i)
			return b.SaveWebhook(t.Context(), c)
		})
		won, _ := outcomes(t, "SaveWebhook", errs)
		same(t, "savers that won", won, 1)
		for i, err := range errs {
			if err == nil {
				want.Endpoint = fmt.Sprint("https://siem.example/", i)
			}
		}
		b.configured(t, "the winner's", want)
	}
}

func webhooksOfTwoScopes(t *testing.T, b *bench) {
	org := b.scope().Org
	scopes := []replay.Scope{{Org: org, Region: "eu"}, {Org: org, Region: "us"}, {Org: org + "2", Region: "eu"}}
	for i, at := range scopes {
		c := b.hook(at, 1)
		c.Endpoint = fmt.Sprint("https://siem.example/", i)
		expect(t, "SaveWebhook", b.SaveWebhook(t.Context(), c), nil)
	}
	expect(t, "Attempted", b.Attempted(t.Context(), b.hook(scopes[0], 1), webhook.Attempt{At: b.clock.tick(), Code: 410}, true), nil)
	for i, at := range scopes {
		c, err := b.Webhook(t.Context(), at)
		expect(t, "Webhook", err, nil)
		same(t, "whose webhook it is", c.Endpoint, fmt.Sprint("https://siem.example/", i))
		same(t, "whether it is on", c.Enabled, i > 0)
		same(t, "whether it was tried", c.Last.Code, map[bool]int{true: 410}[i == 0])
	}
	b.configured(t, "a region without any", webhook.Config{Scope: replay.Scope{Org: org, Region: "au"}})
}
