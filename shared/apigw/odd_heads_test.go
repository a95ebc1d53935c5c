package apigw_test

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"reprise/shared/api"
)

// What GET answers where a job runs, and where there is none: by which a test knows the region that was meant.
const (
	running = `{"start_at":"2026-03-08T11:00:00Z","end_at":"2026-03-08T12:00:00Z","updated_at":"2026-03-08T12:00:00Z","status":"running","job_id":"RUNNING","requested_by":"ada","started_at":"2026-03-08T12:00:00Z","progress":{"batches":0,"entries":0,"bytes":0}}`
	none    = `{"start_at":"0001-01-01T00:00:00Z","end_at":"0001-01-01T00:00:00Z","updated_at":"0001-01-01T00:00:00Z","status":"unconfigured"}`
)

// hosts are Host headers with a Reprise-Region that counts only where the host names no region of the stack's domain, here
// api.example.com. What is no host at all (two of them, a space, letters that are not ASCII) net/http and the gateway refuse.
func hosts() map[string]row {
	rows := make(map[string]row)
	for _, c := range []struct{ host, region, want string }{
		{"us.api.example.com", "au", running},
		{"US.API.EXAMPLE.COM", "au", running},
		{"Us.Api.Example.Com", "au", running},
		{"us.api.example.com:443", "au", running},
		{"us.api.example.com:8443", "au", running},
		{"us.api.example.com.", "au", running},
		{"US.api.example.com.:65535", "au", running},
		{"us.staging.api.example.com", "au", running}, // the first label is the region
		{"eu.api.example.com", "us", none},
		{"au.api.example.com:80", "us", none},
		{"us.example.org", "au", none},
		{"us.example.org", "", running},
		{"us.api.example.com.example.org", "au", none},
		{"us-api.example.com", "au", none},
		{"usapi.example.com", "au", none},
		{"xus.api.example.com", "au", none},
		{"us", "au", none},
		{"us:80", "au", none},
		{"us.", "au", none},
		{"us.localhost:8080", "au", none},
		{"api.example.com", "au", none},
		{"api.example.com", "us", running},
		{".api.example.com", "au", none},
		{"mars.api.example.com", "au", none},
		{"us.api.example.com:http", "au", none},
		{"abc123.execute-api.us-east-1.amazonaws.com", "au", none},
		{"abc123.execute-api.us-east-1.amazonaws.com", "US", running},
		{"127.0.0.1", "au", none},
		{"127.0.0.1:8080", "us", running},
		{"127.0.0.1:8080", "", running},
		{"[::1]", "au", none},
		{"[::1]:8080", "au", none},
		{"::1", "au", none},
		{"[fe80::1%25eth0]:80", "au", none},
		{"2130706433", "au", none},
		{"0", "au", none},
		{"localhost", "", running},
		{"", "au", none},
		{"", "", running},
		{":80", "au", none},
		{strings.Repeat("a", 250) + ".api.example.com", "au", none},
		{strings.Repeat("us.", 80) + "api.example.com", "au", running},
	} {
		header := []string{"Host: " + c.host, bearer("admin")}
		if c.region != "" {
			header = append(header, "Reprise-Region: "+c.region)
		}
		rows[fmt.Sprintf("host %.40s, region %s", c.host, c.region)] = row{request{"GET", jobPath, header, ""}, 200, c.want}
	}
	return rows
}

// heads are headers that come twice, contradict each other, or ask for what there is not.
func heads() map[string]row {
	rows := map[string]row{}
	unauthorized := problem("401", "Unauthorized", "Unauthorized")
	get := func(header ...string) request {
		return request{"GET", jobPath, append([]string{host}, header...), ""}
	}
	for name, authorization := range map[string]string{
		"in small letters": "bearer admin", "in capitals": "BEARER admin", "with blanks between": "Bearer   admin", "with blanks around": "  Bearer admin  ",
	} {
		rows["a token "+name] = row{get("Authorization: " + authorization), 200, running}
	}
	for name, authorization := range map[string]string{
		"alone": "admin", "of another scheme": "Basic admin", "of two schemes": "Bearer Basic admin", "without its blank": "Beareradmin", "that is not there": "Bearer", "that is blank": "Bearer  ",
		"nothing": "", "with a comma": "Bearer admin,", "after a comma": ",Bearer admin", "in two": "Bearer adm in", "in quotes": `Bearer "admin"`, "with a tab": "Bearer\tadmin", "as a parameter": "Bearer token=admin",
		"in capitals itself": "Bearer ADMIN", "with more behind": "Bearer admin x", "that is long": "Bearer " + strings.Repeat("a", 8000), "in base64": "Bearer YWRtaW4=",
	} {
		rows["a token "+name] = row{get("Authorization: " + authorization), 401, unauthorized}
	}
	for name, two := range map[string][2]string{
		"the right one first": {"Bearer admin", "Bearer guess"}, "the right one last": {"Bearer guess", "Bearer admin"}, "another scheme": {"Bearer admin", "Basic YTpi"}, "nothing": {"Bearer admin", ""},
	} {
		rows["two Authorizations, "+name] = row{get("Authorization: "+two[0], "authorization: "+two[1]), 401, unauthorized}
	}
	for name, header := range map[string]string{"Proxy-Authorization": "Proxy-Authorization: Bearer admin", "X-Authorization": "X-Authorization: Bearer admin", "X-Api-Key": "X-Api-Key: admin"} {
		rows["a token in "+name] = row{get(header), 401, unauthorized}
	}
	for _, region := range []string{"us,eu", "us eu", "us;eu", "*", "us.", "../us", "uß", "us\t,", "mars"} {
		rows["the region "+region] = row{request{"GET", jobPath, []string{"Host: 127.0.0.1", bearer("admin"), "Reprise-Region: " + region}, ""}, 400, badRegion}
	}
	rows["the same region twice"] = row{request{"GET", jobPath, []string{"Host: 127.0.0.1", bearer("admin"), "Reprise-Region: us", "reprise-region: us"}, ""}, 400, badRegion}
	for name, accept := range map[string]string{
		"of a picture": "image/png", "of nothing": "*/*;q=0", "that is none": ";;;,,,q=x", "of XML": "application/xml", "of a version": "application/vnd.api+json; version=9", "that is empty": "",
		"that is long": strings.Repeat("text/html, ", 500) + "a/b", "of JSON with no weight": "application/json;q=0", "of control characters": "a\tb",
	} {
		rows["an Accept "+name] = row{get(bearer("admin"), "Accept: "+accept), 200, running}
		rows["an error, and an Accept "+name] = row{get("Accept: " + accept), 401, unauthorized}
	}
	for _, header := range []string{
		"Accept-Encoding: identity;q=0", "Accept-Charset: utf-7", "Accept-Language: x-klingon", "If-None-Match: *", "If-Match: \"x\"", "If-Modified-Since: Sun, 08 Mar 2026 12:00:00 GMT", "Range: bytes=0-1",
		"X-HTTP-Method-Override: DELETE", "X-HTTP-Method: PUT", "X-Forwarded-Host: eu.api.example.com", "Forwarded: host=eu.api.example.com", "X-Original-URL: /v2/nothing", "X-Rewrite-URL: /v2/nothing", "X-Forwarded-Proto: http",
		"Content-Type: image/png", "Content-Encoding: br", "X-Reprise-Region: eu", "Reprise_Region: eu", "Origin: https://example.org", "Upgrade: h2c", "Via: 1.0 proxy", "Max-Forwards: 0", "Prefer: respond-async", "Cookie: region=eu",
	} {
		rows[header] = row{get(bearer("admin"), header), 200, running}
	}
	return rows
}

const badRegion = `{"status":400,"title":"Bad Request","instance":"reprise:trace:TRACE","detail":"Invalid region","invalid_parameters":[{"field":"region","rule":"invalid","reason":"must be one of us, eu, au"}]}`

// overConnection is what net/http's server answers to a text, and its body.
func overConnection(t *testing.T, all map[string]http.Handler, method, text string) (*http.Response, string) {
	t.Helper()
	server := httptest.NewUnstartedServer(api.Route(all))
	server.Config.DisableGeneralOptionsHandler = true // as reprise serve
	server.Start()
	defer server.Close()
	conn, err := net.Dial("tcp", server.Listener.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = conn.Close() }()
	go func() { _, _ = io.WriteString(conn, text) }()
	resp, err := http.ReadResponse(bufio.NewReader(conn), &http.Request{Method: method})
	if err != nil {
		t.Fatal(err)
	}
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	return resp, string(body)
}

// What the local server alone can be sent: the gateway takes one length, no chunks, HTTP/1.1 at least, and always names a host.
func TestTheLocalServerReadsARequestAsTheGatewayWould(t *testing.T) {
	malformed := problem("400", "Bad Request", "Could not parse request body", shape) + "\n"
	post := "POST " + logPath + " HTTP/1.1\r\nHost: us.api.example.com\r\n" + bearer("producer") + "\r\n" + ndjson + "\r\n"
	for name, c := range map[string]struct {
		method, text string
		code         int
		want         string // "" where net/http answers
	}{
		"HTTP/1.0 without a Host":                     {"GET", "GET " + jobPath + " HTTP/1.0\r\n" + bearer("admin") + "\r\n\r\n", 200, running + "\n"},
		"HTTP/1.0 without a Host, by the header":      {"GET", "GET " + jobPath + " HTTP/1.0\r\n" + bearer("admin") + "\r\nReprise-Region: au\r\n\r\n", 200, none + "\n"},
		"HTTP/1.0 with a Host":                        {"GET", "GET " + jobPath + " HTTP/1.0\r\nHost: eu.api.example.com\r\n" + bearer("admin") + "\r\n\r\n", 200, none + "\n"},
		"HTTP/1.1 without a Host":                     {"GET", "GET " + jobPath + " HTTP/1.1\r\n" + bearer("admin") + "\r\n\r\n", 400, ""},
		"two Hosts":                                   {"GET", "GET " + jobPath + " HTTP/1.1\r\n" + host + "\r\nHost: eu.api.example.com\r\n" + bearer("admin") + "\r\n\r\n", 400, ""},
		"a Host with a blank":                         {"GET", "GET " + jobPath + " HTTP/1.1\r\nHost: us api.example.com\r\n" + bearer("admin") + "\r\n\r\n", 400, ""},
		"an absolute target, whose host counts":       {"GET", "GET http://eu.api.example.com" + jobPath + " HTTP/1.1\r\n" + host + "\r\n" + bearer("admin") + "\r\n\r\n", 200, none + "\n"},
		"a target that is no path":                    {"GET", "GET v2/audit-log-replay-job HTTP/1.1\r\n" + host + "\r\n\r\n", 400, ""},
		"a path that is no URL's":                     {"GET", "GET /v2/%zz HTTP/1.1\r\n" + host + "\r\n\r\n", 400, ""},
		"OPTIONS of everything":                       {"OPTIONS", "OPTIONS * HTTP/1.1\r\n" + host + "\r\n\r\n", 404, problem("404", "Not Found", "Not Found") + "\n"},
		"a length and chunks: the chunks count":       {"POST", post + "Content-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n" + fmt.Sprintf("%x\r\n%s\r\n0\r\n\r\n", len(entry), entry), 202, `{"accepted":1}` + "\n"},
		"chunks":                                      {"POST", post + "Transfer-Encoding: chunked\r\n\r\n" + fmt.Sprintf("%x\r\n%s\r\n0\r\n\r\n", len(entry), entry), 202, `{"accepted":1}` + "\n"},
		"chunks that are none":                        {"POST", post + "Transfer-Encoding: chunked\r\n\r\nzz\r\n", 400, malformed},
		"chunks, twice":                               {"POST", post + "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", 501, ""},
		"another transfer coding":                     {"POST", post + "Transfer-Encoding: gzip\r\n\r\n", 501, ""},
		"two lengths":                                 {"POST", post + "Content-Length: 3\r\nContent-Length: 4\r\n\r\nabcd", 400, ""},
		"the same length twice, which is that length": {"POST", post + "Content-Length: 0\r\nContent-Length: 0\r\n\r\n", 202, `{"accepted":0}` + "\n"},
		"a length below nothing":                      {"POST", post + "Content-Length: -1\r\n\r\n", 400, ""},
		"a length that is no number":                  {"POST", post + "Content-Length: 0x3\r\n\r\nabc", 400, ""},
		"no length, which is no body":                 {"POST", post + "\r\n", 202, `{"accepted":0}` + "\n"},
		"a header on two lines":                       {"GET", "GET " + jobPath + " HTTP/1.1\r\n" + host + "\r\nAuthorization: Bearer\r\n admin\r\n\r\n", 200, running + "\n"},
		"a name with a blank before the colon":        {"GET", "GET " + jobPath + " HTTP/1.1\r\n" + host + "\r\nAuthorization : Bearer admin\r\n\r\n", 400, ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			resp, body := overConnection(t, handlers(t, newKey(t)), c.method, c.text)
			if resp.StatusCode != c.code {
				t.Errorf("answered %d, want %d: %s", resp.StatusCode, c.code, body)
			}
			if diff := cmp.Diff(c.want, body); c.want != "" && diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}
