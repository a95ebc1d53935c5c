package api_test

import (
	"net/http"
	"testing"

	"reprise/shared/replay"
)

func TestTheRegionIsWhatTheHostSaysElseTheHeaderElseTheDefault(t *testing.T) {
	t.Parallel()
	const (
		global  = "region|invalid|must be a single region here"
		unknown = "region|invalid|must be one of us, eu, ap-2"
	)
	for name, tt := range map[string]struct{ domain, host, header, want string }{
		"the host":                               {"", "eu.api.reprise.example", "", "eu"},
		"the host over the header":               {"", "eu.api.reprise.example", "us", "eu"},
		"the host over a wrong header":           {"", "eu.api.reprise.example", "mars", "eu"},
		"in any case":                            {"", "EU.Api.Reprise.Example", "", "eu"},
		"with a port":                            {"", "eu.localhost:8080", "", "eu"},
		"with the root's dot":                    {"", "eu.localhost.:8080", "", "eu"},
		"a region with a hyphen":                 {"", "ap-2.localhost", "", "ap-2"},
		"a single label":                         {"", "eu", "", "eu"},
		"the header":                             {"", "127.0.0.1:8080", "eu", "eu"},
		"the header in any case":                 {"", "127.0.0.1:8080", " EU ", "eu"},
		"the default":                            {"", "127.0.0.1:8080", "", "us"},
		"a blank header":                         {"", "127.0.0.1:8080", " ", "us"},
		"no host":                                {"", "", "eu", "eu"},
		"IPv6":                                   {"", "[::1]:8080", "", "us"},
		"IPv6 without a port":                    {"", "[::1]", "eu", "eu"},
		"a raw gateway host":                     {"reprise.example", "a1b2c3.execute-api.eu-west-1.amazonaws.com", "eu", "eu"},
		"in the domain":                          {"reprise.example", "eu.api.reprise.example", "", "eu"},
		"in the domain, in any case":             {"Reprise.Example", "eu.api.rePrise.exAmple:443", "", "eu"},
		"right under the domain":                 {"localhost", "eu.localhost:8080", "", "eu"},
		"somebody else's host":                   {"reprise.example", "eu.evil.example", "", "us"},
		"a domain that only looks like it":       {"reprise.example", "eu.notreprise.example", "", "us"},
		"the domain in the middle":               {"reprise.example", "eu.reprise.example.evil", "", "us"},
		"the domain itself":                      {"eu.example", "eu.example", "", "us"},
		"a label that only begins like a region": {"", "eu2.localhost", "", "us"},
		"a region that is not the first label":   {"", "api.eu.localhost", "", "us"},
		"an unknown region":                      {"", "localhost", "mars", bad("Invalid region", unknown)},
		"two headers as a gateway joins them":    {"", "localhost", "us,eu", bad("Invalid region", unknown)},
		"the host global":                        {"", "global.api.reprise.example", "", bad("Invalid region", global)},
		"the host global over the header":        {"", "GLOBAL.localhost:1", "eu", bad("Invalid region", global)},
		"somebody else's global":                 {"reprise.example", "global.evil.example", "", "us"},
		"the header global":                      {"", "localhost", "Global", bad("Invalid region", global)},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := newStackOf(t, replay.Regions{Known: []string{"us", "eu", "ap-2"}, Default: "us", Domain: tt.domain})
			edit := host(tt.host)
			if tt.header != "" {
				edit = func(r *http.Request) { r.Host = tt.host; r.Header.Set("Reprise-Region", tt.header) }
			}
			w := s.ask("GET", hookPath, "", edit)
			if tt.want[0] == '{' {
				answered(t, w, 400, tt.want)
			} else if w.Code != 200 || s.asked.Region != tt.want {
				t.Errorf("%d, asked for %q, want %q", w.Code, s.asked.Region, tt.want)
			}
		})
	}
}

func TestTwoRegionHeadersAreNoRegion(t *testing.T) {
	t.Parallel()
	w := newStack(t).ask("GET", hookPath, "", func(r *http.Request) { r.Header["Reprise-Region"] = []string{"us", "us"} })
	answered(t, w, 400, bad("Invalid region", "region|invalid|must be one of us, eu"))
}

func TestGlobalIsRefusedWhereOneRegionIsMeant(t *testing.T) {
	t.Parallel()
	s := newStack(t)
	s.enable(acme)
	for _, route := range [][2]string{{"GET", hookPath}, {"PATCH", hookPath}, {"GET", statusPath}, {"GET", "/v3/audit-log-webhook/status"}, {"POST", testPath}, {"GET", jwksPath}, {"POST", logPath}} {
		w := s.ask(route[0], route[1], window("2026-03-08T11:00:00Z", "2026-03-08T11:00:00Z"), host("global.api.example"))
		answered(t, w, 400, bad("Invalid region", "region|invalid|must be a single region here"))
	}
	if len(s.jobs) > 0 || len(s.hooks) > 1 {
		t.Error("something was stored")
	}
}
