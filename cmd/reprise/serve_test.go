package main

import (
	"strings"
	"testing"
)

func TestTheWelcomeIsAWholeReplay(t *testing.T) {
	c := serveCmd{Data: "my data/reprise.db", AllowInside: true}
	for address, at := range map[string]struct{ jwks, api string }{
		"127.0.0.1:8080": {},
		"127.0.0.1:4711": {" --jwks http://127.0.0.1:4711/v2/audit-log-webhook/jwks.json", " REPRISE_API=http://127.0.0.1:4711"},
	} {
		rest := c.welcome("bin/reprise", address)
		whole := rest
		for _, want := range []string{ // in this order
			`bin/reprise listen --tail --authorization "Bearer its-secret"` + at.jwks + "\n",
			`export REPRISE_TOKEN=$(bin/reprise token create --data 'my data/reprise.db' --org my-organization --role admin --label me)` + at.api + "\n",
			`"rt":'$(date +%s)000'}' | bin/reprise send -` + "\n",
			`echo "Bearer its-secret" | bin/reprise webhook set --endpoint http://127.0.0.1:8090/ --authorization-from - --enable` + "\n",
			"bin/reprise replay --last 1h --follow\n",
			"open http://" + address + "/ and paste",
		} {
			_, after, ok := strings.Cut(rest, want)
			if !ok {
				t.Fatalf("it lacks %q in its place:\n%s", want, whole)
			}
			rest = after
		}
	}
}

func TestTheWelcomeOffersNoReceiverThatWouldBeRefused(t *testing.T) {
	got := (&serveCmd{Data: "data/reprise.db"}).welcome("reprise", "127.0.0.1:8080")
	if strings.Contains(got, "listen") || !strings.Contains(got, "--endpoint https://") || !strings.Contains(got, "--allow-inside") {
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
