package main

import (
	"bufio"
	"bytes"
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"reprise/shared/receiver"
)

// The routes that are called (CONTRACT.md §2, §3, §6).
const (
	jobPath    = "/v2/audit-log-replay-job"
	hookPath   = "/v2/audit-log-webhook"
	eventsPath = "/v2/audit-log-events"
)

// victim is a service that runs as a program, to be ill-treated.
type victim struct {
	t             *testing.T
	address       string
	pid           int
	admin, intake string // tokens
	other, bulk   string // and those of two more producers
	data          string
}

// newVictim starts `reprise serve`, with more flags; it ends with the test, and must end well.
func newVictim(t *testing.T, more ...string) *victim {
	t.Helper()
	folder := t.TempDir()
	program, err := exec.LookPath("reprise")
	if err != nil {
		t.Fatal(err)
	}
	v := &victim{t: t, data: filepath.Join(folder, "reprise.db")}
	log, err := os.Create(filepath.Join(folder, "serve.log"))
	if err != nil {
		t.Fatal(err)
	}
	said := &finder{log: log, found: make(chan string, 1)}
	cmd := exec.Command(program, append([]string{"serve", "--address", "127.0.0.1:0", "--data", v.data, "--allow-inside", "--log-format", "json"}, more...)...)
	// How many bodies are worked on at once depends on it, and so does the memory.
	cmd.Env = append(os.Environ(), "GOMAXPROCS=2")
	cmd.Stderr = said
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	ended := make(chan error, 1)
	go func() { ended <- cmd.Wait() }()
	t.Cleanup(func() {
		_ = cmd.Process.Signal(syscall.SIGTERM)
		if err := <-ended; err != nil {
			text, _ := os.ReadFile(log.Name())
			t.Errorf("the service ended badly: %v\n%s", err, text[max(0, len(text)-4000):])
		}
		_ = log.Close()
	})
	select {
	case v.address = <-said.found:
	case err := <-ended:
		ended <- err
		t.Fatal("the service did not start")
	}
	v.pid = cmd.Process.Pid
	v.admin, v.intake = v.token(program, "admin"), v.token(program, "intake")
	v.other, v.bulk = v.token(program, "intake"), v.token(program, "intake")
	return v
}

func (v *victim) token(program, role string) string {
	v.t.Helper()
	out, err := exec.Command(program, "token", "create", "--data", v.data, "--org", "acme", "--role", role, "--label", role).Output()
	if err != nil {
		v.t.Fatal(err)
	}
	return strings.TrimSpace(string(out))
}

// memory is a line of the process's status in MiB, such as VmRSS or VmHWM (proc(5)); ok is false where there is no such thing.
func (v *victim) memory(line string) (mib int, ok bool) {
	v.t.Helper()
	if runtime.GOOS != "linux" {
		return 0, false
	}
	status, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", v.pid))
	if err != nil {
		v.t.Fatal(err)
	}
	_, rest, _ := strings.Cut(string(status), line+":")
	kib, err := strconv.Atoi(strings.Fields(rest)[0])
	if err != nil {
		v.t.Fatal(err)
	}
	return kib >> 10, true
}

// forget makes the process's peak what it takes now (proc(5), clear_refs), so that each test has its own.
func (v *victim) forget() {
	_ = os.WriteFile(fmt.Sprintf("/proc/%d/clear_refs", v.pid), []byte("5"), 0) // elsewhere, or not allowed: the peak is of all
}

// within holds the peak since forget to a bound in MiB. The race detector's shadow of the memory is several times its size.
func (v *victim) within(bound int) {
	v.t.Helper()
	peak, ok := v.memory("VmHWM")
	if !ok {
		v.t.Log("SKIPPED: the bound on the process's memory, which is read from /proc: run this on Linux")
		return
	}
	now, _ := v.memory("VmRSS")
	v.t.Logf("memory: %d MiB at most, %d MiB now, bound %d MiB", peak, now, bound*shadow)
	if peak > bound*shadow {
		v.t.Errorf("the process took %d MiB, %d at most", peak, bound*shadow)
	}
}

func (v *victim) dial() *net.TCPConn {
	v.t.Helper()
	conn, err := net.Dial("tcp", v.address)
	if err != nil {
		v.t.Fatal(err)
	}
	return conn.(*net.TCPConn)
}

// reply is what came back on a raw connection; Code is 0 where it was closed without an answer.
type reply struct {
	Code   int
	Kind   string // Content-Type
	Again  string // Retry-After
	Body   []byte
	Closed error
}

// patience bounds the wait for an answer that should come long before.
const patience = 40 * time.Second

// send writes a request as it is and reads the answer, at the same time: whoever is refused early is told so while sending.
// With hangUp nothing follows what was sent; else the connection stays open, as a client's would that has more to say.
func (v *victim) send(request io.Reader, hangUp bool) reply {
	v.t.Helper()
	conn := v.dial()
	var sending sync.WaitGroup
	defer sending.Wait()
	defer conn.Close()
	if err := conn.SetDeadline(time.Now().Add(patience)); err != nil {
		v.t.Fatal(err)
	}
	sending.Go(func() {
		_, _ = io.Copy(conn, struct{ io.Reader }{request}) // in small pieces, so that a thousand senders get their turns
		if hangUp {
			_ = conn.CloseWrite()
		}
	})
	return read(bufio.NewReader(conn))
}

// read reads an answer, those of 1xx passed over.
func read(r *bufio.Reader) reply {
	for {
		res, err := http.ReadResponse(r, nil)
		if err != nil {
			return reply{Closed: err}
		}
		if res.StatusCode == http.StatusContinue {
			continue
		}
		body, err := io.ReadAll(res.Body)
		_ = res.Body.Close()
		return reply{res.StatusCode, res.Header.Get("Content-Type"), res.Header.Get("Retry-After"), body, err}
	}
}

// ask sends a proper request over a connection that is kept.
func (v *victim) ask(method, path, token, body string) (code int, answer []byte, err error) {
	req, err := http.NewRequest(method, "http://"+v.address+path, strings.NewReader(body))
	if err != nil {
		return 0, nil, err
	}
	req.Header.Set("Authorization", "Bearer "+token)
	req.Header.Set("Content-Type", "application/x-ndjson")
	res, err := held(http.DefaultTransport, func(err error) { v.t.Error(err) }).Do(req)
	if err != nil {
		return 0, nil, err
	}
	defer res.Body.Close()
	answer, err = io.ReadAll(res.Body)
	return res.StatusCode, answer, err
}

// entry is one of now under a name, with more members, and another each time: the same body twice is stored once.
func entry(name, more string) string {
	return fmt.Sprintf(`{"event_class_id":"x","name":%q,"rt":%d,"src":%q%s}`, name, time.Now().UnixMilli(), rand.Text(), more)
}

// beside runs do while well-behaved clients work, two producers and an admin, none of whom may be refused or kept waiting.
// It returns how many entries the producers got in: one sends them one by one, with the token of the ill-behaved; another
// in bodies of 1 MiB.
func (v *victim) beside(slowest time.Duration, do func()) (taken int) {
	v.t.Helper()
	ctx, cancel := context.WithCancel(v.t.Context())
	var clients sync.WaitGroup
	client := func(name string, pause time.Duration, ask func() (int, []byte, error), want int, done *int) {
		clients.Go(func() {
			tick := time.NewTicker(pause)
			defer tick.Stop()
			var longest time.Duration
			n := 0
			for ; n < 3 || ctx.Err() == nil; n++ { // three at least
				start := time.Now()
				if code, body, err := ask(); err != nil || code != want {
					v.t.Errorf("the well-behaved %s is answered %d %s, %v", name, code, body, err)
					break
				}
				longest = max(longest, time.Since(start))
				<-tick.C
			}
			if longest > slowest {
				v.t.Errorf("the well-behaved %s waited %s, %s at most", name, longest, slowest)
			}
			v.t.Logf("the well-behaved %s: %d requests, %s at most", name, n, longest)
			*done = n
		})
	}
	const pause, lines = 5 * time.Millisecond, 16
	more := `,"x":"` + strings.Repeat("x", 63<<10) + `"`
	long := func() (body string) {
		for range lines {
			body += entry("good", more) + "\n"
		}
		return body
	}
	var short, bulk, asked int
	client("producer", pause, func() (int, []byte, error) { return v.ask("POST", eventsPath, v.intake, entry("good", "")) }, 202, &short)
	client("producer in bulk", 20*pause, func() (int, []byte, error) { return v.ask("POST", eventsPath, v.bulk, long()) }, 202, &bulk)
	client("admin", pause, func() (int, []byte, error) { return v.ask("PATCH", hookPath, v.admin, `{"log_format":"json"}`) }, 200, &asked)
	do()
	cancel()
	clients.Wait()
	return short + bulk*lines
}

// replayed is how often each name comes in a replay of the last hours.
func (v *victim) replayed() map[string]int {
	v.t.Helper()
	var out bytes.Buffer
	got := receiver.New(receiver.Options{Out: &out, Keys: receiver.JWKS{URL: "http://" + v.address + hookPath + "/jwks.json"}.Keys})
	hook := httptest.NewServer(got)
	defer hook.Close()
	v.must("PATCH", hookPath, fmt.Sprintf(`{"endpoint":%q,"authorization":"x","log_format":"json","enabled":true}`, hook.URL), 200)
	now := time.Now().UTC()
	v.must("PUT", jobPath, fmt.Sprintf(`{"start_at":%q,"end_at":%q}`, now.Add(-7*24*time.Hour).Format(time.RFC3339), now.Add(30*time.Second).Format(time.RFC3339)), 202)
	v.until("completed")
	if s := got.Summary(); s.WrongSignatures > 0 || s.BadBatches > 0 || s.Duplicates > 0 {
		v.t.Errorf("%+v", s)
	}
	names := make(map[string]int)
	for line := range bytes.Lines(out.Bytes()) {
		var e struct{ Name string }
		if err := json.Unmarshal(line, &e); err != nil {
			v.t.Error(err)
		}
		names[e.Name]++
	}
	return names
}

func (v *victim) must(method, path, body string, want int) []byte {
	v.t.Helper()
	code, answer, err := v.ask(method, path, v.admin, body)
	if err != nil || code != want {
		v.t.Fatal(method, path, code, string(answer), err)
	}
	return answer
}

// until asks for the job until it has that status.
func (v *victim) until(status string) {
	v.t.Helper()
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	for end := time.Now().Add(patience); ; <-tick.C {
		var job struct{ Status string }
		answer := v.must("GET", jobPath, "", 200)
		switch err := json.Unmarshal(answer, &job); {
		case err != nil:
			v.t.Fatal(err)
		case job.Status == status:
			return
		case job.Status == "failed", time.Now().After(end):
			v.t.Fatal(errors.New(string(answer)))
		}
	}
}
