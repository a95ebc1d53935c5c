package lambdatest

import (
	"cmp"
	"flag"
	"fmt"
	"math/rand/v2"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"reprise/shared/stack"
)

var (
	seedFlag  = flag.Uint64("seed", 0, "of the kill run's choices; 0 takes one by the clock")
	killsFlag = flag.Int("kills", 0, "how often the kill run kills a function; 0 is as often as usual")
)

// usualKills is how often a function is killed in one run.
var usualKills = map[bool]int{true: 50, false: 5}[whole]

// organizations is how many there are: a killed delivery keeps its lane waiting, so the others keep the functions at work.
var organizations = map[bool]int{true: 40, false: 8}[whole]

// targets is which functions are killed, each as often as it is named.
var targets = []string{
	"Deliver", "Deliver", "Deliver", "Deliver", "Deliver", "FanOut", "FanOut", "Intake", "Intake", "PutReplayJob", "Sweep", "GetReplayJob", "Webhook",
}

// quick is template.yaml with as little waiting as it allows. The timeout of deliver is the shortest that the template takes, 30 s
// and not 60 s: so after a kill the message is shown within 40 s, not 70 s (DESIGN.md §5: what is left of the function's time, and
// 10 s). The queue hides a message for those 40 s and not for 360 s from its receive, which only counts where the kill comes before
// deliver's first act: what must be so of it, that it outlasts the function, is so. Everything else is as it is deployed.
func quick(t *testing.T) Options {
	template, err := stack.Load()
	if err != nil {
		t.Fatal(err)
	}
	return Options{
		Template: template, Parameters: map[string]string{"AllowInside": "true", "DeliverTimeout": "30"},
		Visibility: map[string]time.Duration{"SliceQueue": 40 * time.Second},
	}
}

// TestNothingIsLostWhenFunctionsAreKilled has organizations send entries and ask for them again while functions die at any moment.
//
//	go test -run Killed -v ./shared/lambdatest -seed 7 -kills 50
func TestNothingIsLostWhenFunctionsAreKilled(t *testing.T) {
	t.Parallel()
	seed := cmp.Or(*seedFlag, uint64(time.Now().UnixNano()>>20))
	t.Logf("seed %d", seed)
	w, h, api := served(t, quick(t))
	h.slow = 100 * time.Millisecond // so that a sender dies before it knows what was taken
	var over atomic.Bool            // after the last kill
	var orgs []*org
	var actors sync.WaitGroup
	jobs := make([]int, organizations)
	for i := range organizations {
		o := opens(t, w, h, api, fmt.Sprintf("org-%02d", i), seed+uint64(i))
		o.killed, o.every = true, 250*time.Millisecond
		orgs = append(orgs, o)
		actors.Go(func() {
			o.configure(h.url + "/" + o.org)
			for range 4 {
				o.send(entries / organizations / 4)
			}
			for first := true; first || !over.Load() && !t.Failed(); first = false {
				o.replay()
				jobs[i]++
				o.configure(h.url + "/" + o.org)
				o.send(1 + o.random.IntN(20))
			}
		})
	}
	begun := time.Now()
	killed := kill(t, w, h, rand.New(rand.NewPCG(seed, 0)), cmp.Or(*killsFlag, usualKills))
	lasted := time.Since(begun)
	over.Store(true)
	actors.Wait()

	var sent, came, again, replays int
	for i, o := range orgs {
		sent, came, again, replays = sent+len(o.sent), came+o.total, again+o.again, replays+jobs[i]
	}
	if s := h.checker.Summary(); s.WrongSignatures+s.BadBatches+s.Unauthorized > 0 {
		t.Errorf("the receiver: %+v", s)
	}
	if got := depth(t, w, "DeadQueue"); got != none {
		t.Errorf("dead letters: %s", got)
	}
	if killed["deliver"] >= 10 && again == 0 {
		t.Error("no kill fell between a receiver's 2xx and the cursor's advance")
	}
	t.Logf("seed %d: killed %v in %s; %d entries, %d received in %d completed replays, %d duplicates, each under the Webhook-Id it had, 0 lost",
		seed, killed, lasted.Round(time.Second), sent, came, replays, again)
}

// kill kills a bootstrap that is at work, n times, and tells how often of which function. Every other kill of deliver is aimed at
// the moment after the receiver has taken a batch.
func kill(t *testing.T, w *World, h *hook, random *rand.Rand, n int) map[string]int {
	killed := make(map[string]int)
	for done := 0; done < n && !t.Failed(); {
		aim := w.Functions[targets[random.IntN(len(targets))]]
		hit := false
		if aim.ID == "Deliver" && random.IntN(2) == 0 {
			hit = h.aim(aim, random)
		} else {
			soon(func() bool { return aim.Busy() > 0 })
			<-time.After(time.Duration(random.IntN(60)) * time.Millisecond)
			hit = aim.Kill(random.IntN)
		}
		if hit {
			killed[aim.Folder]++
			done++
		}
	}
	return killed
}

// aim kills a sender whose batch was taken and who does not know it: none learns it until all who are at work wait for it.
func (h *hook) aim(deliver *Function, random *rand.Rand) bool {
	soon(func() bool { return h.taken.Load() > 0 })
	h.aims.Lock()
	defer h.aims.Unlock()
	soon(func() bool { return h.taken.Load() > 0 && int(h.taken.Load()) >= deliver.Busy() })
	return h.taken.Load() > 0 && deliver.Kill(random.IntN)
}

// soon waits until it is so, or for a second: then something else is done.
func soon(so func() bool) {
	for range 500 {
		if so() {
			return
		}
		<-time.After(2 * time.Millisecond)
	}
}
