package main

import (
	"bytes"
	"cmp"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/rogpeppe/go-internal/testscript"

	"reprise/shared/openapitest"
)

func TestMain(m *testing.M) { testscript.Main(m, map[string]func(){"reprise": main}) }

// TestTheCommandLineDoesWhatItsScriptsSay runs testdata/script with reprise as a program. Beside testscript's own commands
// they have:
//
//	start NAME ARGS...   starts reprise, waits until it listens; $NAME is its address then
//	end NAME             ends it with SIGTERM; its output is in NAME.out, its log in NAME.log; ! end: it must fail
//	interrupt NAME       asks it for an answer, then ends it with SIGTERMs: a later one must end it without its consent
//	get URL              prints the answer's body; ! get: no answer, or no 2xx
//	ask METHOD URL HEADER-FILE CODE [BODY-FILE]
//	                     sends a request with one more header; the answer must have that code, its body is printed
//
// $GOLDEN is the folder of auditlog's golden files.
func TestTheCommandLineDoesWhatItsScriptsSay(t *testing.T) {
	testscript.Run(t, testscript.Params{
		Dir:                 filepath.Join("testdata", "script"),
		RequireExplicitExec: true,
		Setup: func(env *testscript.Env) error {
			env.Values[started{}] = map[string]*running{}
			golden, err := filepath.Abs(filepath.Join("..", "..", "shared", "auditlog", "testdata", "golden"))
			if err != nil {
				return err
			}
			env.Setenv("GOLDEN", golden)
			return os.MkdirAll(filepath.Join(env.WorkDir, ".tmp"), 0o700)
		},
		Cmds: map[string]func(*testscript.TestScript, bool, []string){"start": start, "end": end, "get": get, "ask": ask, "interrupt": interrupt},
		Condition: func(name string) (bool, error) {
			return name == "root" && os.Geteuid() == 0, nil
		},
	})
}

// started is the key of a script's processes.
type started struct{}

func start(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 2 {
		ts.Fatalf("usage: start NAME ARGS...")
	}
	name := args[0]
	program, err := exec.LookPath("reprise")
	ts.Check(err)
	out, err := os.Create(ts.MkAbs(name + ".out"))
	ts.Check(err)
	log, err := os.Create(ts.MkAbs(name + ".log"))
	ts.Check(err)
	cmd := exec.Command(program, append(args[1:], "--log-format", "json")...)
	cmd.Dir, cmd.Stdout = ts.Getenv("WORK"), out
	for _, key := range []string{"PATH", "HOME", "TMPDIR", "REPRISE_LISTEN_AUTHORIZATION"} {
		cmd.Env = append(cmd.Env, key+"="+ts.Getenv(key))
	}
	said := &finder{log: log, found: make(chan string, 1)}
	cmd.Stderr = said
	ts.Check(cmd.Start())
	p := &running{cmd: cmd, ended: make(chan struct{})}
	go func() {
		p.err = cmd.Wait()
		close(p.ended)
	}()
	ts.Value(started{}).(map[string]*running)[name] = p
	ts.Defer(func() {
		_ = cmd.Process.Kill()
		<-p.ended
	})
	select {
	case address := <-said.found:
		ts.Setenv(name, address)
	case <-p.ended:
		ts.Fatalf("%s did not start: %s", name, ts.ReadFile(name+".log"))
	}
}

// running is a process that a script started.
type running struct {
	cmd   *exec.Cmd
	ended chan struct{}
	err   error // of its end; read after ended
}

// finder keeps a log, and looks for the address that a process listens on.
type finder struct {
	log   io.Writer
	found chan string
	text  []byte
}

func (f *finder) Write(b []byte) (int, error) {
	f.text = append(f.text, b...)
	for {
		line, rest, whole := bytes.Cut(f.text, []byte("\n"))
		if !whole {
			return f.log.Write(b)
		}
		f.text = rest
		var said struct{ Msg, Address string }
		if json.Unmarshal(line, &said) == nil && (said.Msg == "serving" || said.Msg == "listening") {
			f.found <- said.Address
		}
	}
}

func end(ts *testscript.TestScript, neg bool, args []string) {
	all := ts.Value(started{}).(map[string]*running)
	if len(args) != 1 || all[args[0]] == nil {
		ts.Fatalf("usage: end NAME")
	}
	p := all[args[0]]
	ts.Check(p.cmd.Process.Signal(syscall.SIGTERM))
	if <-p.ended; (p.err != nil) != neg {
		ts.Fatalf("%s ended with %v: %s", args[0], p.err, ts.ReadFile(args[0]+".log"))
	}
}

func interrupt(ts *testscript.TestScript, neg bool, args []string) {
	all := ts.Value(started{}).(map[string]*running)
	if neg || len(args) != 1 || all[args[0]] == nil {
		ts.Fatalf("usage: interrupt NAME")
	}
	c, err := net.Dial("tcp", ts.Getenv(args[0]))
	ts.Check(err)
	defer c.Close()
	_, err = io.WriteString(c, "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\nExpect: 100-continue\r\n\r\n")
	ts.Check(err)
	_, err = io.ReadFull(c, make([]byte, len("HTTP/1.1 100")))
	ts.Check(err) // it waits for the body now, which never comes
	p := all[args[0]]
	again := time.NewTicker(20 * time.Millisecond) // signals that come at once are taken for one
	defer again.Stop()
	for {
		select {
		case <-p.ended:
			if s := p.cmd.ProcessState.Sys().(syscall.WaitStatus); !s.Signaled() {
				ts.Fatalf("%s ended by itself: %v", args[0], p.err)
			}
			return
		case <-again.C:
			_ = p.cmd.Process.Signal(syscall.SIGTERM) // it may have ended meanwhile
		}
	}
}

func get(ts *testscript.TestScript, neg bool, args []string) {
	if len(args) != 1 {
		ts.Fatalf("usage: get URL")
	}
	code, body, err := request("GET", args[0], "", nil)
	if err == nil && code/100 != 2 {
		err = fmt.Errorf("answered %d: %s", code, body)
	}
	if (err != nil) != neg {
		ts.Fatalf("get %s: %v", args[0], err)
	}
	_, _ = ts.Stdout().Write(body)
}

func ask(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 4 {
		ts.Fatalf("usage: ask METHOD URL HEADER-FILE CODE [BODY-FILE]")
	}
	var in []byte
	if len(args) == 5 {
		in = []byte(ts.ReadFile(args[4]))
	}
	code, body, err := request(args[0], args[1], strings.TrimSpace(ts.ReadFile(args[2])), in)
	ts.Check(err)
	if strconv.Itoa(code) != args[3] {
		ts.Fatalf("answered %d, want %s: %s", code, args[3], body)
	}
	_, _ = ts.Stdout().Write(body)
}

// request sends a request with one more header, written "Name: value" or empty.
func request(method, url, header string, body []byte) (code int, answer []byte, err error) {
	req, err := http.NewRequest(method, url, bytes.NewReader(body))
	if err != nil {
		return 0, nil, err
	}
	if name, value, ok := strings.Cut(header, ": "); ok {
		req.Header.Set(name, value)
	}
	if body != nil {
		req.Header.Set("Content-Type", "application/json")
	}
	var wrong error
	transport := new(http.Transport)
	defer transport.CloseIdleConnections()
	client := held(transport, func(err error) { wrong = err })
	client.Timeout = 10 * time.Second
	res, err := client.Do(req)
	if err != nil {
		return 0, nil, err
	}
	defer res.Body.Close()
	answer, err = io.ReadAll(res.Body)
	return res.StatusCode, answer, cmp.Or(err, wrong)
}

// openapi is the file that what is asked is held to.
var openapi = sync.OnceValues(openapitest.Load)

// held is a client, each of whose exchanges is held to openapi.yaml.
func held(through http.RoundTripper, fail func(error)) *http.Client {
	file, err := openapi()
	if err != nil {
		fail(err)
		return &http.Client{Transport: through}
	}
	return &http.Client{Transport: file.Transport(through, fail)}
}
