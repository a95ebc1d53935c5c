package apigw_test

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"

	"reprise/shared/api"
)

// odd is a request for the job, or for the webhook where there is none, as an admin of us.
func odd(method, target string) request {
	return request{method, target, []string{host, bearer("admin")}, ""}
}

// paths are those that are nearly one of ours: nothing is cleaned, unescaped or redirected. AWS's gateway has decoded a path's
// escapes before a function sees it, so that there an escaped letter is the letter; whoever sends an event himself has not.
// A path that is no URL's ("/%zz") is refused by net/http itself, with a 400 of its own.
func paths() map[string]row {
	rows := make(map[string]row)
	for _, path := range []string{
		"/v2/./audit-log-replay-job", "/./v2/audit-log-replay-job", "/v2/../v2/audit-log-replay-job", "/v2/x/../audit-log-replay-job",
		"/v2/%2e/audit-log-replay-job", "/v2/x/%2E%2E/audit-log-replay-job", "/v2/%252e%252e/audit-log-replay-job",
		"/../v2/audit-log-replay-job", "/v2/...", "/.", "/..", jobPath + "/.", jobPath + "/..", jobPath + ".",
		"/v2%2Faudit-log-replay-job", "/%2Fv2/audit-log-replay-job", jobPath + "%2F", "/v2/audit-log-webhook%2Fjwks.json",
		"/v2/audit-log-webhook%5Cjwks.json", `/v2\audit-log-replay-job`,
		"//v2/audit-log-replay-job", "/v2//audit-log-replay-job", "///v2/audit-log-replay-job", hookPath + "//jwks.json",
		jobPath + "/", hookPath + "/", jwksPath + "/", logPath + "/", jobPath + "//",
		"/V2/audit-log-replay-job", "/v2/Audit-Log-Replay-Job", "/v2/AUDIT-LOG-REPLAY-JOB", hookPath + "/JWKS.json",
		jobPath + ";", jobPath + ";a=b", "/v2;a=b/audit-log-replay-job", jobPath + "%3B", jobPath + "%3Fdetail=slices", jobPath + "%23",
		jobPath + "%00", "/v2/%00", "/v2/audit-log%00-replay-job", jobPath + "%0A", jobPath + "%0d%0a", jobPath + "%20", "/v2/%20audit-log-replay-job",
		jobPath + "+", jobPath + "*", "/v2/*", "/*", jobPath + "&a=b", jobPath + "=", jobPath + ",", jobPath + ":80", jobPath + "@", jobPath + "'", jobPath + "(1)",
		"/v2/audit%2Dlog-replay-job", "/%76%32/audit-log-replay-job", "/v2/%61udit-log-replay-job", "/v2/audit-log-replay-jo%62",
		"/v2/audit-log-replay-job%C3%A9", "/v2/audit-log-replay-job%FF", "/v2/audit-log-replay-job%c0%af", "/v2/\u00e4udit",
		"/v2/audit-log-replay-jobs", "/v2/audit-log-replay", "/v2/audit-log-replay-job/x", "/v2/audit-log-replay-job/estimate/", "/audit-log-replay-job",
		"/v1/audit-log-replay-job", "/v4/audit-log-replay-job", "/v2", "/v2/", "/v3", "/v02/audit-log-replay-job", "/prod/v2/audit-log-replay-job",
		"/v2/audit_log_replay_job", "/v2/audit-log-webhook/jwks", "/v2/audit-log-webhook/jwks.json.", "/v2/audit-log-webhook/.json",
		"/console", "/console/", "/console/x", "/console/x/", "/console//x", "//console/x/y", "/console/x/y/z", "/console/x/y/", "/console%2Fx/y", "/Console/x/y", "/console/..", "/%2F",
		"/favicon.ico", "/robots.txt", "/.git/config", "/.env", "/index.html",
		"/" + strings.Repeat("a", 4000), jobPath + strings.Repeat("/", 4000), strings.Repeat("/v2", 1000), jobPath + strings.Repeat("%20", 1000),
	} {
		for _, method := range []string{"GET", "DELETE", "BREW"} { // a path that is not there has no right methods
			name := fmt.Sprintf("%s %.60s %d", method, path, len(path))
			rows[name] = row{odd(method, path), 404, problem("404", "Not Found", "Not Found")}
		}
	}
	return rows
}

// queries are no part of a route: what nobody asks for is passed over, but for the job, which has parameters, only where it is
// a query as URLs have them.
func queries() map[string]row {
	rows := make(map[string]row)
	const hook = `{"endpoint":"https://logs.example","enabled":true,"log_format":"json","skip_ssl_verification":false,"updated_at":"2026-03-08T12:00:00Z"}`
	for _, query := range []string{"a=%", "a=%z", "a=%zz", "%zz=1", "a=%u0041", "a;b", "a=1;b=2", "detail=slices&%", ";"} {
		rows["?"+query] = row{odd("GET", jobPath+"?"+query), 400, refused("Invalid parameter", field("query", "invalid", "must be parameters as a URL has them"))}
		rows["the webhook?"+query] = row{odd("GET", hookPath+"?"+query), 200, hook}
		rows["nothing?"+query] = row{odd("GET", "/v2/nothing?"+query), 404, problem("404", "Not Found", "Not Found")}
	}
	for _, query := range []string{
		"", "?", "&", "&&=", "=", "a", "a=%00", "a=%0d%0aX:%20y", "a=1&a=2", "a[]=1", "a=%FF", "a=%c3%28",
		"a=+", "a=\u00e9", "a=%25zz", "a=" + strings.Repeat("%20", 1000), strings.Repeat("a&", 1000), "a=/v2/../", "a=?b=?", "token=admin", "access_token=admin",
	} {
		rows[fmt.Sprintf("?%.40s %d", query, len(query))] = row{odd("GET", jobPath+"?"+query), 200, running}
		rows[fmt.Sprintf("nothing?%.40s %d", query, len(query))] = row{odd("GET", "/v2/nothing?"+query), 404, problem("404", "Not Found", "Not Found")}
	}
	rows["a token in the query"] = row{
		request{"GET", jobPath + "?access_token=admin&token=admin&authorization=Bearer%20admin", []string{host}, ""}, 401, problem("401", "Unauthorized", "Unauthorized"),
	}
	return rows
}

// methods is every method at every path that some route has: those of its routes are another test's.
func methods() map[string]row {
	at := make(map[string][]string)
	for _, routes := range api.Routes() {
		for _, route := range routes {
			method, path, _ := strings.Cut(route, " ")
			at[path] = append(at[path], method)
		}
	}
	rows := make(map[string]row)
	for path, right := range at {
		for _, method := range []string{
			"GET", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "CONNECT", // RFC 9110 §9, RFC 5789; HEAD has a row of its own
			"PROPFIND", "PROPPATCH", "MKCOL", "COPY", "MOVE", "LOCK", "UNLOCK", "REPORT", "MERGE", "SEARCH", "PURGE", "QUERY", "LINK", "VIEW",
			"get", "put", "Get", "gET", "patch", "Delete", "post", "GETS", "PUT2", "X-GET", "G", "M-SEARCH", "!", "~", "'", strings.Repeat("A", 1000),
		} {
			if !slices.Contains(right, method) {
				name := fmt.Sprintf("%.20s %s", method, path)
				rows[name] = row{odd(method, path), 405, problem("405", "Method Not Allowed", "Method Not Allowed")}
			}
		}
	}
	return rows
}

func TestA405NamesTheRightMethodsAtBothDoors(t *testing.T) {
	all := handlers(t, newKey(t))
	want := make(map[string][]string)
	for _, routes := range api.Routes() {
		for _, route := range routes {
			method, path, _ := strings.Cut(route, " ")
			want[path] = append(want[path], method)
		}
	}
	for _, path := range slices.Sorted(maps.Keys(want)) {
		slices.Sort(want[path])
		allow := strings.Join(want[path], ", ")
		for door, got := range map[string]answered{"the local server": odd("BREW", path).local(t, all), "the gateway": odd("BREW", path).gateway(t, all)} {
			if got.code != 405 || got.header["Allow"] != allow {
				t.Errorf("%s, %s: got %d, Allow %q, want %q", door, path, got.code, got.header["Allow"], allow)
			}
		}
	}
}
