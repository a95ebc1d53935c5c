package simtest

import (
	"errors"
	"math/rand/v2"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"reprise/shared/openapitest"
)

// Options is what a run may be told beside its seed: what a shrink leaves out of it, whether somebody will read its story.
type Options struct {
	Trace bool
	API   *openapitest.File // what each answer is held to; nil: nothing
	// What the script or the dice would have, and this run has not: an action by its place in the script, a fault by its
	// kind or by its place among all.
	Actions map[int]bool
	Kinds   map[Fault]bool
	Faults  map[int]bool
}

// Result is what one run came to.
type Result struct {
	Seed      uint64
	Steps     int
	Faults    map[Fault]int
	FaultsAll int // places that Options.Faults may name
	Actions   int // places that Options.Actions may name
	Jobs      map[string]int
	Taken     int // entries acknowledged to their producers
	Sent      int // entries posted, repetitions included
	Lost      int // entries that a completed job should have brought and did not
	Longest   time.Duration
	Trace     []string
	Broken    error // the first promise that was broken, or nil
}

// Run lets one seed happen. Everything in it is decided by the seed: the verbs are the real ones, each in a goroutine of
// its own, and each of their steps outwards waits until the world, which draws from one source of randomness while all
// of them rest, says that it is its turn.
func Run(t *testing.T, seed uint64, o Options) (r Result) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(seed, o)
		w.run()
		r = w.result()
	})
	return r
}

// world is one run.
type world struct {
	seed   uint64
	o      Options
	random *rand.Rand // drawn from only while every task rests
	script script
	people people
	tables *Tables
	queue  *Queue
	ledger *ledger
	stream stream
	faults dice

	mu      sync.Mutex // of fresh and of every task's dead: tasks have two goroutines while a deliver reads ahead
	fresh   []*wait    // since the world last looked
	waits   []*wait
	events  []event
	choices []func()
	tasks   int // that were ever started
	live    []*task
	step    int
	start   time.Time
	calm    bool // faults have stopped
	over    bool // a promise was broken: everybody goes home
	trace   []string
	counts  map[string]int
	broken  error
	sent    int
	lost    int
	worst   time.Duration // from the calm to the last end
}

// event is something of the world's own: no task waits for it.
type event struct {
	at   time.Time
	idle bool // it comes for ever, whether or not there is anything to do
	what func()
}

// errOver is what a step of a task gets that is dead, or after the run.
var errOver = errors.New("this process is dead")

// errFault is a step that failed, whether or not it took effect.
var errFault = errors.New("simulated fault")

// wait is a task's step that has not been let through yet.
type wait struct {
	task   *task
	strand int // 0, or 1 for the goroutine that reads ahead
	kind   kind
	op     string
	least  time.Duration // that it takes
	at     time.Time
	fate   fate
	wake   chan fate
}

// next lets one thing happen, or time pass until one may; false where nothing ever will.
func (w *world) next() bool {
	synctest.Wait() // every task rests: in a wait, or for its own other goroutine
	w.collect()
	if due := w.due(); len(due) > 0 {
		if w.step++; w.step > maxSteps && !w.over {
			w.breaks("everything ends", "not within %d steps: %s", maxSteps, w.unrest())
		}
		due[w.random.IntN(len(due))]()
		return true
	}
	at, ok := w.soonest()
	if !ok {
		return false
	}
	<-time.After(time.Until(at))
	return true
}

// collect draws the fate of the steps that were begun since, in an order that does not depend on who was faster, and
// tells of the tasks that have ended.
func (w *world) collect() {
	w.mu.Lock()
	fresh := w.fresh
	w.fresh = nil
	w.mu.Unlock()
	slices.SortFunc(fresh, func(a, b *wait) int { return (a.task.n-b.task.n)*2 + a.strand - b.strand })
	for _, x := range fresh {
		x.fate = w.draw(x.kind)
		x.at = time.Now().Add(x.least + x.fate.delay)
	}
	w.waits = append(w.waits, fresh...)
	var ended []*task
	w.live = slices.DeleteFunc(w.live, func(t *task) bool {
		if t.isDone() {
			ended = append(ended, t)
		}
		return t.isDone()
	})
	for _, t := range ended {
		w.note(t, "ends")
		t.tell()
	}
	w.fillStream()
}

// due is everything that may happen now.
func (w *world) due() []func() {
	w.choices = w.choices[:0]
	now := time.Now()
	for i, x := range w.waits {
		if w.over || x.task.isDead() || !x.at.After(now) {
			w.choices = append(w.choices, func() {
				w.waits = slices.Delete(w.waits, i, i+1)
				x.wake <- x.fate
			})
		}
	}
	if w.over {
		return w.choices
	}
	for i, e := range w.events {
		if !e.at.After(now) {
			w.choices = append(w.choices, func() {
				w.events = slices.Delete(w.events, i, i+1)
				e.what()
			})
		}
	}
	if w.delivering() < maxGroups {
		for _, m := range w.queue.Visible() {
			w.choices = append(w.choices, func() { w.receive(m) })
		}
	}
	for _, s := range w.stream.ready(now) {
		w.choices = append(w.choices, func() { w.fanOut(s) })
	}
	return w.choices
}

// soonest is when something will be due that is not yet.
func (w *world) soonest() (at time.Time, ok bool) {
	earlier := func(t time.Time) {
		if !ok || t.Before(at) {
			at, ok = t, true
		}
	}
	for _, x := range w.waits {
		earlier(x.at)
	}
	for _, e := range w.events {
		earlier(e.at)
	}
	if t, hidden := w.queue.NextVisible(); hidden && !w.over {
		earlier(t)
	}
	if t, later := w.stream.next(); later {
		earlier(t)
	}
	return at, ok
}

// after has something happen in d, or later, as things come.
func (w *world) after(d time.Duration, what func()) {
	w.events = append(w.events, event{time.Now().Add(d), false, what})
}

// run is the whole story: trouble, calm, one last replay of everything.
func (w *world) run() {
	w.begin()
	until := w.start.Add(w.script.trouble)
	for !w.over && time.Now().Before(until) && w.next() {
	}
	w.comeToRest("the calm", calmBound)
	w.lastReplay()
	w.comeToRest("the last replay", lastBound)
	w.final()
	w.goHome()
}

// comeToRest lets everything come to rest; whatever has not by then never will.
func (w *world) comeToRest(what string, bound time.Duration) {
	w.becalm()
	from := time.Now()
	for !w.over && !w.resting() {
		if time.Since(from) > bound {
			w.breaks("everything ends", "%v after %s began: %s", bound, what, w.unrest())
			return
		}
		if !w.next() {
			return
		}
	}
	w.worst = max(w.worst, time.Since(from))
}

// goHome ends every task that is left, so that no goroutine outlives the run.
func (w *world) goHome() {
	w.over = true
	w.events = nil
	for _, t := range w.live {
		t.kill()
	}
	for {
		synctest.Wait()
		w.collect()
		if len(w.waits) == 0 {
			return
		}
		for _, x := range w.waits {
			x.wake <- x.fate
		}
		w.waits = nil
	}
}
