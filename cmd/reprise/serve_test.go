package main

import (
	"strings"
	"testing"
	"time"
)

func TestALabelIsOneOfAHostName(t *testing.T) {
	for s, want := range map[string]bool{
		"us": true, "eu-west-1": true, "7": true, strings.Repeat("a", 63): true,
		"": false, "-us": false, "us-": false, "US": false, "u.s": false, "u_s": false, "é": false, strings.Repeat("a", 64): false,
	} {
		if got := isLabel(s); got != want {
			t.Errorf("%q: %t, want %t", s, got, want)
		}
	}
}

func TestTheWelcomeIsReadyToBeCopied(t *testing.T) {
	c := serveCmd{Data: "data/reprise.db", AllowInside: true}
	got := c.welcome("bin/reprise", "127.0.0.1:8080", time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC))
	for _, want := range []string{
		"TOKEN=$(bin/reprise token create --data data/reprise.db --org ",
		"bin/reprise listen --jwks http://127.0.0.1:8080/v2/audit-log-webhook/jwks.json",
		`-d '{"endpoint":"http://127.0.0.1:8090/",`,
		`curl -X PUT http://127.0.0.1:8080/v2/audit-log-replay-job -H "Authorization: Bearer $TOKEN"`,
		`-d '{"start_at":"2026-03-01T11:00:00Z","end_at":"2026-03-01T12:00:00Z"}'`,
	} {
		if !strings.Contains(got, want) {
			t.Errorf("it lacks %q:\n%s", want, got)
		}
	}
}
