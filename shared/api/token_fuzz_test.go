package api

import (
	"net/http"
	"regexp"
	"strings"
	"testing"
)

// A token is found exactly where a regular expression finds one, in the only header there is.
func FuzzBearer(f *testing.F) {
	for _, value := range []string{
		"Bearer rpr_abc", "bearer  x", "BEARER x ", "Bearer", "Bearer ", "Bearer a b", "Bearer a,Bearer b", "Bearer\tx", "Basic eDp5", "", " Bearer x",
		"Bearer \u00a0", "Bearer a\u2003b", "Bearer \x00", "Bearer " + strings.Repeat("a", maxAuthorization-7), "Bearer " + strings.Repeat("a", maxAuthorization-6),
	} {
		f.Add(value, "", false)
		f.Add(value, value, true)
	}
	form := regexp.MustCompile(`^(?i:bearer) +([^ \t,]+)$`)
	f.Fuzz(func(t *testing.T, value, other string, both bool) {
		h := http.Header{"Authorization": {value}}
		if both {
			h.Add("Authorization", other)
		}
		token, err := bearer(h)
		want := form.FindStringSubmatch(strings.TrimSpace(value))
		if found := !both && len(value) <= maxAuthorization && want != nil; found != (err == nil) || found && token != want[1] {
			t.Fatalf("%q, %q: %q, %v", value, h, token, err)
		}
		if plain := (http.Header{"Authorization": {"Bearer " + token}}); err == nil && Caller(h) != Caller(plain) {
			t.Fatalf("%q is another caller than %q", h, plain)
		}
	})
}
