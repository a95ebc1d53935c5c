package storetest

import (
	"errors"
	"fmt"
	"reflect"
	"slices"
	"sync"

	"reprise/shared/fanout"
)

// ErrFault is the answer to a write that was chosen to fail. It is nothing that a caller may branch on.
var ErrFault = errors.New("a write failed")

// Fault is how a write goes wrong.
type Fault int

// The ways there are (DESIGN.md §8).
const (
	NotMade    Fault = iota // nothing was written
	AnswerLost              // all was written; who asked is told that it failed
	PartlyMade              // of a write of several that may be made in part, the first half was; any other write was not made
)

func (f Fault) String() string {
	switch f {
	case NotMade:
		return "not made"
	case AnswerLost:
		return "answer lost"
	case PartlyMade:
		return "partly made"
	default:
		return fmt.Sprintf("fault %d", int(f))
	}
}

// Writes is the name of every write that Faults may make fail: each method of a store that is no read, and the queue's Send.
func Writes() []string {
	reads := []string{"Chunks", "CountsIn", "Job", "Live", "Plan", "Progress", "PublicKeys", "SigningKey", "Token", "TokensOf", "Webhook"}
	names := []string{"Send"}
	ports := reflect.TypeFor[Store]()
	for i := range ports.NumMethod() {
		if name := ports.Method(i).Name; !slices.Contains(reads, name) {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	return names
}

// Faults makes one write fail among all those of the stores and queues that it wraps, counted together from 1.
type Faults struct {
	mu     sync.Mutex
	nth    int
	kind   Fault
	writes int
	name   string
}

// NewFaults makes the nth write fail; where n is 0 none does, and the writes are only counted.
func NewFaults(n int, kind Fault) *Faults { return &Faults{nth: n, kind: kind} }

// Arm makes the nth write from now on fail, as if none had been counted before.
func (f *Faults) Arm(n int, kind Fault) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.nth, f.kind, f.writes, f.name = n, kind, 0, ""
}

// Writes is how many writes there were, the one that failed included.
func (f *Faults) Writes() int {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.writes
}

// Hit reports whether the nth write came.
func (f *Faults) Hit() bool { return f.Name() != "" }

// Name is the method that failed; empty while none did.
func (f *Faults) Name() string {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.name
}

// Store is s with its writes counted. Reads pass through.
func (f *Faults) Store(s Store) *FaultyStore { return &FaultyStore{Store: s, faults: f} }

// Queue is q with its sends counted among the store's writes.
func (f *Faults) Queue(q fanout.Queue) *FaultyQueue { return &FaultyQueue{queue: q, faults: f} }

// write makes a write that is all or nothing, unless it is its turn to fail.
func (f *Faults) write(name string, whole func() error) error {
	return f.parts(name, whole, func() error { return nil })
}

// parts makes a write of several that may be made in part.
func (f *Faults) parts(name string, whole, half func() error) error {
	n, kind, fails := f.next(name)
	if !fails {
		return whole()
	}
	var err error
	switch kind {
	case AnswerLost:
		err = whole()
	case PartlyMade:
		err = half()
	}
	if err != nil { // what the backend said is lost, too; a person who reads the log may know
		return fmt.Errorf("%s, write %d, %v: %w (%v)", name, n, kind, ErrFault, err)
	}
	return fmt.Errorf("%s, write %d, %v: %w", name, n, kind, ErrFault)
}

// next counts a write.
func (f *Faults) next(name string) (n int, kind Fault, fails bool) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.writes++
	if fails = f.writes == f.nth; fails {
		f.name = name
	}
	return f.writes, f.kind, fails
}
