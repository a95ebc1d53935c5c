package local

import (
	"net/http"
	"path/filepath"
	"strings"
	"testing"

	"reprise/shared/api"
)

func TestEveryRouteIsServed(t *testing.T) {
	p := start(t, filepath.Join(t.TempDir(), "reprise.db"), 4)
	defer p.stop()
	for name, routes := range api.Routes() {
		for _, route := range routes {
			method, path, _ := strings.Cut(route, " ")
			r, err := http.NewRequestWithContext(t.Context(), method, p.base+path, nil)
			if err != nil {
				t.Fatal(err)
			}
			res, err := http.DefaultClient.Do(r)
			if err != nil {
				t.Fatal(err)
			}
			if err := res.Body.Close(); err != nil {
				t.Fatal(err)
			}
			if res.StatusCode != 200 && res.StatusCode != 401 { // nobody's request: what needs no token is answered, all else asks for one
				t.Errorf("%s of %s is answered %d", route, name, res.StatusCode)
			}
		}
	}
}
