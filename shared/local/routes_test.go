package local

import (
	"errors"
	"io"
	"net/http"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"reprise/shared/api"
)

func TestEveryRouteIsServed(t *testing.T) {
	p := start(t, filepath.Join(t.TempDir(), "reprise.db"), 4)
	defer p.stop()
	res, err := http.Get(p.base + "/")
	if err != nil {
		t.Fatal(err)
	}
	page, err := io.ReadAll(res.Body)
	if err = errors.Join(err, res.Body.Close()); err != nil {
		t.Fatal(err)
	}
	file := regexp.MustCompile(`/console/[^/"]+/[^"]+`).FindString(string(page))
	for name, routes := range api.Routes() {
		for _, route := range routes {
			method, path, _ := strings.Cut(route, " ")
			r, err := http.NewRequestWithContext(t.Context(), method, p.base+strings.ReplaceAll(path, "/console/{version}/{file}", file), nil)
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
