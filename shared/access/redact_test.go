package access_test

import (
	"crypto/rand"
	"strings"
	"testing"
	"time"

	"reprise/shared/access"
)

func TestNoSecretOfATokenIsInARedactedText(t *testing.T) {
	secret, _, err := access.Mint(rand.Reader, access.Principal{}, time.Time{}, time.Now())
	if err != nil {
		t.Fatal(err)
	}
	if !strings.HasPrefix(secret, "rpr_") {
		t.Errorf("%q has not the prefix of a token", secret)
	}
	for text, want := range map[string]string{
		"":                            "",
		"nothing":                     "nothing",
		"rpr":                         "rpr",
		secret:                        "rpr_***",
		"/v2/" + secret + "/x":        "/v2/rpr_***/x",
		secret + "," + secret + "; é": "rpr_***,rpr_***; é",
		secret + secret:               "rpr_***",
		"rpr_":                        "rpr_***",
		"rpr_ and " + secret[:20]:     "rpr_*** and rpr_***",
		"token=" + secret + "%20":     "token=rpr_***%20",
		"a rpr_***":                   "a rpr_******",
	} {
		if got := access.Redact(text); got != want {
			t.Errorf("%q became %q, want %q", text, got, want)
		}
	}
}
