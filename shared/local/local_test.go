package local

import (
	"bytes"
	"context"
	"crypto/rand"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"go.uber.org/goleak"

	"reprise/shared/access"
	"reprise/shared/deliver"
	"reprise/shared/egress"
	"reprise/shared/openapitest"
	"reprise/shared/receiver"
	"reprise/shared/replay"
	"reprise/shared/sqlite"
	"reprise/shared/webhook"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// process is one run of the service on a data file.
type process struct {
	t      *testing.T
	base   string
	cancel func()
	stop   func() // and wait until it has ended
}

func start(t *testing.T, file string, lanes int) process {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	ready, ended := make(chan string, 1), make(chan error, 1)
	go func() {
		ended <- Run(ctx, Config{
			Address: "127.0.0.1:0", File: file, Regions: replay.Regions{Known: []string{"us", "eu"}, Default: "us"},
			Guard: egress.Guard{AllowInside: true, AllowHTTP: true}, Lanes: lanes, Version: "test",
			Ready: func(address string) { ready <- address },
		})
	}()
	p := process{t: t, cancel: cancel, stop: func() {
		cancel()
		if err := <-ended; err != nil {
			t.Error(err)
		}
		http.DefaultClient.CloseIdleConnections()
	}}
	select {
	case address := <-ready:
		p.base = "http://" + address
	case err := <-ended:
		t.Fatal(err)
	}
	return p
}

// token makes an admin's token on the data file, beside the running service, as the command line does.
func token(t *testing.T, file string) string {
	t.Helper()
	store, err := sqlite.Open(file, time.Now)
	if err != nil {
		t.Fatal(err)
	}
	secret, made, err := access.Mint(rand.Reader, access.Principal{Org: "acme", Role: access.Admin, Label: "test"}, time.Time{}, time.Now())
	if err == nil {
		err = store.SaveToken(t.Context(), made)
	}
	if err != nil {
		t.Fatal(err)
	}
	if err := store.Close(); err != nil {
		t.Fatal(err)
	}
	return secret
}

// openapi is the file that every exchange is held to.
var openapi = sync.OnceValues(openapitest.Load)

func (p process) call(secret, method, path, body string) (code int, answer map[string]any) {
	p.t.Helper()
	r, err := http.NewRequestWithContext(p.t.Context(), method, p.base+path, strings.NewReader(body))
	if err != nil {
		p.t.Fatal(err)
	}
	r.Header.Set("Authorization", "Bearer "+secret)
	if strings.HasPrefix(body, `{"event`) {
		r.Header.Set("Content-Type", "application/x-ndjson")
	}
	file, err := openapi()
	if err != nil {
		p.t.Fatal(err)
	}
	client := http.Client{Transport: file.Transport(http.DefaultTransport, func(err error) { p.t.Error(err) })}
	res, err := client.Do(r)
	if err != nil {
		p.t.Fatal(err)
	}
	defer res.Body.Close()
	if err := json.NewDecoder(res.Body).Decode(&answer); err != nil && err != io.EOF {
		p.t.Fatal(err)
	}
	return res.StatusCode, answer
}

const jobPath, hookPath = "/v2/audit-log-replay-job", "/v2/audit-log-webhook"

// produce sends n entries of 6 KB of the last minutes, and gives the body of a PUT that asks for them.
func (p process) produce(secret string, n int) (put string) {
	p.t.Helper()
	now := time.Now().UTC()
	var b bytes.Buffer
	for i := range n {
		fmt.Fprintf(&b, `{"event_class_id":"konnect","name":"Authz.test","rt":%d,"trace_id":%d,"padding":"%s"}`+"\n",
			now.Add(-time.Duration(i)*time.Second).UnixMilli(), i, strings.Repeat("padding ", 750))
	}
	if code, answer := p.call(secret, "POST", "/v2/audit-log-events", b.String()); code != 202 || answer["accepted"] != float64(n) {
		p.t.Fatal(code, answer)
	}
	return fmt.Sprintf(`{"start_at":%q,"end_at":%q}`, now.Add(-time.Hour).Format(time.RFC3339), now.Add(30*time.Second).Format(time.RFC3339))
}

func (p process) configure(secret, endpoint string) {
	p.t.Helper()
	if code, answer := p.call(secret, "PATCH", hookPath, fmt.Sprintf(`{"endpoint":%q,"authorization":"Bearer hook","enabled":true}`, endpoint)); code != 200 {
		p.t.Fatal(code, answer)
	}
}

// until asks GET again and again until the job has that status.
func (p process) until(secret, status string) map[string]any {
	p.t.Helper()
	for {
		code, answer := p.call(secret, "GET", jobPath, "")
		if code != 200 {
			p.t.Fatal(code, answer)
		}
		if answer["status"] == status {
			return answer
		}
		if answer["status"] == "failed" {
			p.t.Fatal(answer)
		}
		select {
		case <-p.t.Context().Done():
			p.t.Fatal("still", answer)
		case <-time.After(5 * time.Millisecond):
		}
	}
}

func TestAReplayGoesFromPUTToTheReceiver(t *testing.T) {
	file := filepath.Join(t.TempDir(), "data", "reprise.db")
	p := start(t, file, 4)
	defer p.stop()
	secret := token(t, file)
	got := receiver.New(receiver.Options{Keys: receiver.JWKS{URL: p.base + hookPath + "/jwks.json"}.Keys, Authorization: "Bearer hook"})
	hook := httptest.NewServer(got)
	defer hook.Close()
	p.configure(secret, hook.URL)
	put := p.produce(secret, 500)
	if code, answer := p.call(secret, "PUT", jobPath, put); code != 202 || answer["status"] != "accepted" {
		t.Fatal(code, answer)
	}
	job := p.until(secret, "completed")
	if progress := job["progress"].(map[string]any); progress["entries"] != 500.0 || progress["slices_total"] != progress["slices_completed"] {
		t.Error(job)
	}
	if sum := got.Summary(); sum.Entries != 500 || sum.WrongSignatures != 0 || sum.Duplicates != 0 {
		t.Errorf("%+v", sum)
	}
}

func TestAStopFinishesTheBatchInHandAndTheNextStartGoesOn(t *testing.T) {
	file := filepath.Join(t.TempDir(), "reprise.db")
	p := start(t, file, 1)
	secret := token(t, file)
	got := receiver.New(receiver.Options{})
	arrived, goOn := make(chan struct{}, 100), make(chan struct{})
	hook := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		arrived <- struct{}{}
		<-goOn
		got.ServeHTTP(w, r)
	}))
	defer hook.Close()
	p.configure(secret, hook.URL)
	put := p.produce(secret, 500)
	if code, answer := p.call(secret, "PUT", jobPath, put); code != 202 {
		t.Fatal(code, answer)
	}
	<-arrived
	if code, answer := p.call(secret, "PUT", jobPath, put); code != 409 || answer["title"] != "Resource Conflict" {
		t.Error("a PUT over a running job:", code, answer)
	}
	p.cancel()
	close(goOn)
	p.stop()
	if sum := got.Summary(); sum.Batches != 1 {
		t.Errorf("one batch was in hand: %+v", sum)
	}
	p = start(t, file, 1)
	defer p.stop()
	p.until(secret, "completed")
	if sum := got.Summary(); sum.Entries != 500 || sum.Duplicates != 0 || sum.Repeated != 0 {
		t.Errorf("%+v", sum)
	}
}

func TestHealthzTellsWhetherTheStoreCanBeRead(t *testing.T) {
	p := start(t, filepath.Join(t.TempDir(), "reprise.db"), 4)
	defer p.stop()
	res, err := http.Get(p.base + "/healthz")
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	if body, err := io.ReadAll(res.Body); err != nil || res.StatusCode != 200 || string(body) != "ok\n" {
		t.Error(res.StatusCode, string(body), err)
	}
	w := httptest.NewRecorder()
	broken := healthz(func(context.Context) error { return io.ErrUnexpectedEOF }, nil)
	if broken.ServeHTTP(w, httptest.NewRequest("GET", "/healthz", nil)); w.Code != 503 {
		t.Error("a store that cannot be read:", w.Code)
	}
}

func TestOneRequestTooManyIsToldToComeBack(t *testing.T) {
	in, out := make(chan struct{}), make(chan struct{})
	slow := http.HandlerFunc(func(http.ResponseWriter, *http.Request) { in <- struct{}{}; <-out })
	busy := http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(429) })
	h := newBounds(2, 1, 1).limit(slow, busy)
	done := make(chan struct{})
	for range 2 {
		go func() {
			h.ServeHTTP(httptest.NewRecorder(), httptest.NewRequest("GET", "/", nil))
			done <- struct{}{}
		}()
		<-in
	}
	w := httptest.NewRecorder()
	if h.ServeHTTP(w, httptest.NewRequest("GET", "/", nil)); w.Code != 429 {
		t.Error("the third of two:", w.Code)
	}
	close(out)
	<-done
	<-done
	go func() { <-in }()
	if w = httptest.NewRecorder(); true {
		h.ServeHTTP(w, httptest.NewRequest("GET", "/", nil))
	}
	if w.Code != 200 {
		t.Error("after they have gone:", w.Code)
	}
}

func TestWhatIsNotSetIsTheContracts(t *testing.T) {
	if got := (Config{}).delivery(); got != (deliver.Settings{Patience: webhook.Patience, Host: "reprise"}) {
		t.Error(got)
	}
	if got := (Config{Patience: time.Minute, CEFHost: "konghq.com"}).delivery(); got != (deliver.Settings{Patience: time.Minute, Host: "konghq.com"}) {
		t.Error(got)
	}
}

func TestTheKeysAreServedUntilTheLastBatchIsDelivered(t *testing.T) {
	file := filepath.Join(t.TempDir(), "reprise.db")
	p := start(t, file, 1)
	secret := token(t, file)
	got := receiver.New(receiver.Options{Keys: receiver.JWKS{URL: p.base + hookPath + "/jwks.json"}.Keys})
	arrived := make(chan struct{})
	hook := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		close(arrived)
		p.cancel() // the stop comes before the receiver has ever asked for the keys
		got.ServeHTTP(w, r)
	}))
	defer hook.Close()
	p.configure(secret, hook.URL)
	put := p.produce(secret, 5)
	if code, answer := p.call(secret, "PUT", jobPath, put); code != 202 {
		t.Fatal(code, answer)
	}
	<-arrived
	p.stop()
	if sum := got.Summary(); sum.Entries != 5 || sum.RightSignatures != 5 {
		t.Errorf("%+v", sum)
	}
}

func TestADataFileIsServedByOneProcess(t *testing.T) {
	file := filepath.Join(t.TempDir(), "reprise.db")
	p := start(t, file, 4)
	second := func(file string) error {
		ctx, cancel := context.WithCancel(t.Context())
		defer cancel()
		return Run(ctx, Config{Address: "127.0.0.1:0", File: file, Lanes: 1, Ready: func(string) { cancel() }})
	}
	if err := second(file); err == nil || !strings.Contains(err.Error(), "served by another process") {
		t.Errorf("a second service: %v", err)
	}
	for name, link := range map[string]func(name string) (file string, err error){
		"a link to the file": func(name string) (string, error) { return name, os.Symlink(file, name) },
		"a link to its folder": func(name string) (string, error) {
			return filepath.Join(name, filepath.Base(file)), os.Symlink(filepath.Dir(file), name)
		},
	} {
		again, err := link(filepath.Join(t.TempDir(), "link"))
		if err != nil {
			t.Fatal(err)
		}
		if err := second(again); err == nil || !strings.Contains(err.Error(), "served by another process") {
			t.Errorf("a second service, by way of %s: %v", name, err)
		}
	}
	p.stop()
	if err := second(file); err != nil {
		t.Errorf("after the first has ended: %v", err)
	}
}

func TestAPortInUseLeavesNoFileBehind(t *testing.T) {
	taken := httptest.NewServer(http.NotFoundHandler())
	defer taken.Close()
	file := filepath.Join(t.TempDir(), "reprise.db")
	if err := Run(t.Context(), Config{Address: taken.Listener.Addr().String(), File: file, Lanes: 1}); err == nil {
		t.Error("two on one port")
	}
	if _, err := os.Stat(file); !os.IsNotExist(err) {
		t.Errorf("the data file: %v", err)
	}
}

func TestWhoIsRefusedByTheLockHasNotTouchedTheFile(t *testing.T) {
	file := filepath.Join(t.TempDir(), "reprise.db")
	lock, err := lockFor(file)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = lock.Close() }()
	if err := Run(t.Context(), Config{Address: "127.0.0.1:0", File: file, Lanes: 1}); err == nil || !strings.Contains(err.Error(), "served by another process") {
		t.Errorf("got %v", err)
	}
	if _, err := os.Stat(file); !os.IsNotExist(err) {
		t.Errorf("the data file: %v", err)
	}
}

func TestADataFileThatCannotBeServedIsNamed(t *testing.T) {
	foreign := filepath.Join(t.TempDir(), "notes.txt")
	if err := os.WriteFile(foreign, []byte("my notes"), 0o600); err != nil {
		t.Fatal(err)
	}
	for file, want := range map[string]string{
		foreign:                           "is not a database of reprise",
		"/proc/reprise.db":                "write to its folder",
		"/proc/there/is/none/reprise.db":  "write to it and to its folder",
		filepath.Join(foreign, "deep.db"): "write to it and to its folder",
	} {
		for range 2 { // a start that failed is no service that ran
			err := Run(t.Context(), Config{Address: "127.0.0.1:0", File: file, Lanes: 1})
			if err == nil || !strings.Contains(err.Error(), "data file "+file) || !strings.Contains(err.Error(), want) {
				t.Errorf("got %v, want %s", err, want)
			}
		}
	}
}

func TestAFileBehindALinkIsLookedAtWhereItLies(t *testing.T) {
	file, link := filepath.Join(t.TempDir(), "reprise.db"), filepath.Join(t.TempDir(), "link.db")
	if err := os.Symlink(file, link); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	start(t, link, 1).stop() // an empty file that nobody served
	if err := os.Truncate(file, 0); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{file, link} {
		err := Run(t.Context(), Config{Address: "127.0.0.1:0", File: name, Lanes: 1})
		if err == nil || !strings.Contains(err.Error(), "is empty, though a service ran on it before") {
			t.Errorf("emptied: %v", err)
		}
	}
}
