package api

import (
	"net/http"
	"slices"
	"strings"
)

// DefaultRoute is the name of the handler for what no route answers, among those given to Route.
const DefaultRoute = "default-route"

// Routes is every route there is, "METHOD /path", by the folder of functions/ that answers it: what the local server
// mounts, what a 405 lists under Allow.
func Routes() map[string][]string {
	return map[string][]string{
		"put-replay-job": {"PUT /v2/audit-log-replay-job", "PUT /v3/audit-log-replay-job"},
		"get-replay-job": {
			"GET /v2/audit-log-replay-job", "GET /v2/audit-log-replay-job/estimate",
			"GET /v3/audit-log-replay-job", "GET /v3/audit-log-replay-job/estimate",
		},
		"cancel-replay-job": {"DELETE /v2/audit-log-replay-job", "DELETE /v3/audit-log-replay-job"},
		"webhook": {
			"GET /v2/audit-log-webhook", "PATCH /v2/audit-log-webhook",
			"GET /v2/audit-log-webhook/status", "GET /v3/audit-log-webhook/status", "POST /v2/audit-log-webhook/test",
		},
		"jwks":    {"GET /v2/audit-log-webhook/jwks.json"},
		"intake":  {"POST /v2/audit-log-events"},
		"console": {"GET /", "GET /console/{version}/{file}", "GET /openapi.yaml"},
	}
}

// Route sends each request to the handler of its route, else to handlers[DefaultRoute], which must be there.
// Methods and paths match exactly, as they were sent: nothing is cleaned, unescaped or redirected, because a gateway
// would not do it either. A route whose handler is missing is answered by the default.
func Route(handlers map[string]http.Handler) http.Handler {
	exact := make(map[string]http.Handler)
	for name, routes := range Routes() {
		if h := handlers[name]; h != nil {
			for _, route := range routes {
				exact[route] = h
			}
		}
	}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		h, ok := exact[r.Method+" "+Pattern(r.URL.EscapedPath())]
		if !ok {
			h = handlers[DefaultRoute]
		}
		h.ServeHTTP(w, r)
	})
}

// Pattern is the path of Routes that a request's path, as it was sent, belongs to, or that path itself.
func Pattern(path string) string {
	parts := strings.Split(path, "/")
	if len(parts) == 4 && parts[0] == "" && parts[1] == "console" && parts[2] != "" && parts[3] != "" {
		return "/console/{version}/{file}"
	}
	return path
}

// Nowhere answers what no route answers: 405 with Allow where the path has other methods, else 404.
func Nowhere(door *Door) http.Handler {
	allow := make(map[string][]string)
	for _, routes := range Routes() {
		for _, route := range routes {
			method, path, _ := strings.Cut(route, " ")
			allow[path] = append(allow[path], method)
		}
	}
	return door.open(func(r *http.Request, _ *caller) (reply, error) {
		methods := slices.Sorted(slices.Values(allow[Pattern(r.URL.EscapedPath())]))
		if len(methods) == 0 || slices.Contains(methods, r.Method) {
			return reply{}, refuse(http.StatusNotFound, "Not Found")
		}
		p := refuse(http.StatusMethodNotAllowed, "Method Not Allowed")
		p.header = map[string]string{"Allow": strings.Join(methods, ", ")}
		return reply{}, p
	})
}

// Busy answers 429: for whoever counts the requests in flight and has enough of them.
func Busy(door *Door) http.Handler {
	return door.open(func(*http.Request, *caller) (reply, error) {
		return reply{}, tooMany(nil)
	})
}
