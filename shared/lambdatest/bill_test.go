package lambdatest

import (
	"cmp"
	"fmt"
	"maps"
	"math"
	"slices"
	"strings"
	"time"
)

// used is what something took, of all that is billed.
type used struct {
	usage
	invoked  map[string]int // by function
	logged   float64        // bytes of the functions' own lines
	requests float64
	batches  float64
	entries  float64 // taken in
	billed   time.Duration
}

// measure counts what do uses. Nothing else may be under way.
func (c *costing) measure(do func()) used {
	c.dynamo.take()
	c.queue.take()
	before := c.so()
	do()
	after, sqs := c.so(), c.queue.take()
	after.usage = c.dynamo.take()
	after.sqs = sqs.sqs
	maps.Copy(after.calls, sqs.calls)
	for id := range after.invoked {
		after.invoked[id] -= before.invoked[id]
	}
	after.logged -= before.logged
	after.requests -= before.requests
	after.batches -= before.batches
	after.billed -= before.billed
	if after.invoked["Intake"] > 0 {
		after.entries = float64(c.n)
	}
	return after
}

// so is how far all is.
func (c *costing) so() used {
	u := used{invoked: make(map[string]int), requests: c.requests, batches: float64(c.batches.Load())}
	for id, f := range c.world.Functions {
		u.invoked[id] = f.Calls()
		log := f.Log()
		u.billed += log.Billed
		for _, line := range log.Lines {
			u.logged += float64(len(line) + logOverhead)
		}
	}
	return u
}

// bill is lines of a sum.
type bill struct {
	strings.Builder
	total float64
}

func (b *bill) add(what string, n float64, p price) {
	if n == 0 {
		return
	}
	d := p.of(n)
	b.total += d
	fmt.Fprintf(b, "\n| %-44s | %12.0f | %9.6f |", cmp.Or(what, p.what), n, d)
}

func (b *bill) String() string {
	return b.Builder.String() + fmt.Sprintf("\n| %-44s | %12s | %9.6f |", "sum, $", "", b.total)
}

// bill reckons with list prices.
func (u used) bill(c *costing) *bill {
	b := new(bill)
	for _, t := range slices.Sorted(maps.Keys(u.reads)) {
		b.add("read units, "+t, math.Ceil(u.reads[t]), readUnit)
	}
	for _, t := range slices.Sorted(maps.Keys(u.writes)) {
		b.add("write units, "+t, math.Ceil(u.writes[t]), writeUnit)
	}
	calls, seconds := 0, 0.0
	for id, n := range u.invoked {
		took := time.Duration(n) * callOverhead
		switch id {
		case "Deliver": // before a batch job and webhook are read, after it the slice is written; what is read ahead keeps nobody waiting
			took += time.Duration(u.batches) * (receiverTime + 3*callTime + batchTime)
		case "Intake":
			took += time.Duration(u.entries)*entryTime + time.Duration(u.calls["DynamoDB.PutItem"])*callTime
		}
		calls += n
		seconds += took.Seconds() * c.memory(id)
	}
	b.add("", math.Ceil(seconds), computed)
	b.add("", float64(calls), invoked)
	b.add("", u.sqs, fifoRequest)
	b.add("", u.requests, httpRequest)
	b.add("", u.logged+float64(calls*platformLog), logged)
	if u.requests > 0 {
		b.add("", keyCalls, keyRequest)
	}
	return b
}

// atRest is what a month costs in which nobody asks for anything: ticks of the sweep, and what polls the queues.
func atRest(sweep used, c *costing) *bill {
	const month = 730 * time.Hour
	b := new(bill)
	b.add("", 1, keyMonth)
	pollers := 5 * 2 // five for each of two queues, each waiting for 20 s at a time (AWS says so of standard queues)
	b.add("SQS requests, FIFO: five pollers a queue", float64(pollers)*month.Seconds()/20, fifoRequest)
	ticks := month.Minutes() / float64(sweep.invoked["Sweep"])
	b.add("read units of a sweep a minute", ticks*sweep.units(sweep.reads), readUnit)
	b.add("GB-seconds of the sweep", ticks*(callOverhead+8*callTime).Seconds()*c.memory("Sweep"), computed)
	b.add("invocations of the sweep", ticks, invoked)
	bytes := ticks * (sweep.logged + platformLog)
	b.add("log bytes of the sweep", bytes, logged)
	b.add("the same, kept a month", bytes, logMonth)
	return b
}
