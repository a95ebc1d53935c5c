package api_test

import (
	"bytes"
	"testing"

	"github.com/google/go-cmp/cmp"

	"reprise/shared/auditlog"
)

func TestTheKeysAreEverybodys(t *testing.T) {
	t.Parallel()
	s := newStack(t)
	answered(t, s.ask("GET", jwksPath, "", without("Authorization")), 200, `{"keys":[]}`)
	for n := range 2 {
		key, err := auditlog.NewKey(bytes.NewReader(bytes.Repeat([]byte{byte(n)}, 64)), noon)
		if err != nil {
			t.Fatal(err)
		}
		s.keys = append(s.keys, key.Public())
	}
	w := s.ask("GET", jwksPath, "", without("Authorization"))
	answered(t, w, 200, string(bytes.TrimSpace(auditlog.JWKS(s.keys))))
	if got := w.Header().Get("Cache-Control"); got != "public, max-age=300" {
		t.Errorf("Cache-Control is %q", got)
	}
	read, err := auditlog.ParseJWKS(w.Body.Bytes())
	if diff := cmp.Diff(s.keys, read); err != nil || diff != "" {
		t.Error(err, diff)
	}
}
