package api_test

import (
	"context"
	"fmt"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"

	"reprise/shared/auditlog"
	"reprise/shared/webhook"
)

// merged is a PATCH of a webhook in use: how it is refused, or what it changes.
type merged struct {
	body   string
	refuse string
	change func(*webhook.Config)
}

func patches() map[string]merged {
	const unknown = "|unknown_property|is not a property of a webhook"
	kept := func(*webhook.Config) {}
	return map[string]merged{
		"null clears no endpoint":             {`{"endpoint":null}`, "", kept},
		"null clears no authorization":        {`{"authorization":null}`, "", kept},
		"null turns nothing off":              {`{"enabled":null}`, "", kept},
		"null is no format":                   {`{"log_format":null}`, "", kept},
		"null does not look at certificates":  {`{"skip_ssl_verification":null}`, "", kept},
		"nulls beside a value":                {`{"endpoint":null,"authorization":null,"enabled":false,"log_format":null}`, "", func(c *webhook.Config) { c.Enabled = false }},
		"off":                                 {`{"enabled":false}`, "", func(c *webhook.Config) { c.Enabled = false }},
		"another format":                      {`{"log_format":"cps"}`, "", func(c *webhook.Config) { c.Format = auditlog.CPS }},
		"an escaped name is the same name":    {`{"\u0065nabled":false}`, "", func(c *webhook.Config) { c.Enabled = false }},
		"an escaped value is the same value":  {`{"authorization":"\u0041\"\\"}`, "", func(c *webhook.Config) { c.Authorization = `A"\` }},
		"letters of any script":               {`{"authorization":"Bearer größe 鍵"}`, "", func(c *webhook.Config) { c.Authorization = "Bearer größe 鍵" }},
		"a name twice, once escaped":          {`{"enabled":true,"\u0065nabled":false}`, bad(unparsed, shape), kept},
		"a name twice, null and a value":      {`{"enabled":null,"enabled":false}`, bad(unparsed, shape), kept},
		"an unknown name twice":               {`{"x":1,"x":2}`, bad(unparsed, shape), kept},
		"a name in capitals":                  {`{"ENABLED":false}`, bad("Unknown property", "ENABLED"+unknown), kept},
		"a name with a blank":                 {`{"enabled ":false}`, bad("Unknown property", "enabled "+unknown), kept},
		"no name":                             {`{"":false}`, bad("Unknown property", unknown), kept},
		"what a GET shows":                    {`{"updated_at":"2026-03-08T12:00:00Z","enabled":false}`, bad("Unknown property", "updated_at"+unknown), kept},
		"an unknown property that is null":    {`{"url":null,"enabled":false}`, bad("Unknown property", "url"+unknown), kept},
		"a property of a property":            {`{"webhook":{"enabled":false}}`, bad("Unknown property", "webhook"+unknown), kept},
		"properties in an array":              {`[{"enabled":false}]`, bad(unparsed, shape), kept},
		"a value in an array":                 {`{"endpoint":["https://a.example"]}`, bad(unparsed, shape), kept},
		"one bad value of two":                {`{"enabled":false,"endpoint":"nowhere"}`, bad("Invalid endpoint", "endpoint||must be a valid URL"), kept},
		"one value of a wrong type of two":    {`{"enabled":false,"endpoint":1}`, bad(unparsed, shape), kept},
		"an endpoint that is taken away":      {`{"endpoint":""}`, bad("Required field missing", "endpoint|required|cannot be blank"), kept},
		"an authorization that is taken away": {`{"authorization":" "}`, bad("Required field missing", "authorization|required|cannot be blank"), kept},
		"off, and without an authorization":   {`{"authorization":"","enabled":false}`, "", func(c *webhook.Config) { c.Authorization, c.Enabled = "", false }},
		"a huge endpoint":                     {`{"endpoint":"https://` + strings.Repeat("a", 60_000) + `"}`, bad("Invalid endpoint", "endpoint|invalid|must be at most 2048 bytes long"), kept},
		"a huge authorization":                {`{"authorization":"` + strings.Repeat("a", 60_000) + `"}`, bad("Invalid parameter", "authorization|invalid|must be at most 4096 bytes long"), kept},
		"a huge format":                       {`{"log_format":"` + strings.Repeat("j", 60_000) + `"}`, bad("Invalid parameter", "log_format|invalid|must be one of cef, json, cps"), kept},
		"a huge number":                       {`{"enabled":` + strings.Repeat("9", 60_000) + `}`, bad(unparsed, shape), kept},
		"a format in capitals":                {`{"log_format":"JSON"}`, bad("Invalid parameter", "log_format|invalid|must be one of cef, json, cps"), kept},
		"a blank format":                      {`{"log_format":""}`, bad("Required field missing", "log_format|required|cannot be blank"), kept},
	}
}

func TestAPatchChangesWhatItGivesAndNothingElse(t *testing.T) {
	t.Parallel()
	for name, tt := range patches() {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := newStack(t)
			s.enable(acme)
			want := s.hooks[acme]
			w := s.ask("PATCH", hookPath, tt.body)
			if tt.refuse != "" {
				answered(t, w, 400, tt.refuse)
			} else {
				want.Version, want.UpdatedAt = 2, noon
				tt.change(&want)
				answered(t, w, 200, fmt.Sprintf(`{"endpoint":%q,"enabled":%t,"log_format":%q,"skip_ssl_verification":%t,"updated_at":"2026-03-08T12:00:00Z"}`,
					want.Endpoint, want.Enabled, want.Format, want.SkipVerify))
			}
			got := s.hooks[acme]
			if diff := cmp.Diff(want, got); diff != "" || got.Authorization != want.Authorization { // a diff shows no secret
				t.Error("stored:", diff)
			}
		})
	}
}

// A PATCH that was read before a 410 turned the webhook off, and is saved after it, turns on only what it says.
func TestAPatchDoesNotTurnOnAgainWhatA410TurnedOffMeanwhile(t *testing.T) {
	t.Parallel()
	for body, want := range map[string]bool{`{"log_format":"cps"}`: false, `{"endpoint":"https://other.example"}`: false, `{}`: false, `{"enabled":true}`: true} {
		t.Run(body, func(t *testing.T) {
			t.Parallel()
			s := newStack(t)
			s.enable(acme)
			calls := 0
			s.before = func(context.Context) {
				if calls++; calls == 2 { // between its read and its write
					c := s.hooks[acme]
					c.Version, c.Enabled, c.Gone, c.Last = c.Version+1, false, true, webhook.Attempt{At: noon, Code: 410}
					s.hooks[acme] = c
				}
			}
			w := s.ask("PATCH", hookPath, body)
			if got := s.hooks[acme]; w.Code != 200 || got.Enabled != want || got.Gone == want || got.Version != 3 {
				t.Errorf("%d %s: %+v", w.Code, w.Body, got)
			}
		})
	}
}

// Whoever turns it on and whoever takes its authorization away at the same time: one of them is told no, or both got their
// way in turn, and it is never on with nothing to use.
func TestPatchesThatDoNotGoTogetherAreNotMergedIntoOne(t *testing.T) {
	t.Parallel()
	for range 50 {
		s := newStack(t)
		s.ask("PATCH", hookPath, `{"endpoint":"https://a.example","authorization":"x"}`)
		codes := make(map[string]int)
		var mu sync.Mutex
		var all sync.WaitGroup
		for _, body := range []string{`{"enabled":true}`, `{"authorization":""}`} {
			all.Go(func() {
				w := s.ask("PATCH", hookPath, body)
				mu.Lock()
				defer mu.Unlock()
				codes[body] = w.Code
			})
		}
		all.Wait()
		got := s.hooks[acme]
		on, off := codes[`{"enabled":true}`], codes[`{"authorization":""}`]
		if got.Enabled == (got.Authorization == "") || got.Version != 2 || on+off != 600 || got.Enabled != (on == 200) {
			t.Fatalf("%v: %+v", codes, got)
		}
	}
}
