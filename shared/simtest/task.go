package simtest

import (
	"fmt"
	"time"

	"reprise/shared/replay"
)

// task is one invocation of something: a process that may die at every step.
type task struct {
	w      *world
	n      int
	name   string
	skew   time.Duration // of its clock
	writes int           // names its writes
	dead   bool
	done   bool

	// What the checks know of a deliver.
	scope    replay.Scope
	job      string
	slice    int
	held     time.Time // until when its message was its own; zero: never
	tried    int       // step of its Try
	fenced   string    // why it may start no further batch
	version  int       // of the webhook that it uses
	sawOff   bool      // it read that the webhook is off
	lastPost *post     // the one that was answered last
	late     int       // batches that it started after its job had ended
	acks     int       // how many entries were acknowledged when its request was received
	refused  bool      // its Accept met a running job
	accepted bool      // its Accept stored jobs
	sawDone  bool      // it read that every slice is done
	failed   int       // jobs that it failed itself

	// What they know of who answers a DELETE.
	found map[replay.Scope]replay.Status // of the jobs that it read, as each was the last time

	ok   bool   // it did what it should, and its caller knows
	then func() // what its caller does when it has ended, or was given up
}

// tell lets the caller know, once.
func (t *task) tell() {
	if then := t.then; then != nil {
		t.then = nil
		then()
	}
}

// spawn starts a task; only the world does, between two steps.
func (w *world) spawn(name string, work func(*task)) *task {
	w.tasks++
	t := &task{w: w, n: w.tasks, name: fmt.Sprintf("%s#%d", name, w.tasks), skew: w.skew(), found: make(map[replay.Scope]replay.Status)}
	w.live = append(w.live, t)
	w.note(t, "begins")
	go func() {
		defer t.end()
		work(t)
	}()
	return t
}

func (t *task) end() {
	t.w.mu.Lock()
	defer t.w.mu.Unlock()
	t.done = true
}

func (t *task) isDone() bool {
	t.w.mu.Lock()
	defer t.w.mu.Unlock()
	return t.done
}

func (t *task) isDead() bool {
	t.w.mu.Lock()
	defer t.w.mu.Unlock()
	return t.dead
}

// kill ends the task's effects: what it does from now on nobody sees.
func (t *task) kill() {
	t.w.mu.Lock()
	defer t.w.mu.Unlock()
	t.dead = true
}

// now is the task's clock.
func (t *task) now() time.Time { return time.Now().Add(t.skew) }

// pause is one step outwards: it returns when it is the task's turn. An error means that nothing may be done.
func (t *task) pause(strand int, k kind, op string) (fate, error) {
	return t.pauseFor(0, strand, k, op)
}

// pauseFor takes at least d.
func (t *task) pauseFor(d time.Duration, strand int, k kind, op string) (fate, error) {
	if t.isDead() {
		return fate{}, errOver
	}
	x := &wait{task: t, strand: strand, kind: k, op: op, least: d, wake: make(chan fate, 1)}
	t.w.mu.Lock()
	t.w.fresh = append(t.w.fresh, x)
	t.w.mu.Unlock()
	f := <-x.wake
	if t.isDead() {
		return fate{}, errOver
	}
	if f.fault == CrashBefore {
		t.w.note(t, "dies before %s", op)
		t.kill()
		return fate{}, errOver
	}
	return f, nil
}

// read is a step that changes nothing.
func (t *task) read(op string) error {
	f, err := t.pause(0, reading, op)
	if err != nil {
		return err
	}
	if f.fault == ReadFails {
		t.w.note(t, "%s fails", op)
		return fmt.Errorf("%s: %w", op, errFault)
	}
	return nil
}

// write is a step that may be made, made in part, made twice, not made, or made with its answer lost.
// Of its parts half makes one half; one part alone is made or not.
func (t *task) write(op string, parts int, whole, half func(*Store) error) error {
	k := writing
	if parts > 1 {
		k = writingParts
	}
	f, err := t.pause(0, k, op)
	if err != nil {
		return err
	}
	t.writes++
	id := fmt.Sprintf("%s/%d", t.name, t.writes)
	switch f.fault {
	case NotMade:
		t.w.note(t, "%s is not made", op)
		return fmt.Errorf("%s: %w", op, errFault)
	case Partial:
		_ = half(t.store(id)) // what the store said is lost, too
		t.w.note(t, "%s is made in part", op)
		return fmt.Errorf("%s: %w", op, errFault)
	}
	err = whole(t.store(id))
	t.w.note(t, "%s: %v", op, orMade(err))
	switch f.fault {
	case CrashAfter:
		t.w.note(t, "dies after %s", op)
		t.kill()
		return errOver
	case AnswerLost:
		return fmt.Errorf("%s: answer lost: %w", op, errFault)
	case MadeTwice:
		if _, dead := t.pause(0, gap, op); dead != nil {
			return dead
		}
		err = whole(t.store(id))
		t.w.note(t, "%s, again by itself: %v", op, orMade(err))
	}
	if f.lingers {
		if _, dead := t.pause(0, gap, op); dead != nil {
			return dead
		}
	}
	return err
}

func orMade(err error) any {
	if err == nil {
		return "made"
	}
	return err
}

// store is the tables under the task's clock, all writes under one id.
func (t *task) store(id string) *Store {
	return t.w.tables.As(t.now, func() string { return id })
}
