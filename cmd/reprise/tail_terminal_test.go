package main

import (
	"net/http"
	"regexp"
	"strings"
	"testing"
)

// The tail and the counts share a terminal; colours are there unless NO_COLOR says anything.
func TestTheTailIsAboveTheCountsOnATerminal(t *testing.T) {
	for name, row := range map[string]struct{ value, shown string }{
		"colours":  {"", "\x1b[1mIngress\x1b[0m  \x1b[31mdenied\x1b[0m"},
		"NO_COLOR": {"1", "  Ingress  denied"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Setenv("NO_COLOR", row.value)
			t.Setenv("TERM", "xterm-256color")
			t.Setenv("REPRISE_LISTEN_AUTHORIZATION", "")
			keys := jwksOf(t)
			p := onTerminal(t, t.TempDir(), "listen", "--tail", "--address", "127.0.0.1:0", "--jwks", keys)
			p.shows(`address=127\.0\.0\.1:\d+`)
			address := regexp.MustCompile(`address=(127\.0\.0\.1:\d+)`).FindStringSubmatch(p.seen())[1]
			r := batchOf(t, `{"event_ts":"2026-03-14T12:00:00.000Z","granted":false,"name":"Ingress"}`+"\n")
			r.RequestURI, r.URL.Scheme, r.URL.Host = "", "http", address
			res, err := http.DefaultClient.Do(r)
			if err != nil {
				t.Fatal(err)
			}
			_ = res.Body.Close()
			p.sees(row.shown)
			p.sees("1 entry in 1 batch, 0 duplicates, 1 wrong signature, 0 bad batches")
			p.types("\x03")
			p.ends(0)
			p.sees("wrong: its signature does not verify: ")
			if bare := strings.ReplaceAll(p.seen(), "\x1b[K", ""); row.value != "" && strings.Contains(bare, "\x1b") {
				t.Errorf("coloured: %q", bare)
			}
		})
	}
}

// jwksOf is the URL of the keys of a service that signed nothing of what comes.
func jwksOf(t *testing.T) string {
	t.Helper()
	return "http://" + newVictim(t).address + "/v2/audit-log-webhook/jwks.json"
}
