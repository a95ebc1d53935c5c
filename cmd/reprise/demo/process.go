package demo

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"time"
)

// patience is how long a process may take to start or to end.
const patience = 30 * time.Second

// A process is one of reprise's own commands at work beside this one.
type process struct {
	Address string // where it listens
	name    string
	log     string // the file that its standard error goes to
	cmd     *exec.Cmd
	out     bytes.Buffer // its standard output
	ended   chan struct{}
	err     error // of its end; read after ended
	stopped bool  // stop was called
}

// start runs program with args and waits until it says where it listens: the address of its log line whose message is msg.
// The process writes its log as JSON lines to name.log in the folder.
func start(ctx context.Context, folder, name, msg, program string, env []string, args ...string) (*process, error) {
	p := &process{name: name, log: filepath.Join(folder, name+".log"), ended: make(chan struct{})}
	f, err := os.Create(p.log)
	if err != nil {
		return nil, err
	}
	address := make(chan string, 1)
	p.cmd = exec.Command(program, args...) // not ended by ctx: it is to end gracefully, by stop
	p.cmd.Env = environment(env)
	p.cmd.Stdout, p.cmd.Stderr = &p.out, &watcher{to: f, msg: msg, found: address}
	if err := p.cmd.Start(); err != nil {
		return nil, errors.Join(fmt.Errorf("starting %s: %w", name, err), f.Close())
	}
	go func() {
		p.err = errors.Join(p.cmd.Wait(), f.Close())
		close(p.ended)
	}()
	select {
	case p.Address = <-address:
		return p, nil
	case <-p.ended:
		return nil, fmt.Errorf("%s did not start: %w\n%s", name, p.err, tail(p.log))
	case <-ctx.Done():
		return nil, errors.Join(context.Cause(ctx), p.stop())
	case <-time.After(patience):
		_ = p.cmd.Process.Kill()
		return nil, fmt.Errorf("%s did not start within %s\n%s", name, patience, tail(p.log))
	}
}

// stop ends the process gracefully, by force where it does not hear. Its error is how the process ended, by itself or not; only
// the first call returns it.
func (p *process) stop() error {
	if p == nil || p.stopped {
		return nil
	}
	p.stopped = true
	if err := p.cmd.Process.Signal(syscall.SIGTERM); err != nil {
		_ = p.cmd.Process.Kill() // one that ended by itself hears neither
	}
	select {
	case <-p.ended:
	case <-time.After(patience):
		_ = p.cmd.Process.Kill()
		<-p.ended
		return fmt.Errorf("%s did not end within %s of being asked to: see %s", p.name, patience, p.log)
	}
	if p.err != nil {
		return fmt.Errorf("%s ended badly: %w\n%s", p.name, p.err, tail(p.log))
	}
	return nil
}

// kill ends the process at once: for one that leaves nothing that anybody wants.
func (p *process) kill() {
	_ = p.cmd.Process.Kill() // one that ended by itself hears it not
	<-p.ended
}

// run runs program to its end, and returns what it printed.
func run(ctx context.Context, program string, args ...string) (string, error) {
	cmd := exec.CommandContext(ctx, program, args...)
	cmd.Env = environment(nil)
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if err != nil {
		return "", fmt.Errorf("reprise %s: %w\n%s", strings.Join(args[:2], " "), err, stderr.Bytes())
	}
	return strings.TrimSpace(string(out)), nil
}

// environment is ours without the settings of reprise, which would change what the commands do, and with those given.
func environment(more []string) []string {
	var env []string
	for _, e := range os.Environ() {
		if !strings.HasPrefix(e, "REPRISE_") {
			env = append(env, e)
		}
	}
	return append(env, more...)
}

// A watcher passes a log on, and looks for the address of one line.
type watcher struct {
	to    io.Writer
	msg   string
	found chan<- string // nil once the address was found
	begun []byte        // a line whose end is yet to come
}

func (w *watcher) Write(b []byte) (int, error) {
	if w.found != nil {
		w.begun = append(w.begun, b...)
	}
	for w.found != nil {
		line, rest, whole := bytes.Cut(w.begun, []byte("\n"))
		if !whole {
			break
		}
		w.begun = rest
		var said struct{ Msg, Address string }
		if json.Unmarshal(line, &said) == nil && said.Msg == w.msg {
			w.found <- said.Address
			w.found, w.begun = nil, nil
		}
	}
	return w.to.Write(b)
}

// tail is the end of a log, for an error.
func tail(path string) string {
	const most = 2000
	b, err := os.ReadFile(path)
	if err != nil {
		return err.Error()
	}
	if len(b) > most {
		b = b[len(b)-most:]
	}
	return strings.TrimSpace(string(b))
}
