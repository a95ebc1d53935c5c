package replay

import (
	"slices"
	"time"
)

// Tally counts what was acknowledged with a 2xx. Bytes are decoded.
type Tally struct{ Batches, Entries, Bytes int64 }

// Add is the sum of two tallies.
func (t Tally) Add(u Tally) Tally {
	return Tally{t.Batches + u.Batches, t.Entries + u.Entries, t.Bytes + u.Bytes}
}

// Cursor is the last line acknowledged: chunks in order of key, lines in order of place.
// Line counts the lines of that chunk that are behind the cursor, those outside the window included.
// The zero cursor is before the first line.
type Cursor struct {
	Chunk string
	Line  int
}

const (
	// BatchLimit is the decoded size at which a batch is cut, unless a 413 asked for less (CONTRACT.md §4).
	BatchLimit = 1 << 20
	// MaxStarts is how often a slice is tried with nothing recorded in between before the job fails (DESIGN.md §5).
	MaxStarts = 10
	// Lease is how long a try or a batch may take before somebody should have touched the slice again:
	// a deliver function's 60 s and the 10 s by which the message's visibility outlasts it (DESIGN.md §5).
	Lease = 70 * time.Second
	// Lateness is how long past its due a slice is left alone before the sweep sends it again (DESIGN.md §7).
	Lateness = 10 * time.Minute
)

// Progress is how far one slice is. A slice that nobody has touched has the zero Progress but for its N.
// Every method below that returns a Progress takes the next Seq: it is what a store writes over the one before.
type Progress struct {
	N          int
	Done       bool
	Seq        int // of the compare-and-swap: a try takes the next, so that whoever held the slice loses its next Advance
	Cursor     Cursor
	Starts     int       // tries since anything was recorded
	Attempts   int       // POSTs since the cursor last moved
	Since      time.Time // of the first of those
	Due        time.Time // when somebody should have touched it again: the sweep's only clue; a wait moves it, and a try does not move it back
	Limit      int       // decoded bytes of a batch; 0 is BatchLimit
	Generation int       // how often it was sent again
	Tally      Tally
}

// Start is p with one more try, counted before the work.
func (p Progress) Start(now time.Time) Progress {
	p.Seq++
	p.Starts++
	if due := now.Add(Lease); p.Due.Before(due) {
		p.Due = due
	}
	return p
}

// Early is how long the receiver, who asked for it or failed, is still to be left alone by a slice that was just tried.
// A wait is kept by hiding the message; only one that is longer than a Lease outlasts the message of a deliver that died
// before it could hide it, or another copy of it.
func (p Progress) Early(now time.Time) time.Duration {
	if left := p.Due.Sub(now); p.Attempts > 0 && left > Lease {
		return left
	}
	return 0
}

// Step is p after a batch was acknowledged.
func (p Progress) Step(to Cursor, got Tally, now time.Time) Progress {
	p = p.recorded(now.Add(Lease))
	p.Cursor, p.Tally = to, p.Tally.Add(got)
	p.Attempts, p.Since = 0, time.Time{}
	return p
}

// End is p with nothing left to send.
func (p Progress) End(now time.Time) Progress {
	p = p.recorded(now)
	p.Done = true
	return p
}

// Wait is p after a POST that is to be repeated.
func (p Progress) Wait(after time.Duration, now time.Time) Progress {
	p = p.recorded(now.Add(after))
	p.Attempts++
	if p.Since.IsZero() {
		p.Since = now
	}
	return p
}

// Halve is p after a batch of that many decoded bytes was too large for the receiver.
// A smaller batch is another question, not another attempt.
func (p Progress) Halve(bytes int64, now time.Time) Progress {
	p = p.recorded(now)
	p.Limit = max(1, int(bytes/2))
	return p
}

// Resend is p before its slice is sent once more.
func (p Progress) Resend(now time.Time) Progress {
	p.Seq++
	p.Generation++
	p.Due = now.Add(Lease)
	return p
}

func (p Progress) recorded(due time.Time) Progress {
	p.Seq++
	p.Starts = 0
	p.Due = due
	return p
}

// Exhausted reports whether the slice was started MaxStarts times before this try with nothing recorded in between.
func (p Progress) Exhausted() bool { return p.Starts > MaxStarts }

// BatchLimit is how many decoded bytes the next batch may hold.
func (p Progress) BatchLimit() int {
	if p.Limit == 0 {
		return BatchLimit
	}
	return p.Limit
}

// Sum is the progress of a whole job, exact at the moment the rows were read.
func Sum(all []Progress) Tally {
	var t Tally
	for _, p := range all {
		t = t.Add(p.Tally)
	}
	return t
}

// Completed counts the slices of the plan that are done.
func (p Plan) Completed(all []Progress) int {
	n := 0
	for _, s := range p.Slices {
		if slices.ContainsFunc(all, func(q Progress) bool { return q.N == s.N && q.Done }) {
			n++
		}
	}
	return n
}

// Done reports whether every slice of the plan is done. It stays so: rows only go forward and a plan never changes.
func (p Plan) Done(all []Progress) bool { return p.Completed(all) == len(p.Slices) }

// Late is the first slice of each lane that is not done, if it is more than Lateness past due. The ones behind it only
// wait for it. A slice that nobody tried yet was due when the plan was recorded.
func (p Plan) Late(all []Progress, now time.Time) []Progress {
	rows := make(map[int]Progress, len(all))
	for _, q := range all {
		rows[q.N] = q
	}
	var late []Progress
	seen := make(map[int]bool)
	for _, s := range p.Slices {
		q, ok := rows[s.N]
		if !ok {
			q = Progress{N: s.N, Due: p.Recorded}
		}
		if q.Done || seen[s.Lane] {
			continue
		}
		seen[s.Lane] = true
		if now.Sub(q.Due) > Lateness {
			late = append(late, q)
		}
	}
	return late
}
