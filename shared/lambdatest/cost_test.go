package lambdatest

import (
	"bytes"
	"cmp"
	"compress/gzip"
	"flag"
	"fmt"
	"io"
	"maps"
	"math"
	"net/http"
	"net/http/httptest"
	"runtime"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"golang.org/x/sync/errgroup"

	"reprise/cmd/reprise/demo"
	"reprise/shared/dynamo"
	"reprise/shared/replay"
	"reprise/shared/stack"
	"reprise/shared/stacktest"
)

var entriesFlag = flag.Int("entries", 0, "how many the cost is counted of; 0: a million, or few")

const (
	// goal is what a million entries may cost to replay, in dollars, without egress.
	goal = 0.006
	// minutely is how many entries the generated day has a minute: a million a day. It decides how large chunks are.
	minutely = million / (24 * 60)
)

// What GB-seconds are reckoned by. They are stated, not measured: by the clock the same code would cost something else on each
// machine, and more beside other tests. What is counted is calls, batches and invocations.
const (
	receiverTime = 50 * time.Millisecond  // a receiver's, from the first byte of a batch to its 2xx
	callTime     = 5 * time.Millisecond   // a call of DynamoDB or SQS from a function
	batchTime    = 10 * time.Millisecond  // what deliver's own CPU adds to a batch
	callOverhead = 100 * time.Millisecond // what a call of a function takes beside all of these, cold starts among them
	entryTime    = 40 * time.Microsecond  // the intake's CPU an entry: signing is most of it (BENCHMARKS.md: 23 µs of faster cores)
	gets         = 10                     // GETs that follow a replay
	platformLog  = 3 * 350                // bytes of START, END and REPORT as JSON
	logOverhead  = 26                     // bytes that CloudWatch adds to a line
	keyCalls     = 5                      // of KMS: DynamoDB asks it once in five minutes for a caller, and here are as many who read Webhooks or Keys
)

// TestAReplayCostsNoMoreThanItMay counts what a replay uses of all that AWS sends a bill for.
//
//	WHOLE=1 go test -run Costs -v ./shared/lambdatest
func TestAReplayCostsNoMoreThanItMay(t *testing.T) {
	n := cmp.Or(*entriesFlag, map[bool]int{true: million, false: 20_000}[whole])
	c := newCosting(t, n)
	sweep := c.measure(func() { c.call("Sweep") })
	intake := c.measure(c.send)
	replayed := c.measure(c.replay)
	stored := float64(c.sent.Load()) // the bodies are the chunks as they are stored, a page's header aside
	bill := replayed.bill(c)
	t.Logf("%d entries replayed, %d batches of %d bytes in all, prices of %s:%s", n, c.batches.Load(), c.sent.Load(), pricesOf, bill.String())
	t.Logf("the same entries taken in, %.0f bytes stored:%s", stored, intake.bill(c).String())
	t.Logf("a month in which nothing is asked for:%s", atRest(sweep, c).String())
	t.Logf("a million entries, kept for nine days: $%.4f", (tableMonth.of(stored/gb)+backupMonth.of(stored/gb))*9/30*million/float64(n))
	t.Logf("egress: $%.4f", sentOut.of(float64(c.sent.Load())))
	t.Logf("calls: at intake %v, in the replay %v", intake.calls, replayed.calls)
	for _, slow := range []time.Duration{20, 200, 1000} {
		more := float64(c.batches.Load()) * (slow*time.Millisecond - receiverTime).Seconds() * c.memory("Deliver")
		t.Logf("with a receiver that takes %d ms: $%.5f", slow, bill.total+computed.of(more))
	}
	if n >= million && bill.total > goal*float64(n)/million {
		t.Errorf("%d entries cost $%.5f to replay: more than $%.3f a million", n, bill.total, goal)
	}
	// Each chunk is read once, at half a unit for 4 KB.
	if got, most := replayed.reads["EntriesTable"], stored/8192*1.05+100; got > most || got < stored/8192 {
		t.Errorf("reading %.0f bytes of chunks took %.0f units, at most %.0f should do", stored, got, most)
	}
}

// costing is a world with meters.
type costing struct {
	t             *testing.T
	n             int
	world         *World
	api           string
	token         string
	scope         replay.Scope
	dynamo, queue *meter
	window        replay.Window
	jobs          *dynamo.Jobs // past the meter: how often somebody looks does not depend on the machine
	requests      float64      // of the HTTP API, as they are billed
	sent, batches atomic.Int64
	lines         atomic.Int64
	came          sync.Map // ids of batches
}

func newCosting(t *testing.T, n int) *costing {
	t.Helper()
	c := &costing{t: t, n: n, scope: replay.Scope{Org: "b065b594-6afc-4658-9101-5d9cf3f36b7b", Region: "us"}}
	base, err := base()
	stacktest.Need(t, err)
	queues, err := queues()
	stacktest.Need(t, err)
	// No function runs out of time: on AWS none does here, but on a slow machine deliver would hand a slice on, which reads again.
	o := Options{Parameters: maps.Clone(inside), Tick: time.Hour, AtOnce: 4}
	for _, function := range []string{"Deliver", "Route", "Work"} {
		o.Parameters[function+"Timeout"] = "1800"
	}
	c.dynamo, o.Base = metered(t, base)
	c.queue, o.Queues = metered(t, queues)
	c.world = start(t, o)
	api := httptest.NewServer(c.world.Door)
	t.Cleanup(api.Close)
	c.api, c.token = api.URL, token(t, c.world, c.scope.Org)
	c.jobs = dynamo.NewJobs(dynamo.NewClient(stack.Credentials(), base.DynamoDB()), c.world.Tables["JobsTable"], time.Now, nil)
	end := time.Now().UTC().Truncate(time.Minute)
	c.window = replay.Window{From: end.Add(-time.Duration(float64(n) / minutely * float64(time.Minute))), To: end}
	hook := httptest.NewServer(http.HandlerFunc(c.take))
	t.Cleanup(hook.Close)
	c.ask(http.StatusOK, http.MethodPatch, hookPath, fmt.Appendf(nil, `{"endpoint":%q,"authorization":"Bearer hook","log_format":"json","enabled":true}`, hook.URL))
	return c
}

// take is the receiver.
func (c *costing) take(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(r.Body)
	if err != nil {
		return
	}
	z, err := gzip.NewReader(bytes.NewReader(body))
	if err != nil {
		c.t.Error(err)
		return
	}
	text, err := io.ReadAll(z)
	if err != nil {
		c.t.Error(err)
	}
	if _, came := c.came.LoadOrStore(r.Header.Get("Webhook-Id"), true); came {
		return // a busy machine answered too late, and it was sent again: that is none of a replay's cost
	}
	c.lines.Add(int64(bytes.Count(text, []byte("\n"))))
	c.batches.Add(1)
	c.sent.Add(int64(len(body)))
}

func (c *costing) memory(function string) float64 {
	return float64(c.world.Functions[function].Memory) / 1024
}

func (c *costing) call(function string) {
	if _, err := c.world.Functions[function].Call(c.t.Context(), []byte(`{}`)); err != nil {
		c.t.Error(err)
	}
}

// ask sends a request, which is billed for each 512 KB.
func (c *costing) ask(want int, method, path string, body []byte) {
	if err := c.asks(want, method, path, body); err != nil {
		c.t.Fatal(err)
	}
}

func (c *costing) asks(want int, method, path string, body []byte) error {
	req, err := http.NewRequest(method, c.api+path, bytes.NewReader(body))
	if err != nil {
		return err
	}
	req.Header.Set("Authorization", "Bearer "+c.token)
	req.Header.Set("Content-Type", map[bool]string{true: "application/x-ndjson", false: "application/json"}[path == eventsPath])
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return err
	}
	defer func() { _ = resp.Body.Close() }()
	answer, err := io.ReadAll(resp.Body)
	if err == nil && resp.StatusCode != want {
		err = fmt.Errorf("%s %s: %d %s", method, path, resp.StatusCode, answer)
	}
	return err
}

// send is the intake of all entries, in bodies as large as may be, as a busy producer sends them.
func (c *costing) send() {
	const most, mostEntries, billed = 4 << 20, 10_000, 512 << 10
	var g errgroup.Group
	g.SetLimit(runtime.NumCPU())
	var body []byte
	entries := 0
	post := func() {
		whole := body
		body, entries = nil, 0
		c.requests += math.Ceil(float64(len(whole)) / billed)
		g.Go(func() error { return c.asks(http.StatusAccepted, http.MethodPost, eventsPath, whole) })
	}
	for line, err := range demo.Generated(int64(c.n), c.window) {
		if err != nil {
			c.t.Fatal(err)
		}
		if len(body)+len(line)+1 > most || entries == mostEntries {
			post()
		}
		body = append(append(body, line...), '\n')
		entries++
	}
	post()
	if err := g.Wait(); err != nil {
		c.t.Fatal(err)
	}
}

// replay has all of them sent, and somebody watch.
func (c *costing) replay() {
	c.ask(http.StatusAccepted, http.MethodPut, jobPath, window(c.window))
	deadline := time.After(patience)
	for {
		job, err := c.jobs.Job(c.t.Context(), c.scope)
		switch {
		case err != nil:
			c.t.Fatal(err)
		case job.Status == replay.Completed:
			for range gets {
				c.ask(http.StatusOK, http.MethodGet, jobPath, nil)
			}
			c.requests += 1 + gets
			if got := int(c.lines.Load()); got != c.n {
				c.t.Errorf("%d entries arrived, not %d", got, c.n)
			}
			return
		case job.Status == replay.Failed:
			c.t.Fatalf("%+v", job)
		}
		select {
		case <-deadline:
			c.t.Fatalf("it does not end: %+v", job)
		case <-time.After(50 * time.Millisecond):
		}
	}
}
