package lambdatest

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"time"

	"reprise/shared/stack"
)

// sandbox is one bootstrap in the emulator. It has one call at a time, as on AWS; a second one would end the emulator.
type sandbox struct {
	process *stack.Process
	address string
	busy    bool // of its Function's mutex
}

const (
	// startTime is how long an emulator may take to listen on a busy machine.
	startTime = time.Minute
	// starts is how often one is started: somebody else may be faster to take its port.
	starts = 5
)

// open starts an emulator. The bootstrap itself starts with the first call.
func open(program, folder string, environment []string, log io.Writer) (*sandbox, error) {
	var errs error
	for range starts {
		s, err := openOnce(program, folder, environment, log)
		if err == nil {
			return s, nil
		}
		errs = errors.Join(errs, err)
	}
	return nil, errs
}

func openOnce(program, folder string, environment []string, log io.Writer) (*sandbox, error) {
	var ports [2]*stack.Port // of the emulator, and of what the bootstrap speaks with
	for i := range ports {
		port, err := stack.TakePort()
		if err != nil {
			return nil, err
		}
		ports[i] = port
	}
	address := ports[0].Address()
	cmd := exec.Command(program, "--runtime-interface-emulator-address", address, "--runtime-api-address", ports[1].Address(), filepath.Join(folder, "bootstrap"))
	cmd.Dir, cmd.Env, cmd.Stdout, cmd.Stderr = folder, environment, log, log
	process, err := stack.Spawn(cmd, ports[:]...)
	if err != nil {
		return nil, fmt.Errorf("starting the emulator: %w", err)
	}
	deadline := time.After(startTime)
	for listens := false; ; {
		select {
		case <-process.Ended(): // whoever listens is not this emulator
			return nil, fmt.Errorf("the emulator ended: %v", process.Err())
		case <-deadline:
			process.Kill()
			return nil, fmt.Errorf("the emulator did not listen within %s", startTime)
		case <-time.After(5 * time.Millisecond):
		}
		if listens {
			return &sandbox{process: process, address: address}, nil
		}
		if c, err := net.Dial("tcp", address); err == nil {
			listens = true
			_ = c.Close()
		}
	}
}

// errNoAnswer is an emulator that is not to be called again.
var errNoAnswer = errors.New("the emulator did not answer")

// call hands an event over and returns what the function answered, or the error that Lambda would call a function error.
func (s *sandbox) call(ctx context.Context, event []byte) ([]byte, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, "http://"+s.address+"/2015-03-31/functions/function/invocations", bytes.NewReader(event))
	if err != nil {
		return nil, err
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil { // a kill may startle the emulator so that it answers nothing
		return nil, errors.Join(errNoAnswer, &FunctionError{err.Error()})
	}
	defer func() { _ = resp.Body.Close() }()
	body, err := io.ReadAll(resp.Body)
	switch {
	case err != nil:
		return nil, errors.Join(errNoAnswer, &FunctionError{err.Error()})
	// The emulator answers 502 for a process that ended, 200 for an error that the function returned and for one that was out of time.
	case resp.StatusCode != http.StatusOK, bytes.HasPrefix(body, []byte(`{"errorMessage":`)), bytes.HasPrefix(body, []byte("Task timed out")):
		return nil, &FunctionError{string(body)}
	}
	return body, nil
}

// FunctionError is what Lambda calls so: the function returned an error, panicked, ended or was out of time.
type FunctionError struct{ Said string }

func (e *FunctionError) Error() string { return "function error: " + e.Said }

// signal is the bootstrap's, SIGKILL as where a function has used up its memory. False: it was not there.
func (s *sandbox) signal(what syscall.Signal) bool {
	heard := false
	for _, pid := range children(s.process.Pid()) {
		heard = syscall.Kill(pid, what) == nil || heard
	}
	return heard
}

// close ends the emulator and its bootstrap.
func (s *sandbox) close() {
	pids := children(s.process.Pid())
	s.process.Kill()
	for _, pid := range pids {
		_ = syscall.Kill(pid, syscall.SIGKILL)
	}
}

// children are the processes that a process has started.
func children(parent int) (all []int) {
	entries, err := os.ReadDir("/proc")
	if err != nil {
		return nil
	}
	for _, e := range entries {
		pid, err := strconv.Atoi(e.Name())
		if err != nil {
			continue
		}
		stat, err := os.ReadFile(filepath.Join("/proc", e.Name(), "stat"))
		if err != nil {
			continue
		}
		_, behind, _ := strings.Cut(string(stat), ") ") // the name may hold spaces
		if f := strings.Fields(behind); len(f) > 1 && f[1] == strconv.Itoa(parent) {
			all = append(all, pid)
		}
	}
	return all
}
