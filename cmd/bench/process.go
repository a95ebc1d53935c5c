package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"time"
)

// patience is how long a process may take to start.
const patience = 30 * time.Second

// A process is the service or the receiver at work beside this one.
type process struct {
	address string // where it listens
	log     string // the file of what it writes
	cmd     *exec.Cmd
}

// startService starts reprise on a data file, with all that its log says in a file beside it. Its profiles are called as name.
func (b *bench) startService(ctx context.Context, name, data string, regions string) (*process, error) {
	args := []string{
		"serve", "--address", "127.0.0.1:0", "--data", data, "--regions", regions, "--lanes", strconv.Itoa(lanes), "--allow-inside", "--log-format", "json",
	}
	if b.profile != "" {
		args = append(args, "--profile", filepath.Join(b.profile, name))
	}
	return start(ctx, b.folder, "serve", "serving", b.program, args...)
}

// startSelf starts this program in another role.
func startSelf(ctx context.Context, folder, role string, args ...string) (*process, error) {
	self, err := os.Executable()
	if err != nil {
		return nil, err
	}
	return start(ctx, folder, role, "listening", self, append([]string{role}, args...)...)
}

// start runs a program and waits until a JSON line of its output, with that msg, says its address.
func start(ctx context.Context, folder, name, msg, program string, args ...string) (*process, error) {
	log, err := os.CreateTemp(folder, name+"-*.log")
	if err != nil {
		return nil, err
	}
	p := &process{log: log.Name(), cmd: exec.Command(program, args...)}
	p.cmd.Stdout, p.cmd.Stderr = log, log
	err = p.cmd.Start()
	if err = errors.Join(err, log.Close()); err != nil { // the process has its own
		return nil, err
	}
	for since := time.Now(); ; {
		text, err := os.ReadFile(p.log)
		if err != nil {
			return nil, errors.Join(err, p.stop())
		}
		for line := range bytes.Lines(text) {
			var said struct{ Msg, Address string }
			if json.Unmarshal(line, &said) == nil && said.Msg == msg {
				p.address = said.Address
				return p, nil
			}
		}
		if ctx.Err() != nil || time.Since(since) > patience {
			return nil, errors.Join(fmt.Errorf("%s %s did not start: %s", program, args[0], text), p.stop())
		}
		time.Sleep(10 * time.Millisecond)
	}
}

// stop ends the process and waits for its end.
func (p *process) stop() error {
	if p == nil {
		return nil
	}
	if err := p.cmd.Process.Signal(syscall.SIGTERM); err != nil {
		return err
	}
	if err := p.cmd.Wait(); err != nil {
		return fmt.Errorf("%s ended badly: %w: see %s", p.cmd.Args[1], err, p.log)
	}
	return nil
}

// cpu is what the process has used so far, in its own code and in the kernel's, to 10 ms.
func (p *process) cpu() (time.Duration, error) {
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", p.cmd.Process.Pid))
	if err != nil {
		return 0, err
	}
	// proc_pid_stat(5): fields 14 and 15, in ticks. The name before them may hold anything, but ends at the last parenthesis.
	const ticks = 100 // a second, on every Linux that Go runs on
	fields := strings.Fields(string(text[bytes.LastIndexByte(text, ')')+1:]))
	user, err := strconv.ParseInt(fields[11], 10, 64)
	system, err2 := strconv.ParseInt(fields[12], 10, 64)
	return time.Duration(user+system) * time.Second / ticks, errors.Join(err, err2)
}

// peak is the most memory that the process ever had resident, in MiB (VmHWM of proc_pid_status(5)).
func (p *process) peak() (float64, error) {
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", p.cmd.Process.Pid))
	if err != nil {
		return 0, err
	}
	_, rest, _ := strings.Cut(string(text), "VmHWM:")
	kib, _, _ := strings.Cut(strings.TrimSpace(rest), " ")
	n, err := strconv.ParseFloat(kib, 64)
	return n / 1024, err
}

// A result is what a process that ends by itself says about its work. What it did to get ready is not in it.
type result struct {
	Wall, CPU time.Duration
	Entries   int64
	Bytes     int64
}

// role runs this program in another role to its end.
func role(ctx context.Context, args ...string) (r result, err error) {
	self, err := os.Executable()
	if err != nil {
		return r, err
	}
	cmd := exec.CommandContext(ctx, self, args...)
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if err != nil {
		return r, fmt.Errorf("%s: %w: %s", args[0], err, stderr.Bytes())
	}
	return r, json.Unmarshal(out, &r)
}

// clocked is how long work took, and what CPU this process used for it.
func clocked(work func() error) (r result, err error) {
	var before, after syscall.Rusage
	err = syscall.Getrusage(syscall.RUSAGE_SELF, &before)
	since := time.Now()
	err = errors.Join(err, work(), syscall.Getrusage(syscall.RUSAGE_SELF, &after))
	r.Wall = time.Since(since)
	used := func(u syscall.Rusage) int64 { return u.Utime.Nano() + u.Stime.Nano() }
	r.CPU = time.Duration(used(after) - used(before))
	return r, err
}

// commit is what git says of the tree.
func commit() string {
	out, err := exec.Command("git", "describe", "--always", "--dirty", "--exclude=*").Output()
	if err != nil {
		return "unknown commit"
	}
	return "commit " + strings.TrimSpace(string(out))
}
