package simtest_test

import (
	"flag"
	"fmt"
	"log/slog"
	"os"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"reprise/shared/openapitest"
	"reprise/shared/simtest"
)

var (
	seedsFlag = flag.Int("seeds", someSeeds, "how many seeds to run")
	firstFlag = flag.Uint64("first", 0, "the first of them; -seeds 1 -v shows that one's trace")
)

func TestMain(m *testing.M) {
	flag.Parse()
	slog.SetDefault(slog.New(slog.DiscardHandler)) // a line for each simulated fault is of no use to anybody
	os.Exit(m.Run())
}

func TestNothingIsLostWhateverGoesWrong(t *testing.T) {
	var (
		mu     sync.Mutex
		next   = *firstFlag
		last   = *firstFlag + uint64(*seedsFlag)
		sum    simtest.Result
		broken []simtest.Result
		story  []string // of the only seed
		begin  = time.Now()
	)
	file, err := openapitest.Load()
	if err != nil {
		t.Fatal(err)
	}
	take := func() (seed uint64, ok bool) {
		mu.Lock()
		defer mu.Unlock()
		next++
		return next - 1, next <= last && len(broken) < 3
	}
	give := func(r simtest.Result) {
		mu.Lock()
		defer mu.Unlock()
		sum, story = sum.Add(r), r.Trace
		if r.Broken != nil {
			broken = append(broken, r)
		}
		if n := r.Seed - *firstFlag + 1; n%1000 == 0 {
			t.Logf("%d seeds, %d entries sent, %d lost, %v", n, sum.Sent, sum.Lost, time.Since(begin).Round(time.Second))
		}
	}
	t.Run("seeds", func(t *testing.T) {
		for hand := range 2 { // more would gain nothing: a seed is one thread
			t.Run(fmt.Sprint(hand), func(t *testing.T) {
				t.Parallel()
				for seed, ok := take(); ok; seed, ok = take() {
					give(simtest.Run(t, seed, simtest.Options{Trace: *seedsFlag == 1, API: file}))
				}
			})
		}
	})
	if *seedsFlag == 1 {
		t.Log("\n" + strings.Join(story, "\n"))
	}
	t.Log("\n" + simtest.Report(sum, *seedsFlag))
	for i, r := range broken {
		t.Errorf("seed %d: %v", r.Seed, r.Broken)
		if i == 0 {
			t.Log(simtest.Explain(t, r.Seed, file))
		}
	}
	for _, f := range simtest.Faults() {
		if *seedsFlag >= 500 && sum.Faults[f] == 0 {
			t.Errorf("%s never happened: the simulation says nothing of it", f)
		}
	}
}

func TestASeedIsOneRun(t *testing.T) {
	for seed := range uint64(20) {
		one, other := simtest.Run(t, seed, simtest.Options{Trace: true}), simtest.Run(t, seed, simtest.Options{Trace: true})
		for i := range min(len(one.Trace), len(other.Trace)) {
			if one.Trace[i] != other.Trace[i] {
				t.Fatalf("seed %d went two ways, after\n%s\nit was\n%s\nthen\n%s", seed,
					strings.Join(one.Trace[max(0, i-5):i], "\n"), one.Trace[i], other.Trace[i])
			}
		}
		if diff := cmp.Diff(one, other); diff != "" {
			t.Fatalf("seed %d went two ways (-first +second):\n%s", seed, diff)
		}
	}
}
