package main

import (
	"bytes"
	"crypto/rand"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"html"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"reprise/shared/sqlite"
)

// asking follows no redirect.
var asking = &http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}

func newRequest(v *victim, q asked) (*http.Request, error) {
	req, err := http.NewRequestWithContext(v.t.Context(), q.method, "http://"+v.address, strings.NewReader(q.body))
	if err != nil {
		return nil, err
	}
	if req.URL.Path, req.URL.RawQuery, _ = strings.Cut(q.path, "?"); q.token != "" {
		req.Header.Set("Authorization", "Bearer "+q.token)
	}
	for i := 0; i+1 < len(q.header); i += 2 {
		if req.Header[http.CanonicalHeaderKey(q.header[i])] = []string{q.header[i+1]}; q.header[i] == "Host" {
			req.Host = q.header[i+1]
		}
	}
	return req, nil
}

// A hook is a receiver that tells what it was told.
type hook struct {
	authorization, secret string // what is sent, and what of it nobody may see
	answer                http.HandlerFunc
	raw                   func(net.Conn, *http.Request) // instead
}

// repeats is every header of the request, in a body and where headers say something.
func repeats(code int, dress func(string) string) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		said := dress(r.Header.Get("Authorization"))
		for _, name := range []string{"Location", "Retry-After", "WWW-Authenticate", "X-You-Said", "Set-Cookie", "Content-Type", "Server"} {
			w.Header()[http.CanonicalHeaderKey(name)] = []string{said}
		}
		w.WriteHeader(code)
		head, _ := httputil.DumpRequest(r, false)
		_, _ = io.WriteString(w, "you said "+said+"\n")
		if code%2 == 0 {
			_, _ = io.WriteString(w, dress(string(head)))
		}
	}
}

// decoded is what a Basic header says, to whoever reads it.
func decoded(authorization string) string {
	text, _ := base64.StdEncoding.DecodeString(strings.TrimPrefix(authorization, "Basic "))
	user, password, _ := strings.Cut(string(text), ":")
	return "wrong password " + password + " of " + user
}

func hooks() map[string]hook {
	plain := func(s string) string { return s }
	all := make(map[string]hook)
	for _, code := range []int{200, 204, 301, 307, 400, 401, 403, 404, 408, 410, 413, 425, 429, 500, 503, 599} {
		secret := "planted/" + rand.Text()
		all[fmt.Sprint("says ", code)] = hook{"Bearer " + secret, secret, repeats(code, plain), nil}
	}
	for name, dress := range map[string]func(string) string{"URL": url.QueryEscape, "HTML": html.EscapeString, "JSON": func(s string) string { b, _ := json.Marshal(s); return string(b) }} {
		secret := `planted "<&/` + rand.Text()
		all["repeats in "+name] = hook{`Splunk key="` + secret + `"`, secret, repeats(401, dress), nil}
	}
	password := "planted-" + rand.Text()
	basic := "Basic " + base64.StdEncoding.EncodeToString([]byte("ada:"+password))
	all["decodes what it got"] = hook{basic, password, repeats(401, decoded), nil}
	for name, said := range map[string]string{
		"a reason": "HTTP/1.1 401 %s\r\n\r\n", "no HTTP": "SSH-2.0-%s\r\n", "a broken head": "HTTP/1.1 200 OK\r\n%s\r\n\r\n", "a broken length": "HTTP/1.1 200 OK\r\nContent-Length: %s\r\n\r\n",
		"a broken code": "HTTP/1.1 %s\r\n\r\n", "a broken chunk": "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n%s\r\n", "another coding": "HTTP/1.1 200 OK\r\nTransfer-Encoding: %s\r\n\r\n",
		"more than it says": "HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\nx%s\r\n",
	} {
		secret := "planted-" + rand.Text()
		all["says "+name] = hook{"Bearer " + secret, secret, nil, func(conn net.Conn, r *http.Request) {
			_, _ = io.Copy(io.Discard, r.Body)
			_, _ = fmt.Fprintf(conn, said, r.Header.Get("Authorization"))
		}}
	}
	return all
}

// listen starts the receiver; what it is told beside the authorization is heard.
func (k hook) listen(t *testing.T, h *hearsay, name string) (endpoint string) {
	if k.raw != nil {
		endpoint, _, end := rude{answer: k.raw}.receive(t)
		t.Cleanup(end)
		return endpoint
	}
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		k.answer(w, r)
		r.Header.Del("Authorization")
		dump, _ := httputil.DumpRequest(r, true)
		h.hear("what the receiver that "+name+" was told", dump)
	}))
	t.Cleanup(server.Close)
	return server.URL
}

// A token, an authorization or a private key is in no answer, error, log line or output, whatever goes wrong (CONTRACT.md §3);
// tokens are in no file either.
func TestNoSecretIsSaidAnywhere(t *testing.T) {
	t.Parallel()
	h := &hearsay{}
	v := newVictim(t, "--log-level", "debug")
	h.plant("the admin's token", []byte(v.admin))
	h.plant("the producer's token", []byte(v.intake))
	all := hooks()
	orgs := make(map[string]*victim)
	for name, k := range all {
		org := v.organization(name)
		orgs[name] = org
		h.plant("the token of "+name, []byte(org.admin))
		h.plant("the authorization of what "+name, []byte(k.secret))
		org.replayTo(h, k.listen(t, h, name), k.authorization)
	}
	h.plantKey(v, "the first private key")
	h.tokensInOddPlaces(v)
	h.badBodies(v)
	h.commands(t, v)
	h.plantKey(v, "the private key after a rotation")
	log := filepath.Join(filepath.Dir(v.data), "serve.log")
	for name, org := range orgs {
		org.tried(log, name)
		for _, q := range []asked{{method: "POST", path: hookPath + "/test"}, {method: "GET", path: jobPath}, {method: "GET", path: hookPath}, {method: "GET", path: hookPath + "/status"}} {
			q.token = org.admin
			if code := h.ask(v, q); code != 200 {
				t.Errorf("%s %s of %s: %d", q.method, q.path, name, code)
			}
		}
	}
	h.ask(v, asked{method: "GET", path: hookPath + "/jwks.json"})
	text, err := os.ReadFile(log)
	if err != nil || !bytes.Contains(text, []byte(`"msg":"batch"`)) || bytes.Count(text, []byte("\n")) < 100 {
		t.Fatalf("the log has %d bytes: %v", len(text), err)
	}
	h.hear("the log", text)
	found, texts := h.found()
	for _, s := range found {
		t.Error(s)
	}
	t.Logf("%d secrets were looked for in %d texts", len(h.secrets), texts)
	for _, file := range []string{v.data, v.data + "-wal"} {
		if data, err := os.ReadFile(file); err != nil || bytes.Contains(data, []byte("rpr_")) || bytes.Contains(data, []byte(strings.TrimPrefix(v.admin, "rpr_"))) {
			t.Errorf("%s holds a token, of which a hash is kept alone: %v", file, err)
		}
	}
}

// replayTo has an entry of the organization's sent to the endpoint.
func (v *victim) replayTo(h *hearsay, endpoint, authorization string) {
	v.t.Helper()
	patch, _ := json.Marshal(map[string]any{"endpoint": endpoint, "authorization": authorization, "enabled": true})
	now := time.Now().UTC()
	window := fmt.Sprintf(`{"start_at":%q,"end_at":%q}`, now.Add(-time.Hour).Format(time.RFC3339), now.Add(30*time.Second).Format(time.RFC3339))
	for _, q := range []asked{
		{"PATCH", hookPath, v.admin, string(patch), nil},
		{"POST", eventsPath, v.admin, entry("planted", ""), []string{"Content-Type", "application/x-ndjson"}},
		{"PUT", jobPath, v.admin, window, nil},
	} {
		if code := h.ask(v, q); code/100 != 2 {
			v.t.Errorf("%s %s: %d", q.method, q.path, code)
		}
	}
}

// tried waits until the log tells of the organization's first batch.
func (v *victim) tried(log, org string) {
	v.t.Helper()
	tick := time.NewTicker(10 * time.Millisecond)
	defer tick.Stop()
	for end := time.Now().Add(patience); ; <-tick.C {
		text, err := os.ReadFile(log)
		if err != nil || time.Now().After(end) {
			v.t.Fatalf("no batch of %s was logged: %v", org, err)
		}
		for line := range bytes.Lines(text) {
			var said struct{ Msg, Org string }
			if json.Unmarshal(line, &said) == nil && said.Msg == "batch" && said.Org == org {
				return
			}
		}
	}
}

// tokensInOddPlaces: a good token, where none belongs, and one of nobody, where one does.
func (h *hearsay) tokensInOddPlaces(v *victim) {
	bogus := "rpr_" + strings.Repeat(rand.Text(), 2)[:43]
	h.plant("a token that somebody made up", []byte(bogus))
	for _, token := range []string{v.admin, bogus} {
		for _, q := range []asked{
			{header: []string{"Authorization", "Bearer " + bogus}},
			{header: []string{"Authorization", token}},
			{header: []string{"Authorization", "Basic " + token}},
			{header: []string{"Authorization", "Bearer " + token + ", Bearer " + token}},
			{header: []string{"Authorization", "Bearer " + token + " x"}},
			{header: []string{"Proxy-Authorization", "Bearer " + token, "X-Api-Key", token, "Cookie", "token=" + token}},
			{path: jobPath + "?token=" + token},
			{path: "/v2/" + token},
			{path: "/" + token + "/" + token},
			{path: jobPath + "/" + token},
			{method: token, path: "/"},
			{method: token, path: jobPath},
			{token: v.admin, header: []string{"Reprise-Region", token}},
			{token: v.admin, header: []string{"Host", token + ".localhost"}},
			{header: []string{"Host", token}},
			{token: v.admin, header: []string{"User-Agent", token, "Referer", "http://x/" + token, "Accept", token, "Range", token}},
			{method: "PUT", token: v.admin, body: token},
			{method: "PUT", token: v.admin, body: `{"start_at":"` + token + `","end_at":"` + token + `"}`},
			{method: "PUT", token: v.admin, body: `{"` + token + `":1}`},
			{method: "POST", path: eventsPath, token: v.intake, body: token, header: []string{"Content-Type", "application/x-ndjson"}},
			{method: "POST", path: eventsPath, token: v.intake, body: "{}", header: []string{"Content-Type", token}},
			{method: "POST", path: eventsPath, token: v.intake, body: "{}", header: []string{"Content-Type", "application/x-ndjson", "Content-Encoding", token}},
			{method: "POST", path: eventsPath, token: v.intake, body: `{"org_id":"` + token + `","rt":"` + token + `","event_ts":"` + token + `","name":1}`, header: []string{"Content-Type", "application/x-ndjson"}},
			{method: "PATCH", path: hookPath, token: v.intake, body: `{"authorization":"` + token + `"}`},
			{method: "PATCH", path: hookPath, token: v.admin, body: `{"log_format":"` + token + `"}`},
			{method: "PATCH", path: hookPath, token: v.admin, body: `{"endpoint":"https://u:` + token + `@example.org/"}`},
			{method: "PATCH", path: hookPath, token: v.admin, body: `{"endpoint":"` + token + `"}`},
		} {
			if q.method == "" {
				q.method = "GET"
			}
			if q.path == "" {
				q.path = jobPath
			}
			if code := h.ask(v, q); code/100 != 4 && q.token == "" {
				v.t.Errorf("%s %.30s was answered %d", q.method, q.path, code)
			}
		}
	}
}

// badBodies have an authorization where it makes them wrong. A name that is not known is told to who wrote it, and to nobody else.
func (h *hearsay) badBodies(v *victim) {
	secret := "planted-" + rand.Text()
	h.plant("an authorization in a bad PATCH", []byte(secret))
	for _, body := range []string{
		`{"authorization":"` + secret + `\n"}`, `{"authorization":"` + secret + `","enabled":"yes"}`, `{"authorization":["` + secret + `"]}`, `{"authorization":"` + secret + `","authorization":"x"}`,
		`{"authorization":"` + secret, `{"endpoint":"` + secret + `"}`, `{"endpoint":"https://` + secret + `@example.org/"}`, `{"log_format":"` + secret + `"}`,
		`{"authorization":"` + secret + strings.Repeat("x", 8<<10) + `"}`, `{"authorization":"` + secret + `","endpoint":"http://\u0000"}`, `"` + secret + `"`, secret,
	} {
		if code := h.ask(v, asked{"PATCH", hookPath, v.admin, body, nil}); code != 400 {
			v.t.Errorf("a bad PATCH was answered %d", code)
		}
	}
	for _, q := range []asked{
		{"PATCH", hookPath, v.admin, `{"` + secret + `":1,"authorization":"` + secret + `"}`, nil},
		{"POST", eventsPath, v.intake, `{"` + secret + `":1,"` + secret + `":2}`, []string{"Content-Type", "application/x-ndjson"}},
	} {
		var own hearsay
		if code := own.ask(v, q); code != 400 {
			v.t.Errorf("%s of a name: %d", q.method, code)
		}
	}
}

// commands are those of an operator, right and wrong.
func (h *hearsay) commands(t *testing.T, v *victim) {
	secret := h.tell(t, "token", "create", "--data", v.data, "--org", "later", "--role", "admin", "--label", "later")
	h.plant("a token that was made beside the service", []byte(secret))
	for range 2 { // before and after the service knows it
		h.tell(t, "token", "list", "--data", v.data)
		h.tell(t, "token", "list", "--data", v.data, "--output", "json")
		if code := h.ask(v, asked{method: "GET", path: jobPath, token: secret}); code != 200 {
			t.Errorf("a new token: %d", code)
		}
	}
	for _, args := range [][]string{
		{"token", "revoke", "--data", v.data, secret},
		{"token", "list", "--data", v.data, secret},
		{"token", "list", "--data", v.data, "--" + secret},
		{"token", secret},
		{"token", "list", "--data", v.data, "--output", secret},
		{"token", "list", "--store", secret},
		{"token", "create", "--data", v.data, "--org", "x", "--role", secret, "--label", "x"},
		{"token", "create", "--data", v.data, "--org", "x", "--role", "admin", "--label", "x", "--expires", secret},
		{"serve", "--lanes", secret},
		{"serve", "--" + secret},
		{"serve", "--address", secret},
		{"keys", "init", "--data", v.data},
		{"keys", "rotate", "--data", v.data},
		{"keys", "init", "--data", v.data, secret},
		{"listen", "--authorization", "Bearer " + secret, "--answer", "9"},
		{"demo", "--api", "http://127.0.0.1:1", "--admin-token", secret},
	} {
		h.tell(t, args...)
	}
	h.clients(t, v, secret)
}

// plantKey makes the key that signs now a secret: its seed, which is the private key's first half.
func (h *hearsay) plantKey(v *victim, name string) {
	v.t.Helper()
	store, err := sqlite.Open(v.data, time.Now)
	if err != nil {
		v.t.Fatal(err)
	}
	defer store.Close()
	key, err := store.SigningKey(v.t.Context())
	if err != nil {
		v.t.Fatal(err)
	}
	seed := key.Private.Seed()
	for other, secret := range h.secrets {
		if bytes.Equal(secret, seed) {
			v.t.Errorf("%s is %s", name, other)
		}
	}
	h.plant(name, seed)
}
