package main

import (
	"strings"
	"testing"
	"time"
)

func TestTheWelcomeIsAWholeReplay(t *testing.T) {
	c := serveCmd{Data: "my data/reprise.db", AllowInside: true}
	rest := c.welcome("bin/reprise", "127.0.0.1:8080", time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC))
	whole := rest
	for _, want := range []string{ // in this order
		`bin/reprise listen --authorization "Bearer its-secret" --jwks http://127.0.0.1:8080/v2/audit-log-webhook/jwks.json` + "\n",
		`ADMIN=$(bin/reprise token create --data 'my data/reprise.db' --org my-organization --role admin `,
		`INTAKE=$(bin/reprise token create --data 'my data/reprise.db' --org my-organization --role intake `,
		`curl -X PATCH http://127.0.0.1:8080/v2/audit-log-webhook -H "Authorization: Bearer $ADMIN"`,
		`-d '{"endpoint":"http://127.0.0.1:8090/","authorization":"Bearer its-secret",`,
		`curl -X POST http://127.0.0.1:8080/v2/audit-log-events -H "Authorization: Bearer $INTAKE"`,
		`"rt":'$(date +%s)000'}'`,
		`curl -X PUT http://127.0.0.1:8080/v2/audit-log-replay-job -H "Authorization: Bearer $ADMIN"`,
		`-d '{"start_at":"2026-03-01T11:00:00Z","end_at":"'$(date -u +%FT%TZ)'"}'`,
		`curl http://127.0.0.1:8080/v2/audit-log-replay-job -H "Authorization: Bearer $ADMIN"` + "\n",
	} {
		_, after, ok := strings.Cut(rest, want)
		if !ok {
			t.Fatalf("it lacks %q in its place:\n%s", want, whole)
		}
		rest = after
	}
}

func TestTheWelcomeOffersNoReceiverThatWouldBeRefused(t *testing.T) {
	got := (&serveCmd{Data: "data/reprise.db"}).welcome("reprise", "127.0.0.1:8080", time.Now())
	if strings.Contains(got, "listen") || !strings.Contains(got, `"endpoint":"https://`) || !strings.Contains(got, "--allow-inside") {
		t.Error(got)
	}
}

func TestWhatIsPrintedIsOneWordOfAShell(t *testing.T) {
	for s, want := range map[string]string{"": "''", "bin/reprise": "bin/reprise", "a b": "'a b'", "it's": `'it'\''s'`, "$HOME": "'$HOME'"} {
		if got := quote(s); got != want {
			t.Errorf("%q is quoted %s, want %s", s, got, want)
		}
	}
}
