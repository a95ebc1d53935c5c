package main

import (
	"bufio"
	"bytes"
	"crypto/rand"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"reprise/shared/access"
	"reprise/shared/sqlite"
)

// A rude is a receiver that is not as receivers should be, then the status of a job that met it.
type rude struct {
	name   string
	answer func(net.Conn, *http.Request) // after the request's head was read
	status string                        // running: it is tried again
}

func rudeReceivers() []rude {
	says := func(start, on string) func(net.Conn, *http.Request) {
		return func(conn net.Conn, r *http.Request) {
			_, _ = io.Copy(io.Discard, r.Body)
			_, err := io.WriteString(conn, start)
			for many := strings.Repeat(on, 1000); err == nil && on != ""; {
				_, err = io.WriteString(conn, many)
			}
		}
	}
	const ok = "HTTP/1.1 200 OK\r\n"
	return []rude{
		{"a yes without headers", says(ok+"\r\n", ""), "completed"},
		{"a yes of 1 GB", says(ok+"Content-Length: 1073741824\r\n\r\n", "x"), "completed"},
		{"a yes in gzip without an end", says(ok+"Content-Encoding: gzip\r\n\r\n", zipped(strings.Repeat("\x00", 100_000))), "completed"},
		{"a yes that is longer than it says, and repeats what it heard", func(conn net.Conn, r *http.Request) {
			_, _ = io.Copy(io.Discard, r.Body)
			_, _ = io.WriteString(conn, ok+"Content-Length: 4\r\n\r\nfine you said "+r.Header.Get("Authorization"))
			_, _ = io.Copy(io.Discard, conn)
		}, "completed"},
		{"a no of 1 GB", says("HTTP/1.1 400 No\r\n\r\n", "x"), "failed"},
		{"headers without an end", says(ok, "X: y\r\n"), "running"},
		{"hints without an end", says("", "HTTP/1.1 103 Early Hints\r\n\r\n"), "running"},
		{"no HTTP", says("<html>fine</html>", ""), "running"},
		{"never reads", func(conn net.Conn, _ *http.Request) { _, _ = io.Copy(io.Discard, slowly{conn}) }, "running"},
		{"byte by byte", func(conn net.Conn, r *http.Request) {
			_, _ = io.Copy(io.Discard, r.Body)
			_, _ = io.Copy(conn, slowly{&forever{text: ok}})
		}, "running"},
	}
}

// slowly reads a byte in a second.
type slowly struct{ io.Reader }

func (s slowly) Read(p []byte) (int, error) {
	<-time.After(time.Second)
	return s.Reader.Read(p[:1])
}

// receive listens as a rude receiver; called is closed with the first request. End ends it whatever it is at.
func (r rude) receive(t *testing.T) (endpoint string, called <-chan struct{}, end func()) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	var mu sync.Mutex
	var all []net.Conn
	var once sync.Once
	first := make(chan struct{})
	go func() {
		for {
			conn, err := l.Accept()
			if err != nil {
				return
			}
			mu.Lock()
			all = append(all, conn)
			mu.Unlock()
			go func() {
				defer conn.Close()
				if req, err := http.ReadRequest(bufio.NewReader(conn)); err == nil {
					once.Do(func() { close(first) })
					r.answer(conn, req)
				}
			}()
		}
	}()
	return "http://" + l.Addr().String(), first, func() {
		_ = l.Close()
		mu.Lock()
		defer mu.Unlock()
		for _, conn := range all {
			_ = conn.Close()
		}
	}
}

// organization is a victim as another organization's admin sees it.
func (v *victim) organization(name string) *victim {
	v.t.Helper()
	store, err := sqlite.Open(v.data, time.Now)
	if err != nil {
		v.t.Fatal(err)
	}
	defer store.Close()
	secret, token, err := access.Mint(rand.Reader, access.Principal{Org: name, Role: access.Admin, Label: name}, time.Time{}, time.Now())
	if err == nil {
		err = store.SaveToken(v.t.Context(), token)
	}
	if err != nil {
		v.t.Fatal(err)
	}
	other := *v
	other.admin, other.intake = secret, secret
	return &other
}

func TestRudeReceiversHarmNobodyElse(t *testing.T) {
	t.Parallel()
	v := newVictim(t)
	secret := "Bearer " + rand.Text()
	now := time.Now().UTC()
	window := fmt.Sprintf(`{"start_at":%q,"end_at":%q}`, now.Add(-time.Hour).Format(time.RFC3339), now.Add(30*time.Second).Format(time.RFC3339))
	lines := strings.Repeat(entry("rude", `,"x":"`+rand.Text()+strings.Repeat("x", 2000)+`"`)+"\n", 400)
	v.forget()
	type job struct {
		rude
		*victim
		called <-chan struct{}
	}
	var jobs []job
	for i, r := range rudeReceivers() {
		endpoint, called, end := r.receive(t)
		defer end()
		org := v.organization(fmt.Sprint("org-", i))
		if code, body, err := org.ask("POST", eventsPath, org.intake, lines); code != 202 || err != nil {
			t.Fatal(code, string(body), err)
		}
		org.must("PATCH", hookPath, fmt.Sprintf(`{"endpoint":%q,"authorization":%q,"enabled":true}`, endpoint, secret), 200)
		org.must("PUT", jobPath, window, 202)
		jobs = append(jobs, job{r, org, called})
	}
	start := time.Now()
	good := v.beside(5*time.Second, func() {
		for _, j := range jobs {
			<-j.called
			j.until(j.status)
		}
	})
	v.holds(good)
	t.Logf("all were called, and a replay beside them was whole, within %s", time.Since(start))
	v.within(130)
	for _, j := range jobs {
		if j.status == "running" { // none of them was given up
			j.until(j.status)
		}
	}
	log, err := os.ReadFile(filepath.Join(filepath.Dir(v.data), "serve.log"))
	if err != nil || len(log) == 0 || bytes.Contains(log, []byte(strings.TrimPrefix(secret, "Bearer "))) {
		t.Errorf("the log holds the authorization, or nothing: %v", err)
	}
}
