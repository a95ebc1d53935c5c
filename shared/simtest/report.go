package simtest

import (
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"reprise/shared/openapitest"
)

const (
	// calmBound is within what every job has ended and every message is gone once nothing goes wrong any more: a receiver's
	// wait of a quarter of an hour (CONTRACT.md §4), ten minutes until the sweep calls a slice late (DESIGN.md §7), and a
	// minute for each slice of a lane that was lost, since they wait for each other.
	calmBound = 90 * time.Minute
	// lastBound is what a replay may take when nothing goes wrong at all.
	lastBound = 10 * time.Minute
	// maxSteps is far more than a run takes: who asks again and again at once comes to no end, though no time passes.
	maxSteps = 100_000
)

func newWorld(seed uint64, o Options) *world {
	random := rand.New(rand.NewPCG(seed, 0))
	w := &world{
		seed: seed, o: o, random: random, tables: NewTables(), queue: NewQueue(time.Now), ledger: newLedger(),
		start: time.Now(), counts: make(map[string]int), people: people{secrets: make(map[string]string)},
	}
	w.faults = dice{rate: []float64{0, 0.01, 0.02, 0.03, 0.05, 0.08}[random.IntN(6)], made: make(map[Fault]int)}
	w.script = write(random)
	if w.faults.rate == 0 { // a run in which nothing goes wrong shows what the others may be held to
		for _, at := range w.script.scopes {
			w.script.receivers[at].ill *= float64(random.IntN(2))
		}
	}
	return w
}

// note writes a line for a reader.
func (w *world) note(t *task, format string, args ...any) {
	if !w.o.Trace {
		return
	}
	who := "world"
	if t != nil {
		who = t.name
	}
	w.trace = append(w.trace, fmt.Sprintf("%12s %-14s %s", time.Since(w.start).Round(time.Millisecond), who, fmt.Sprintf(format, args...)))
}

func (w *world) result() Result {
	return Result{
		Seed: w.seed, Steps: w.step, Faults: w.faults.made, FaultsAll: w.faults.n, Actions: len(w.script.actions), Jobs: w.counts,
		Taken: len(w.ledger.acked), Sent: w.sent, Lost: w.lost, Longest: w.worst, Trace: w.trace, Broken: w.broken,
	}
}

// Add sums two results for a report; of their promises the first that is broken stays.
func (r Result) Add(o Result) Result {
	sum := Result{
		Steps: r.Steps + o.Steps, Faults: make(map[Fault]int), Jobs: make(map[string]int),
		Taken: r.Taken + o.Taken, Sent: r.Sent + o.Sent, Lost: r.Lost + o.Lost, Longest: max(r.Longest, o.Longest),
	}
	for _, one := range []Result{r, o} {
		for f, n := range one.Faults {
			sum.Faults[f] += n
		}
		for s, n := range one.Jobs {
			sum.Jobs[s] += n
		}
	}
	return sum
}

// Report is a sum of results as a table.
func Report(sum Result, seeds int) string {
	var b strings.Builder
	row := func(name string, n int) { fmt.Fprintf(&b, "  %-55s %12s\n", name, grouped(n)) }
	row("seeds", seeds)
	row("steps", sum.Steps)
	row("entries acknowledged to their producers", sum.Taken)
	row("entries sent to receivers", sum.Sent)
	row("entries lost", sum.Lost)
	for _, s := range slices.Sorted(maps.Keys(sum.Jobs)) {
		row("jobs "+strings.TrimSpace(s), sum.Jobs[s])
	}
	for _, f := range Faults() {
		row(string(f), sum.Faults[f])
	}
	fmt.Fprintf(&b, "  longest from the calm to the last end: %v of simulated time (bound %v)\n", sum.Longest.Round(time.Second), calmBound)
	return b.String()
}

// grouped is n with commas.
func grouped(n int) string {
	s := strconv.Itoa(n)
	for i := len(s) - 3; i > 0; i -= 3 {
		s = s[:i] + "," + s[i:]
	}
	return s
}

// Explain shrinks a broken seed and tells its story.
func Explain(t *testing.T, seed uint64, api *openapitest.File) string {
	r, o := Shrink(t, seed, api)
	kinds := make([]string, 0, len(Faults()))
	for _, f := range Faults() {
		if r.Faults[f] > 0 {
			kinds = append(kinds, fmt.Sprintf("%s (%d)", f, r.Faults[f]))
		}
	}
	return fmt.Sprintf("seed %d, shrunk by %d actions, %d faults; it needs: %s\n%s\n%v",
		seed, len(o.Actions), len(o.Faults), strings.Join(kinds, ", "), strings.Join(r.Trace, "\n"), r.Broken)
}
