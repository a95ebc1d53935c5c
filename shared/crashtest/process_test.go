package crashtest

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"io/fs"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"
)

// folder is for the program, until the end of all tests.
var folder string

func TestMain(m *testing.M) {
	var err error
	if folder, err = os.MkdirTemp("", "crashtest"); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	code := m.Run()
	_ = os.RemoveAll(folder)
	os.Exit(code)
}

// program is reprise as it is shipped: without the race detector.
var program = sync.OnceValues(func() (path string, err error) {
	// Nothing tells go test that these tests depend on the sources, but that they look at their folders: a result is
	// cached until one of these changes.
	err = filepath.WalkDir(filepath.Join("..", ".."), func(path string, d fs.DirEntry, err error) error {
		if err == nil && d.IsDir() && d.Name() == ".git" {
			return fs.SkipDir
		}
		return err
	})
	if err != nil {
		return "", err
	}
	path = filepath.Join(folder, "reprise")
	if out, err := exec.Command("go", "build", "-race=false", "-o", path, "reprise/cmd/reprise").CombinedOutput(); err != nil {
		return "", fmt.Errorf("building reprise: %w\n%s", err, out)
	}
	return path, nil
})

// command is a run of reprise that has yet to start.
func command(args ...string) (*exec.Cmd, error) {
	path, err := program()
	return exec.Command(path, args...), err
}

// patience is how long anything may take that takes a moment.
const patience = time.Minute

// process is a run of `reprise serve`.
type process struct {
	base  string
	cmd   *exec.Cmd
	log   *logged
	ended chan struct{}
	err   error // of its end; read after ended
}

// logged is what a process wrote to its log.
type logged struct {
	mu    sync.Mutex
	text  bytes.Buffer
	begun []byte // a line whose end is yet to come
	ready chan string
}

func (l *logged) Write(b []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.text.Write(b)
	l.begun = append(l.begun, b...)
	for {
		line, rest, whole := bytes.Cut(l.begun, []byte("\n"))
		if !whole {
			return len(b), nil
		}
		l.begun = rest
		var said struct{ Msg, Address string }
		if json.Unmarshal(line, &said) == nil && said.Msg == "serving" {
			l.ready <- said.Address
		}
	}
}

func (l *logged) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.String()
}

// tail is its end, for an error.
func (l *logged) tail() string {
	text := l.String()
	return text[max(0, len(text)-4000):]
}

// serve starts the service on a data file; its error is that it ended before it served.
func serve(data string) (*process, error) {
	p := &process{log: &logged{ready: make(chan string, 1)}, ended: make(chan struct{})}
	var err error
	if p.cmd, err = command("serve", "--address", "127.0.0.1:0", "--data", data, "--allow-inside", "--log-format", "json"); err != nil {
		return nil, err
	}
	p.cmd.Stderr = p.log
	if err := p.cmd.Start(); err != nil {
		return nil, err
	}
	go func() {
		p.err = p.cmd.Wait()
		close(p.ended)
	}()
	select {
	case address := <-p.log.ready:
		p.base = "http://" + address
		return p, nil
	case <-p.ended:
		return p, fmt.Errorf("it did not start: %w\n%s", p.err, p.log.tail())
	case <-time.After(patience):
		p.kill()
		return p, fmt.Errorf("it did not start within %s\n%s", patience, p.log.tail())
	}
}

// started is serve for a test that needs nothing but a service, until its end.
func started(t *testing.T, data string) *process {
	t.Helper()
	p, err := serve(data)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(p.kill)
	return p
}

// kill is kill -9: nothing of the process gets to run any more.
func (p *process) kill() {
	_ = p.cmd.Process.Kill()
	<-p.ended
}

// stop asks it to end, and waits.
func (p *process) stop() error {
	if err := p.cmd.Process.Signal(syscall.SIGTERM); err != nil {
		return err
	}
	select {
	case <-p.ended:
		return p.err
	case <-time.After(patience):
		p.kill()
		return fmt.Errorf("it did not end within %s of SIGTERM", patience)
	}
}

// token makes one for an organization, with the command line, beside the service or before it.
func token(t *testing.T, data, org string) string {
	t.Helper()
	var stderr bytes.Buffer
	cmd, err := command("token", "create", "--data", data, "--org", org, "--role", "admin", "--label", "crash")
	if err != nil {
		t.Fatal(err)
	}
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("making a token: %v\n%s", err, stderr.String())
	}
	return strings.TrimSpace(string(out))
}

// The paths of the API (CONTRACT.md §2, §3, §6).
const (
	jobPath    = "/v2/audit-log-replay-job"
	hookPath   = "/v2/audit-log-webhook"
	eventsPath = "/v2/audit-log-events"
	jwksPath   = hookPath + "/jwks.json"
)

// ask sends one request. Its error means that nobody answered in full.
func ask(base, secret, method, path, body string) (code int, answer []byte, err error) {
	req, err := http.NewRequest(method, base+path, strings.NewReader(body))
	if err != nil {
		return 0, nil, err
	}
	req.Header.Set("Authorization", "Bearer "+secret)
	kind := "application/json"
	if path == eventsPath {
		kind = "application/x-ndjson"
	}
	req.Header.Set("Content-Type", kind)
	client := http.Client{Timeout: patience}
	res, err := client.Do(req)
	if err != nil {
		return 0, nil, err
	}
	defer func() { _ = res.Body.Close() }()
	answer, err = io.ReadAll(res.Body)
	return res.StatusCode, answer, err
}

// job is what GET and PUT answer, as far as it is looked at.
type job struct {
	ID       string `json:"job_id"`
	Status   string
	StartAt  time.Time `json:"start_at"`
	EndAt    time.Time `json:"end_at"`
	Progress struct {
		Batches, Entries, Bytes int64
		Completed               int64 `json:"slices_completed"`
	}
	Failure struct{ Code, Detail string }
}

func readJob(answer []byte) (j job, err error) {
	err = json.Unmarshal(answer, &j)
	return j, err
}
