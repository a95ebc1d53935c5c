package api_test

import (
	"encoding/json"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"reprise/shared/replay"
	"reprise/shared/webhook"
)

// A host names a region exactly where a regular expression says so, too, and never anything that is not served.
func FuzzHost(f *testing.F) {
	for _, h := range []string{
		"us.api.reprise.example", "EU.reprise.example:443", "global.api.reprise.example", "127.0.0.1:8080", "[::1]:80", "eu", "eu.",
		"eu.reprise.example.", "eu.reprise.example..", "eu.evil.example", "eu:x", ":80", "", "us.reprise.example:", "eu@x.reprise.example", "us,eu.reprise.example",
	} {
		f.Add(h, "", true)
		f.Add(h, "eu", false)
	}
	form := regexp.MustCompile(`^(?i)(us|eu|global)\.([^:]*\.)?reprise\.example\.?(:[0-9]*)?$`)
	f.Fuzz(func(t *testing.T, name, header string, domain bool) {
		regions := replay.Regions{Known: []string{"us", "eu"}, Default: "us"}
		if domain {
			regions.Domain = "reprise.example"
		}
		s := newStackOf(t, regions)
		w := s.ask("GET", hookPath, "", host(name), with("Reprise-Region", header))
		switch w.Code {
		case 200:
			if !slices.Contains(regions.Known, s.asked.Region) {
				t.Fatalf("region %q", s.asked.Region)
			}
		case 400:
			if p := problem(t, w); p.Invalid[0].Field != "region" {
				t.Fatal(w.Body)
			}
		default:
			t.Fatal(w.Body)
		}
		named := form.FindStringSubmatch(name)
		switch {
		case !domain || named != nil && !plain(named[2]): // the form cannot tell
		case named != nil:
			if region := strings.ToLower(named[1]); region == "global" && w.Code != 400 || region != "global" && s.asked.Region != region {
				t.Fatalf("%q is answered %d for %q", name, w.Code, s.asked.Region)
			}
		case header == "" && s.asked.Region != "us":
			t.Fatalf("%q means %q", name, s.asked.Region)
		}
	})
}

// plain is false where lower case is another matter than (?i) thinks.
func plain(s string) bool { return !strings.ContainsFunc(s, func(r rune) bool { return r >= 0x80 }) }

// Whatever a PUT's body is: it is answered 202 for a window within its rules, or 400 or 413, and a job is stored exactly then.
func FuzzPutBody(f *testing.F) {
	for _, body := range []string{
		window("2026-03-08T11:00:00Z", "2026-03-08T11:00:00Z"), window("2026-03-08T11:00:00.5z", "2026-03-08T13:00:00+01:00"),
		"{}", "[]", "null", "", `{"start_at":null}`, `{"start_at":"","end_at":1}`, "{\"start_at\":\"\xff\"}", `{"a":1,"a":2}`, `{"\u0073tart_at":"x"}`, `{"x":[[[[{}]]]]}`,
	} {
		f.Add([]byte(body))
	}
	f.Fuzz(func(t *testing.T, body []byte) {
		s := newStack(t)
		s.enable(acme)
		w := s.ask("PUT", jobPath, string(body))
		switch w.Code {
		case 202:
			var given map[string]any // not a struct, whose fields take names in any case
			job := s.jobs[acme]
			if err := json.Unmarshal(body, &given); err != nil || job.Window.From.After(job.Window.To) {
				t.Fatalf("%v, stored %+v", err, job)
			}
			for name, at := range map[string]time.Time{"start_at": job.Window.From, "end_at": job.Window.To} {
				want, ok := replay.ParseTime(given[name].(string))
				if !ok || !want.Truncate(time.Millisecond).Equal(at) {
					t.Fatalf("%s: %q became %v", name, given[name], at)
				}
			}
		case 400, 413:
			problem(t, w)
			if len(s.jobs) > 0 {
				t.Fatalf("refused, but stored %+v", s.jobs)
			}
		default:
			t.Fatal(w.Body)
		}
	})
}

// Whatever a PATCH's body is: it is answered 200, 400 or 413, a webhook is stored exactly with a 200, and can be used if enabled.
func FuzzPatchBody(f *testing.F) {
	for _, body := range []string{
		"{}", "[]", "", "null", `{"endpoint":"https://a.example","authorization":"x","enabled":true}`, `{"endpoint":null,"log_format":"cef"}`,
		`{"authorization":"a\u000ab"}`, `{"x":1}`, `{"enabled":"yes"}`, `{"skip_ssl_verification":true,"log_format":"json"}`, `{"enabled":true,"enabled":null}`,
	} {
		f.Add([]byte(body))
	}
	f.Fuzz(func(t *testing.T, body []byte) {
		s := newStack(t)
		w := s.ask("PATCH", hookPath, string(body))
		hook := s.hooks[acme]
		switch w.Code {
		case 200:
			if hook.Version != 1 || hook.Enabled && (hook.Endpoint == "" || hook.Authorization == "") || strings.ContainsAny(string(hook.Authorization), "\r\n\x00") {
				t.Fatalf("stored %+v", hook)
			}
			if long := string(hook.Authorization); len(long) > 30 && strings.Contains(w.Body.String(), long) && !strings.Contains(hook.Endpoint, long) {
				t.Fatal("the authorization was told")
			}
		case 400, 413:
			problem(t, w)
			if hook != (webhook.Config{}) {
				t.Fatalf("refused, but stored %+v", hook)
			}
		default:
			t.Fatal(w.Body)
		}
	})
}
