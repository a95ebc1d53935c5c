package lambdatest

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"syscall"

	"reprise/shared/stack"
)

// Function is a function of the template at work: for each call at once a bootstrap of its own, kept for the next call.
type Function struct {
	stack.Function
	program     string // the emulator
	folder      string
	environment []string
	journal     journal

	mu     sync.Mutex
	all    []*sandbox
	calls  int
	closed bool
}

// Call hands the function an event. Its error is a *FunctionError where the function is at fault.
func (f *Function) Call(ctx context.Context, event []byte) ([]byte, error) {
	s, err := f.take()
	if err != nil {
		return nil, fmt.Errorf("%s: %w", f.ID, err)
	}
	answer, err := s.call(ctx, event)
	f.mu.Lock()
	defer f.mu.Unlock()
	if s.busy = false; errors.Is(err, errNoAnswer) {
		f.all = slices.DeleteFunc(f.all, func(other *sandbox) bool { return other == s })
		s.close()
	}
	if err != nil {
		return nil, fmt.Errorf("%s: %w", f.ID, err)
	}
	return answer, nil
}

// take is a sandbox that has nothing to do.
func (f *Function) take() (*sandbox, error) {
	f.mu.Lock()
	f.calls++
	for _, s := range f.all {
		if !s.busy {
			s.busy = true
			f.mu.Unlock()
			return s, nil
		}
	}
	f.mu.Unlock()
	s, err := open(f.program, f.folder, f.environment, &page{to: &f.journal})
	if err != nil {
		return nil, err
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.closed {
		s.close()
		return nil, context.Canceled
	}
	s.busy = true
	f.all = append(f.all, s)
	return s, nil
}

// Kill kills the bootstrap of one of the calls under way; choose says which of n. False: there was none.
func (f *Function) Kill(choose func(n int) int) bool { return f.signal(syscall.SIGKILL, choose) }

// Freeze stops the bootstrap of one of the calls under way, until Lambda ends it because its time is over.
func (f *Function) Freeze(choose func(n int) int) bool { return f.signal(syscall.SIGSTOP, choose) }

func (f *Function) signal(what syscall.Signal, choose func(n int) int) bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	var busy []*sandbox
	for _, s := range f.all {
		if s.busy {
			busy = append(busy, s)
		}
	}
	return len(busy) > 0 && busy[choose(len(busy))].signal(what)
}

// Busy is how many calls are under way.
func (f *Function) Busy() (n int) {
	f.mu.Lock()
	defer f.mu.Unlock()
	for _, s := range f.all {
		if s.busy {
			n++
		}
	}
	return n
}

// Calls is how often it was called.
func (f *Function) Calls() int {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.calls
}

// Log is what it wrote so far.
func (f *Function) Log() Log { return f.journal.copy() }

func (f *Function) close() {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.closed = true
	for _, s := range f.all {
		s.close()
	}
	f.all = nil
}
