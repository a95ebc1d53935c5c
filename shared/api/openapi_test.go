package api_test

import (
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/getkin/kin-openapi/openapi3"
	"github.com/google/go-cmp/cmp"

	"reprise/shared/access"
	"reprise/shared/api"
	"reprise/shared/openapitest"
	"reprise/shared/replay"
)

// openapi is the file that every exchange of these tests is held to.
var openapi = sync.OnceValues(openapitest.Load)

// held is h, held to openapi.yaml. Whoever writes the file anew takes what comes.
func held(t testing.TB, h http.Handler) http.Handler {
	if *write {
		return h
	}
	file, err := openapi()
	if err != nil {
		t.Fatal(err)
	}
	return file.Handler(h, func(err error) { t.Error(err) })
}

// An answer of openapi.yaml: an operation and a status.
type answer struct {
	operation string // "METHOD /path"
	status    int
	body      *openapi3.MediaType // nil: there is none
	requests  openapi3.Examples
}

// answers is every answer of the file.
func answers(t testing.TB) (all []answer) {
	t.Helper()
	file, err := openapi()
	if err != nil {
		t.Fatal(err)
	}
	for path, item := range file.Doc.Paths.Map() {
		for method, operation := range item.Operations() {
			for code, response := range operation.Responses.Map() {
				a := answer{operation: method + " " + path, status: number(t, code), requests: make(openapi3.Examples)}
				for _, media := range response.Value.Content {
					a.body = media
				}
				if operation.RequestBody != nil {
					for _, media := range operation.RequestBody.Value.Content {
						for name, example := range media.Examples {
							a.requests[name] = example
						}
					}
				}
				all = append(all, a)
			}
		}
	}
	return all
}

func TestTheDescriptionHasTheRoutesThereAre(t *testing.T) {
	t.Parallel()
	var got, want []string
	for _, a := range answers(t) {
		got = append(got, a.operation)
	}
	for _, routes := range api.Routes() {
		want = append(want, routes...)
	}
	slices.Sort(got)
	slices.Sort(want)
	if diff := cmp.Diff(want, slices.Compact(got)); diff != "" {
		t.Errorf("(-api.Routes +openapi.yaml):\n%s", diff)
	}
}

func TestTheDescriptionIsEverybodys(t *testing.T) {
	t.Parallel()
	s := newStack(t)
	for _, edit := range []func(*http.Request){without("Authorization"), with("Authorization", "Bearer guess"), host("mars.example"), host("global.localhost"), with("Accept", "image/png")} {
		w := s.ask("GET", descriptionPath, "", edit)
		if w.Code != 200 || !strings.HasPrefix(w.Body.String(), "openapi: 3.0.3\n") {
			t.Errorf("%d %.100s", w.Code, w.Body)
		}
		if kind, cache := w.Header().Get("Content-Type"), w.Header().Get("Cache-Control"); kind != "application/yaml" || cache != "public, max-age=300" {
			t.Errorf("Content-Type is %q, Cache-Control %q", kind, cache)
		}
	}
}

func number(t testing.TB, code string) int {
	t.Helper()
	n, err := strconv.Atoi(code)
	if err != nil {
		t.Fatal(err)
	}
	return n
}

// TestEveryAnswerOfTheDescriptionIsGiven: by each operation, in whatever of the ways there are.
func TestEveryAnswerOfTheDescriptionIsGiven(t *testing.T) {
	t.Parallel()
	for _, a := range answers(t) {
		t.Run(a.operation+" "+strconv.Itoa(a.status), func(t *testing.T) {
			t.Parallel()
			s := newStack(t)
			s.enable(acme)
			s.signing = someKey(t, 1)
			method, path, _ := strings.Cut(a.operation, " ")
			w := provoked(s, method, path, a.status)
			if w.Code != a.status {
				t.Errorf("answered %d %s", w.Code, w.Body)
			}
		})
	}
}

// provoked is the answer to a request that asks for one of that status.
func provoked(s *stack, method, path string, status int) *httptest.ResponseRecorder {
	body, edits := good(method, path)
	if status != http.StatusNotFound {
		path = s.there(path)
	}
	switch status {
	case http.StatusNoContent, http.StatusConflict:
		s.jobs[acme] = aJob(replay.Running)
	case http.StatusBadRequest:
		edits = append(edits, with("Reprise-Region", "mars"))
	case http.StatusUnauthorized:
		edits = append(edits, without("Authorization"))
	case http.StatusForbidden:
		s.SaveToken("rpr_other", access.Principal{Org: "acme", Role: "auditor"}, time.Time{})
		edits = append(edits, with("Authorization", "Bearer rpr_other"))
	case http.StatusRequestEntityTooLarge:
		body = strings.Repeat(" ", 4<<20+1)
	case http.StatusUnsupportedMediaType:
		edits = append(edits, with("Content-Encoding", "br"))
	case http.StatusTooManyRequests:
		s.Handler = held(s.t, api.Busy(s.door))
	case http.StatusInternalServerError:
		s.fail = errors.New("a disk is full")
	case http.StatusServiceUnavailable:
		s.fail = context.DeadlineExceeded
	}
	return s.ask(method, path, body, edits...)
}

// good is what makes a request of an operation one that is taken.
func good(method, path string) (body string, edits []func(*http.Request)) {
	switch {
	case path == logPath:
		return lines(1), []func(*http.Request){with("Content-Type", ndjson)}
	case method == http.MethodPut:
		return window(from, to), nil
	case method == http.MethodPatch:
		return `{"enabled":true}`, nil
	case strings.HasSuffix(path, "/estimate"):
		return "", []func(*http.Request){func(r *http.Request) { r.URL.RawQuery = "start_at=" + from + "&end_at=" + to }}
	}
	return "", nil
}
