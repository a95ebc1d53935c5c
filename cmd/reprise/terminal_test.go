package main

import (
	"bytes"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/creack/pty"
)

// A screen is reprise with somebody who watches and types.
type screen struct {
	t     *testing.T
	cmd   *exec.Cmd
	tty   *os.File
	mu    sync.Mutex
	text  bytes.Buffer
	grown chan struct{}
	shut  chan struct{}
}

// onTerminal starts reprise on a pseudo-terminal of its own; REPRISE_CONFIG is a file in folder.
func onTerminal(t *testing.T, folder string, args ...string) *screen {
	t.Helper()
	program, err := exec.LookPath("reprise")
	if err != nil {
		t.Fatal(err)
	}
	p := &screen{t: t, cmd: exec.Command(program, args...), grown: make(chan struct{}, 1), shut: make(chan struct{})}
	p.cmd.Env = append(os.Environ(), "REPRISE_CONFIG="+filepath.Join(folder, "config.yaml"))
	if p.tty, err = pty.StartWithSize(p.cmd, &pty.Winsize{Rows: 24, Cols: 120}); err != nil {
		t.Fatal(err)
	}
	go func() {
		defer close(p.shut)
		b := make([]byte, 4096)
		for {
			n, err := p.tty.Read(b)
			p.mu.Lock()
			p.text.Write(b[:n])
			p.mu.Unlock()
			select {
			case p.grown <- struct{}{}:
			default:
			}
			if err != nil { // EIO, once reprise has ended
				return
			}
		}
	}()
	t.Cleanup(func() {
		_ = p.cmd.Process.Kill()
		_ = p.tty.Close()
		<-p.shut
	})
	return p
}

func (p *screen) seen() string {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.text.String()
}

// sees waits until the terminal shows the text.
func (p *screen) sees(text string) {
	p.t.Helper()
	p.shows(regexp.QuoteMeta(text))
}

// shows waits until the terminal shows what matches.
func (p *screen) shows(pattern string) {
	p.t.Helper()
	want := regexp.MustCompile(pattern)
	late := time.After(patience)
	for !want.MatchString(p.seen()) {
		select {
		case <-p.grown:
		case <-p.shut:
			if !want.MatchString(p.seen()) {
				p.t.Fatalf("%q was not seen until the end of %q", pattern, p.seen())
			}
		case <-late:
			p.t.Fatalf("%q was not seen in %q", pattern, p.seen())
		}
	}
}

func (p *screen) types(text string) {
	p.t.Helper()
	if _, err := io.WriteString(p.tty, text); err != nil {
		p.t.Fatal(err)
	}
}

// ends waits for the exit code.
func (p *screen) ends(want int) {
	p.t.Helper()
	<-p.shut
	_ = p.cmd.Wait() // the code tells
	if code := p.cmd.ProcessState.ExitCode(); code != want {
		p.t.Errorf("exit code %d, want %d: %q", code, want, p.seen())
	}
}

// Signing in, being asked, a bar that moves, a receiver that does not answer well, Ctrl-C: as somebody at a terminal sees them.
func TestSomebodyAtATerminalIsAskedAndShown(t *testing.T) {
	t.Parallel()
	v := newVictim(t, "--lanes", "1")
	folder := t.TempDir()
	var h hearsay

	login := onTerminal(t, folder, "login", "--api", "http://"+v.address)
	login.sees("Token for http://" + v.address + ": ")
	login.types(v.admin + "\r")
	login.ends(0)
	if seen := login.seen(); strings.Contains(seen, v.admin) || !strings.Contains(seen, "Signed in to http://"+v.address) {
		t.Errorf("seen: %q", seen)
	}

	stopped := onTerminal(t, folder, "login", "--api", "http://"+v.address)
	stopped.sees("Token for ")
	stopped.types("\x03")
	stopped.ends(exitInterrupted)

	gate := newGate(t)
	v.replayTo(&h, gate.URL, "Bearer x")
	asked := onTerminal(t, folder, "replay", "--last", "1h", "--ask-above", "0")
	asked.sees("Replay that much? [y/N] ")
	asked.types("n\r")
	asked.ends(exitFailed)
	asked.sees("nothing was done, as you said")

	answers := onTerminal(t, folder, "replay", "--last", "1h", "--ask-above", "0")
	answers.sees("Replay that much? [y/N] ")
	answers.types("\x03")
	answers.ends(exitInterrupted)

	watching := onTerminal(t, folder, "status", "--watch")
	watching.sees("waiting: the receiver answers 503 Service Unavailable: not now; it is tried again")
	watching.sees("   0% |                              |  of at most 1 entry, 0 entries/s")
	watching.types("\x03")
	watching.ends(exitInterrupted)
	watching.sees("reprise: interrupted: the replay goes on\r\n\"reprise status --watch\" follows it, \"reprise cancel\" ends it.")
	onTerminal(t, folder, "cancel").ends(0)

	const entries = 30_000
	for n := range 3 {
		v.sendMany(&h, n, entries/3)
	}
	gate.code.Store(200)
	moving := onTerminal(t, folder, "replay", "--last", "1h", "--ask-above", "0", "--follow")
	moving.sees("Replay that much? [y/N] ")
	moving.types("y\r")
	moving.shows(`\d+% \|█+ +\|  of at most 30,001 entries, [\d,]+ entries/s, (\d+m)?\d+s left`)
	gate.open()
	moving.ends(0)
	moving.shows(`Completed: 30,001 entries, after \d+\.\d s\.`)
}

// A gate is a receiver that answers with a code; where that is 200 it lets a thousand
// entries or some more pass, the others once it is open.
type gate struct {
	*httptest.Server
	code   atomic.Int64
	passed atomic.Int64 // entries
	shut   chan struct{}
	open   func()
}

func newGate(t *testing.T) *gate {
	g := &gate{shut: make(chan struct{})}
	g.open = sync.OnceFunc(func() { close(g.shut) })
	g.code.Store(503)
	g.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		code := int(g.code.Load())
		entries, _ := strconv.ParseInt(r.Header.Get("Reprise-Entries"), 10, 64) // CONTRACT.md §4
		if code == 200 && g.passed.Add(entries) > entries+1000 {
			<-g.shut
		}
		w.WriteHeader(code)
		_, _ = io.WriteString(w, "not now")
	}))
	t.Cleanup(func() {
		g.open() // else Close would wait for what waits for it
		g.Close()
	})
	return g
}

// sendMany sends entries of the last minutes, other ones for each n.
func (v *victim) sendMany(h *hearsay, n, entries int) {
	v.t.Helper()
	var b strings.Builder
	at := time.Now().Add(-10 * time.Minute).UnixMilli()
	for i := range entries {
		_, _ = fmt.Fprintf(&b, `{"event_class_id":"c","name":"Ingress","rt":%d,"query":"%d of %d, which is said at some length"}`+"\n", at+int64(i), i, n)
	}
	if code := h.ask(v, asked{"POST", eventsPath, v.admin, b.String(), []string{"Content-Type", "application/x-ndjson"}}); code != 202 {
		v.t.Fatalf("the entries were answered %d", code)
	}
}
