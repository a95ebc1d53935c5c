package console_test

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"reprise/shared/localtest"
	"reprise/shared/receiver"
)

const (
	jobPath  = "/v2/audit-log-replay-job"
	hookPath = "/v2/audit-log-webhook"
	logPath  = "/v2/audit-log-events"

	authorization = "Splunk hunter2" // what receivers expect
)

// world is a real service behind a door of ours, which tells what came through it and may stand in its way.
type world struct {
	*localtest.Service
	t   *testing.T
	url string // of the door

	mu   sync.Mutex
	seen []*http.Request // without bodies
	way  func(http.Handler) http.Handler
}

// newWorld has the service of the regions given answer behind the door.
func newWorld(t *testing.T, lanes int, regions ...string) *world {
	t.Helper()
	w := &world{Service: localtest.Start(t, lanes, regions...), t: t}
	to := &url.URL{Scheme: "http", Host: w.Address}
	through := &httputil.ReverseProxy{Rewrite: func(p *httputil.ProxyRequest) { p.SetURL(to); p.Out.Host = p.In.Host }}
	server := httptest.NewServer(http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
		w.mu.Lock()
		w.seen = append(w.seen, r.Clone(context.WithoutCancel(r.Context())))
		way := w.way
		w.mu.Unlock()
		if way == nil || !strings.HasPrefix(r.URL.Path, "/v2/") {
			through.ServeHTTP(rw, r)
			return
		}
		way(through).ServeHTTP(rw, r)
	}))
	t.Cleanup(func() { w.open(); server.CloseClientConnections(); server.Close() })
	w.url = server.URL
	return w
}

// stand puts something in the way of every request of the API, until open.
func (w *world) stand(way func(http.Handler) http.Handler) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.way = way
}

func (w *world) open() { w.stand(nil) }

// answering answers for the service: a problem of that status, as the service writes it.
func answering(status int, title string, header ...string) func(http.Handler) http.Handler {
	return func(http.Handler) http.Handler {
		return http.HandlerFunc(func(rw http.ResponseWriter, _ *http.Request) {
			rw.Header().Set("Content-Type", "application/problem+json")
			for _, line := range header {
				name, value, _ := strings.Cut(line, ": ")
				rw.Header().Set(name, value)
			}
			rw.WriteHeader(status)
			_ = json.NewEncoder(rw).Encode(map[string]any{"status": status, "title": title, "instance": "reprise:trace:01TRACE", "detail": title})
		})
	}
}

// held lets no request through, and ends none, until it is told to go on.
func held(goOn <-chan struct{}) func(http.Handler) http.Handler {
	return func(next http.Handler) http.Handler {
		return http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
			select {
			case <-goOn:
				next.ServeHTTP(rw, r)
			case <-r.Context().Done():
			}
		})
	}
}

// as has every request come with another token.
func as(token string) func(http.Handler) http.Handler {
	return func(next http.Handler) http.Handler {
		return http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
			r.Header.Set("Authorization", "Bearer "+token)
			next.ServeHTTP(rw, r)
		})
	}
}

// heldUp is a service whose API answers nobody until told to go on.
func heldUp(t *testing.T) (w *world, goOn chan struct{}) {
	t.Helper()
	w, goOn = newWorld(t, 1), make(chan struct{})
	w.stand(held(goOn))
	return w, goOn
}

// waiting is a page of somebody signed in, where us has 700 entries and a receiver each of whose batches takes one of the gate.
func waiting(t *testing.T) (p *page, in *inbox, gate chan struct{}) {
	t.Helper()
	w := newWorld(t, 1)
	gate = make(chan struct{})
	in = newInbox(t, noTrouble, gate)
	w.hook("us", in.url)
	w.fill("us", 350)
	w.fill("us", 350)
	p = w.visit()
	p.enters(p.Admin)
	p.is("ready")
	return p, in, gate
}

// requests is what came through the door.
func (w *world) requests() []*http.Request {
	w.mu.Lock()
	defer w.mu.Unlock()
	return slices.Clone(w.seen)
}

// ask sends a request as an admin, beside the door.
func (w *world) ask(method, path, region, body string, want int) (answer map[string]any) {
	w.t.Helper()
	r, err := http.NewRequestWithContext(w.t.Context(), method, "http://"+w.Address+path, strings.NewReader(body))
	if err != nil {
		w.t.Fatal(err)
	}
	r.Header.Set("Authorization", "Bearer "+w.Admin)
	r.Header.Set("Reprise-Region", region)
	r.Header.Set("Content-Type", "application/x-ndjson")
	res, err := http.DefaultClient.Do(r)
	if err != nil {
		w.t.Fatal(err)
	}
	defer res.Body.Close()
	if err := json.NewDecoder(res.Body).Decode(&answer); err != nil && err != io.EOF || res.StatusCode != want {
		w.t.Fatalf("%s %s: %d, want %d: %v, %v", method, path, res.StatusCode, want, answer, err)
	}
	return answer
}

// send has an entry of each instant taken, which are then known by their names.
func (w *world) send(region string, entries map[string]time.Time) {
	w.t.Helper()
	var b strings.Builder
	for name, at := range entries {
		fmt.Fprintf(&b, `{"event_class_id":"konnect","name":"Authz.test","rt":%d,"trace_id":%q}`+"\n", at.UnixMilli(), name)
	}
	w.ask("POST", logPath, region, b.String(), 202)
}

// fill has n entries of 6 KB of the last minutes taken.
func (w *world) fill(region string, n int) {
	w.t.Helper()
	now := time.Now()
	var b strings.Builder
	for i := range n {
		fmt.Fprintf(&b, `{"event_class_id":"konnect","name":"Authz.test","rt":%d,"trace_id":"%s %d","padding":%q}`+"\n", now.Add(-time.Duration(i)*time.Second).UnixMilli(), now.Format(time.RFC3339Nano), i, strings.Repeat("padding ", 750))
	}
	w.ask("POST", logPath, region, b.String(), 202)
}

// hook configures a region's webhook.
func (w *world) hook(region, endpoint string) {
	w.t.Helper()
	w.ask("PATCH", hookPath, region, fmt.Sprintf(`{"endpoint":%q,"authorization":%q,"enabled":true,"log_format":"json"}`, endpoint, authorization), 200)
}

// inbox is a receiver, and what it holds.
type inbox struct {
	*receiver.Receiver
	url string

	mu   sync.Mutex
	text bytes.Buffer
	gate chan struct{} // not nil: each batch takes one of it
}

func (i *inbox) Write(p []byte) (int, error) {
	i.mu.Lock()
	defer i.mu.Unlock()
	return i.text.Write(p)
}

func newInbox(t *testing.T, o receiver.Options, gate chan struct{}) *inbox {
	t.Helper()
	i := &inbox{gate: gate}
	o.Out = i
	if o.Authorization == "" {
		o.Authorization = authorization
	}
	i.Receiver = receiver.New(o)
	server := httptest.NewServer(i)
	t.Cleanup(func() { server.CloseClientConnections(); server.Close() })
	i.url = server.URL + "/in"
	return i
}

func (i *inbox) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if i.gate != nil {
		body, err := io.ReadAll(r.Body) // only then it is noticed that the sender left
		if err != nil {
			return
		}
		r.Body = io.NopCloser(bytes.NewReader(body))
		select {
		case <-i.gate:
		case <-r.Context().Done():
			return
		}
	}
	i.Receiver.ServeHTTP(w, r)
}

// ids is the trace ids of the entries that it holds, in order of their text, and forgets them.
func (i *inbox) ids(t *testing.T) (all []string) {
	t.Helper()
	i.mu.Lock()
	defer i.mu.Unlock()
	for line := range bytes.Lines(i.text.Bytes()) {
		var entry struct {
			TraceID string `json:"trace_id"`
		}
		if err := json.Unmarshal(line, &entry); err != nil {
			t.Fatal(err)
		}
		all = append(all, entry.TraceID)
	}
	i.text.Reset()
	slices.Sort(all)
	return all
}

// noTrouble is a receiver that takes everything with the authorization of the tests.
var noTrouble = receiver.Options{}
