package api_test

import (
	"bufio"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"reprise/shared/api"
	"reprise/shared/replay"
)

func TestEveryRouteIsAnswered(t *testing.T) {
	t.Parallel()
	s := newStack(t)
	for name, routes := range api.Routes() {
		for _, route := range routes {
			method, path, _ := strings.Cut(route, " ")
			path = s.there(path)
			s.jobs[acme] = aJob(replay.Accepted) // for a DELETE there is something to cancel
			if w := s.ask(method, path, ""); w.Code == 404 || w.Code == 405 {
				t.Errorf("%s of %s is answered %d", route, name, w.Code)
			}
			s.jobs[acme] = aJob(replay.Accepted)
			if w := s.ask(method, path+"?x=1&y=%2F", ""); w.Code == 404 || w.Code == 405 {
				t.Errorf("%s with a query is answered %d", route, w.Code)
			}
		}
	}
}

func TestNobodyCanChangeTheRoutes(t *testing.T) {
	t.Parallel()
	delete(api.Routes(), "intake")
	if len(api.Routes()["intake"]) == 0 {
		t.Error("somebody could")
	}
}

func TestAWrongMethodIsToldTheRightOnes(t *testing.T) {
	t.Parallel()
	s := newStack(t)
	for path, allow := range map[string]string{
		jobPath:                             "DELETE, GET, PUT",
		estimatePath:                        "GET",
		"/v3/audit-log-replay-job":          "DELETE, GET, PUT",
		"/v3/audit-log-replay-job/estimate": "GET",
		hookPath:                            "GET, PATCH",
		jwksPath:                            "GET",
		logPath:                             "POST",
		testPath:                            "POST",
		statusPath:                          "GET",
		"/v3/audit-log-webhook/status":      "GET",
		descriptionPath:                     "GET",
		"/":                                 "GET",
		"/console/x/y":                      "GET",
	} {
		for _, method := range []string{"GET", "HEAD", "PUT", "PATCH", "POST", "DELETE", "OPTIONS", "TRACE", "PROPFIND", "get"} {
			if strings.Contains(", "+allow+",", ", "+method+",") {
				continue
			}
			w := s.ask(method, path, "", without("Authorization"))
			answered(t, w, 405, trouble("405", "Method Not Allowed", "Method Not Allowed"))
			if got := w.Header().Get("Allow"); got != allow {
				t.Errorf("%s %s: Allow is %q", method, path, got)
			}
		}
	}
}

func TestAnUnknownPathIsNotFound(t *testing.T) {
	t.Parallel()
	// Over a real connection: what a client sends must not be cleaned on the way.
	server := httptest.NewServer(newStack(t))
	defer server.Close()
	for _, target := range []string{
		"//", "/index.html", "/console", "/console/", "/console/x", "/console/x/", "/console//x", "/console/x/y", "/console/x/y/z", "/Console/x/y", "//console/x/y", "/console/x/y?",
		"/v2", "/v1/audit-log-replay-job", "/v4/audit-log-replay-job", "/v3/audit-log-webhook", "/v3/audit-log-events", jobPath + "/", "/" + jobPath, "/v2//audit-log-replay-job",
		"/v2/./audit-log-replay-job", "/v2/x/../audit-log-replay-job", "/v2/audit-log-replay%2Djob", "/v2%2Faudit-log-replay-job",
		"/V2/audit-log-replay-job", jobPath + ";x=1", jobPath + "%00", jobPath + "%20", estimatePath + "/", jwksPath + "/",
		"/v3/audit-log-webhook/test", statusPath + "/", "/v2/audit-log-webhook/jwks", "/v2/audit-log-destinations/1",
		"http://us.localhost/nothing",
	} {
		code, header, body := raw(t, server, "GET "+target+" HTTP/1.1\r\nHost: us.localhost\r\nConnection: close\r\n\r\n")
		if want := trouble("404", "Not Found", "Not Found"); code != 404 || strings.TrimSpace(body) != want || header.Get("Location") != "" {
			t.Errorf("%s: %d %s %s", target, code, header.Get("Location"), body)
		}
	}
}

func TestOddRequestsOverAConnection(t *testing.T) {
	t.Parallel()
	server := httptest.NewServer(newStack(t))
	defer server.Close()
	const end = " HTTP/1.1\r\nHost: us.localhost\r\nConnection: close\r\n\r\n"
	for name, tt := range map[string]struct {
		request string
		code    int
		body    string
	}{
		"HEAD has no body":      {"HEAD " + jobPath + end, 405, ""},
		"HEAD of an estimate":   {"HEAD " + estimatePath + end, 405, ""},
		"OPTIONS":               {"OPTIONS " + jobPath + end, 405, trouble("405", "Method Not Allowed", "Method Not Allowed")},
		"CONNECT":               {"CONNECT us.localhost:443" + end, 404, trouble("404", "Not Found", "Not Found")},
		"an absolute target":    {"GET http://us.localhost" + jobPath + end, 401, trouble("401", "Unauthorized", "Unauthorized")},
		"HTTP/1.0 without host": {"GET " + jobPath + " HTTP/1.0\r\n\r\n", 401, trouble("401", "Unauthorized", "Unauthorized")},
	} {
		t.Run(name, func(t *testing.T) {
			code, _, body := raw(t, server, tt.request)
			if code != tt.code || strings.TrimSpace(body) != tt.body {
				t.Errorf("%d %s", code, body)
			}
		})
	}
}

// raw sends bytes as they are.
func raw(t *testing.T, server *httptest.Server, request string) (int, http.Header, string) {
	t.Helper()
	conn, err := new(net.Dialer).DialContext(t.Context(), "tcp", server.Listener.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	if _, err := io.WriteString(conn, request); err != nil {
		t.Fatal(err)
	}
	method, _, _ := strings.Cut(request, " ")
	answer, err := http.ReadResponse(bufio.NewReader(conn), &http.Request{Method: method})
	if err != nil {
		t.Fatal(err)
	}
	defer answer.Body.Close()
	body, err := io.ReadAll(answer.Body)
	if err != nil {
		t.Fatal(err)
	}
	return answer.StatusCode, answer.Header, string(body)
}

func TestARouteWithoutAHandlerIsNotFound(t *testing.T) {
	t.Parallel()
	door := api.NewDoor(newShelf(t), replay.Regions{}, clockAtNoon, func() string { return "TRACE" })
	h := api.Route(map[string]http.Handler{api.DefaultRoute: api.Nowhere(door)})
	w := httptest.NewRecorder()
	h.ServeHTTP(w, httptest.NewRequest("GET", jobPath, nil))
	answered(t, w, 404, trouble("404", "Not Found", "Not Found"))
}

func TestBusyIsAnsweredWithATimeToComeBack(t *testing.T) {
	t.Parallel()
	door := api.NewDoor(newShelf(t), replay.Regions{}, clockAtNoon, func() string { return "TRACE" })
	w := httptest.NewRecorder()
	api.Busy(door).ServeHTTP(w, httptest.NewRequest("PUT", jobPath, nil))
	answered(t, w, 429, trouble("429", "Too Many Requests", "Too many requests"))
	if got := w.Header().Get("Retry-After"); got != "1" {
		t.Errorf("Retry-After is %q", got)
	}
}
