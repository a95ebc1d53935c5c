package replay

import (
	"slices"
	"time"
)

// Count is a hint of how much one hour holds: it may be too high, never too low. Bytes are decoded.
type Count struct {
	Hour           time.Time // its first instant, UTC
	Entries, Bytes int64
}

// Plan is a job's window cut into slices; together they cover every counted minute of it exactly once.
type Plan struct {
	Fence
	Lanes    int       // as they were when the job was planned
	Recorded time.Time // when it was stored; set by the store
	Entries  int64     // what the counts promised: an estimate that is never too low
	Slices   []Slice
}

// Slice is one piece of a plan: it travels on the queue and never changes.
type Slice struct {
	Fence
	N      int // place in the plan, from 0
	Lane   int // N modulo the plan's lanes
	Window Window
}

const (
	// MaxSlices bounds what one job puts on the queue: SQS looks for free groups only among a FIFO queue's
	// first 120,000 messages (DESIGN.md §5).
	MaxSlices = 32
	// sliceBytes is the decoded size of a slice of a large job: about 16 MiB as stored (DESIGN.md §5).
	sliceBytes = 64 << 20
	// slicesPerLane is how many slices of a small job a lane gets at least, so that none idles at the end.
	slicesPerLane = 4
	// MaxReceives is after how many receives a message is given up as a dead letter (DESIGN.md §5).
	MaxReceives = 1000
	// RetireReceives is after how many receives a message that would be shown again is deleted instead: continuations
	// count as receives, and the sweep's next generation carries on (DESIGN.md §5).
	RetireReceives = 900
)

// Next says what becomes of a message once it was handled.
type Next struct {
	Again bool
	After time.Duration
}

// Done takes the message off the queue.
func Done() Next { return Next{} }

// Again shows the message anew after d.
func Again(d time.Duration) Next { return Next{Again: true, After: d} }

// Cut makes the plan of a job from what the hours of its window were counted to hold. A slice is about
// min(64 MiB, total / (4 × lanes)) decoded, at least one batch, larger where MaxSlices asks for it; it is cut at minutes, takes quiet
// hours in with their neighbours and leaves hours without a count out. Lanes must be at least 1.
//
// Counts that are too high make uneven slices, never a gap: that is why intake may count twice.
func Cut(job Job, counts []Count, lanes int) Plan {
	plan := Plan{Fence: job.Fence, Lanes: lanes}
	var total int64
	var spans []span
	for _, c := range counts {
		if s, ok := within(job.Window, c); ok {
			plan.Entries += c.Entries
			total += s.bytes
			spans = append(spans, s)
		}
	}
	slices.SortFunc(spans, func(a, b span) int { return a.From.Compare(b.From) })
	target := max(BatchLimit, min(sliceBytes, total/int64(slicesPerLane*lanes)))
	pieces := pack(spans, target)
	for len(pieces) > MaxSlices {
		target *= 2
		pieces = pack(spans, target)
	}
	for n, w := range pieces {
		plan.Slices = append(plan.Slices, Slice{Fence: job.Fence, N: n, Lane: n % lanes, Window: w})
	}
	return plan
}
