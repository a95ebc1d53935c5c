package stack

import (
	"os/exec"
	"runtime"
)

// Process is a program that ends with this process, whatever ends it.
type Process struct {
	cmd   *exec.Cmd
	ended chan struct{}
	err   error
}

// Spawn starts a program that listens on these ports, which are its own until it ends; nobody else may have set its SysProcAttr.
func Spawn(cmd *exec.Cmd, ports ...*Port) (*Process, error) {
	p := &Process{cmd: cmd, ended: make(chan struct{})}
	cmd.SysProcAttr = dieWithParent()
	started := make(chan error, 1)
	go func() {
		runtime.LockOSThread() // the kernel's "parent" is the thread that started it, which must not end before it
		defer close(p.ended)
		for _, port := range ports {
			defer port.Release()
		}
		err := cmd.Start()
		started <- err
		if err == nil {
			p.err = cmd.Wait()
		}
	}()
	return p, <-started
}

// Run is Spawn, and waits for the end.
func Run(cmd *exec.Cmd) error {
	p, err := Spawn(cmd)
	if err != nil {
		return err
	}
	<-p.ended
	return p.err
}

// Pid is its process id.
func (p *Process) Pid() int { return p.cmd.Process.Pid }

// Ended is closed once it has ended.
func (p *Process) Ended() <-chan struct{} { return p.ended }

// Err is how it ended; to be asked after Ended.
func (p *Process) Err() error { return p.err }

// Kill is kill -9; it has ended when it returns.
func (p *Process) Kill() {
	_ = p.cmd.Process.Kill()
	<-p.ended
}
