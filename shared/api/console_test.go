package api_test

import (
	"io/fs"
	"maps"
	"net/http"
	"net/http/httptest"
	"path"
	"regexp"
	"slices"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/google/go-cmp/cmp"

	"reprise/shared/api"
	"reprise/shared/console"
	"reprise/shared/replay"
)

// named is every file that a page names.
var named = regexp.MustCompile(`/console/[^/"]+/[^"]+`)

// there is a path of the page's files for the route of them, any other path itself.
func (s *stack) there(path string) string {
	if !strings.Contains(path, "{file}") {
		return path
	}
	return named.FindString(s.ask("GET", "/", "").Body.String())
}

// shownBy is what the page of these files answers.
func shownBy(files fs.FS, path string) *httptest.ResponseRecorder {
	w := httptest.NewRecorder()
	door := api.NewDoor(nil, replay.Regions{}, clockAtNoon, func() string { return "TRACE" })
	api.Console(door, files).ServeHTTP(w, httptest.NewRequest("GET", path, nil))
	return w
}

// small is a page of three files.
func small() fstest.MapFS {
	return fstest.MapFS{
		"index.html": {Data: []byte(`<link href="/console/{version}/a.css"><script src="/console/{version}/b.js">`)},
		"a.css":      {Data: []byte("a")},
		"b.js":       {Data: []byte("b")},
	}
}

// versionOf is the version that a page names, for all its files the same.
func versionOf(t *testing.T, files fs.FS) string {
	t.Helper()
	var all []string
	for _, path := range named.FindAllString(shownBy(files, "/").Body.String(), -1) {
		all = append(all, strings.Split(path, "/")[2])
	}
	if all = slices.Compact(all); len(all) != 1 || !regexp.MustCompile(`^[0-9a-f]{12}$`).MatchString(all[0]) {
		t.Fatalf("the page names versions %q", all)
	}
	return all[0]
}

const policy = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; form-action 'none'; base-uri 'none'; frame-ancestors 'none'; require-trusted-types-for 'script'"

func TestThePageIsEverybodysAndLoadsNothingOfOthers(t *testing.T) {
	t.Parallel()
	s := newStack(t)
	want := map[string][]string{
		"Cache-Control": {"no-cache"}, "Content-Security-Policy": {policy}, "Content-Type": {"text/html; charset=utf-8"}, "Cross-Origin-Opener-Policy": {"same-origin"},
		"Cross-Origin-Resource-Policy": {"same-origin"}, "Referrer-Policy": {"no-referrer"}, "X-Content-Type-Options": {"nosniff"},
	}
	for _, path := range []string{"/", s.there("/console/{version}/{file}")} {
		if path != "/" {
			want["Cache-Control"], want["Content-Type"] = []string{"public, max-age=31536000, immutable"}, []string{kindOf(path)}
		}
		first := s.ask("GET", path, "").Body.String()
		for _, edit := range []func(*http.Request){without("Authorization"), with("Authorization", "Bearer guess"), with("Reprise-Region", "mars"), host("mars.example"), host("global.localhost"), with("Accept", "image/png")} {
			w := s.ask("GET", path, "", edit)
			got := maps.Clone(w.Header())
			delete(got, "Content-Length")
			if diff := cmp.Diff(want, map[string][]string(got)); w.Code != 200 || w.Body.String() != first || diff != "" {
				t.Errorf("%s is answered %d, with headers (-want +got):\n%s", path, w.Code, diff)
			}
		}
	}
}

// kindOf is the Content-Type of each kind of file that there may be.
func kindOf(name string) string {
	return map[string]string{".css": "text/css; charset=utf-8", ".js": "text/javascript; charset=utf-8", ".svg": "image/svg+xml"}[path.Ext(name)]
}

func TestThePageNamesWhatThereIs(t *testing.T) {
	t.Parallel()
	s := newStack(t)
	page := s.ask("GET", "/", "").Body.String()
	if strings.Contains(page, "{version}") {
		t.Error("the page names no version")
	}
	for _, path := range named.FindAllString(page, -1) {
		if w := s.ask("GET", path, ""); w.Code != 200 || w.Body.Len() == 0 {
			t.Errorf("the page names %s, which is answered %d", path, w.Code)
		}
	}
	prefix := "/console/" + versionOf(t, console.Page()) + "/"
	names, err := fs.Glob(console.Page(), "*")
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range names {
		text, err := fs.ReadFile(console.Page(), name)
		if err != nil {
			t.Fatal(err)
		}
		w := s.ask("GET", prefix+name, "")
		switch {
		case name == "index.html":
			answered(t, w, 404, trouble("404", "Not Found", "Not Found")) // it is there under one path
		case w.Code != 200 || w.Body.String() != string(text) || w.Header().Get("Content-Type") != kindOf(name):
			t.Errorf("%s is answered %d as %q", prefix+name, w.Code, w.Header().Get("Content-Type"))
		}
	}
}

func TestAFileOfAnotherVersionIsNotFound(t *testing.T) {
	t.Parallel()
	s := newStack(t)
	version := versionOf(t, console.Page())
	for _, path := range []string{"000000000000/base.css", strings.ToUpper(version) + "x/base.css", version + "/nothing.css", version + "/index.html", version + "/base%2Ecss", version + "/..", version[:11] + "/base.css"} {
		answered(t, s.ask("GET", "/console/"+path, ""), 404, trouble("404", "Not Found", "Not Found"))
	}
}

func TestEveryChangeOfThePageIsANewVersion(t *testing.T) {
	t.Parallel()
	seen := map[string]string{versionOf(t, small()): "nothing"}
	if again := versionOf(t, small()); seen[again] == "" {
		t.Error("the same page has two versions")
	}
	for story, change := range map[string]func(fstest.MapFS){
		"the page's own text":        func(f fstest.MapFS) { f["index.html"].Data = append(f["index.html"].Data, ' ') },
		"a style":                    func(f fstest.MapFS) { f["a.css"].Data = []byte("A") },
		"a script":                   func(f fstest.MapFS) { f["b.js"].Data = []byte("B") },
		"one more":                   func(f fstest.MapFS) { f["c.js"] = &fstest.MapFile{} },
		"one less":                   func(f fstest.MapFS) { delete(f, "b.js") },
		"another name":               func(f fstest.MapFS) { f["a2.css"] = f["a.css"]; delete(f, "a.css") },
		"texts changed places":       func(f fstest.MapFS) { f["a.css"], f["b.js"] = f["b.js"], f["a.css"] },
		"a byte went to another one": func(f fstest.MapFS) { f["a.css"].Data, f["b.js"].Data = []byte("ab"), nil },
	} {
		files := small()
		change(files)
		version := versionOf(t, files)
		if other := seen[version]; other != "" {
			t.Errorf("%s has the version of %s", story, other)
		}
		seen[version] = story
		if w := shownBy(files, "/console/"+versionOf(t, small())+"/a.css"); w.Code != 404 {
			t.Errorf("%s: the old version is answered %d", story, w.Code)
		}
	}
}

// unreadable is a page with a file that cannot be read.
type unreadable struct{ fstest.MapFS }

func (u unreadable) Open(name string) (fs.File, error) {
	if name == "a.css" {
		return nil, fs.ErrPermission
	}
	return u.MapFS.Open(name)
}

func (u unreadable) ReadFile(name string) ([]byte, error) {
	if name == "a.css" {
		return nil, fs.ErrPermission
	}
	return u.MapFS.ReadFile(name)
}

func TestAPageThatCannotBeReadIsOurFault(t *testing.T) {
	t.Parallel()
	answered(t, shownBy(unreadable{small()}, "/"), 500, trouble("500", "Internal Server Error", "Internal Server Error"))
	if w := shownBy(unreadable{small()}, descriptionPath); w.Code != 200 {
		t.Errorf("the description is answered %d", w.Code)
	}
}
