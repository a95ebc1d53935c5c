package replay

import "time"

// batchTime is what a batch of BatchLimit bytes is thought to take in a lane: receivers were never measured, and each is another one.
const batchTime = 250 * time.Millisecond

// Estimate is what a replay of a window would come to, before anything of it was sent. Entries and bytes are never too low:
// they are those of every hour that the window touches, as the intake counted them.
type Estimate struct {
	Entries, Bytes int64         // bytes are decoded, of lines as they are stored: cps has ten more a line, cef mostly fewer
	Requests       int64         // if the receiver takes batches of BatchLimit, each but a slice's last full
	Time           time.Duration // in whole seconds, rounded up, if each request takes a quarter of a second
}

// EstimateOf is the estimate of a replay that would be planned now, in that many lanes, at least 1.
func EstimateOf(w Window, counts []Count, lanes int) Estimate {
	plan := Cut(Job{Window: w}, counts, lanes)
	e := Estimate{Entries: plan.Entries}
	for _, c := range counts {
		if _, ok := within(w, c); ok {
			e.Bytes += c.Bytes
		}
	}
	n := int64(len(plan.Slices))
	if n == 0 {
		return e
	}
	e.Requests = e.Bytes/BatchLimit + n // a slice ends with a batch that is not full
	busy := min(n, int64(lanes))
	inALane := (e.Requests + busy - 1) / busy
	e.Time = (time.Duration(inALane)*batchTime + time.Second - 1).Truncate(time.Second)
	return e
}

// Add is the estimate of two replays that run side by side.
func (e Estimate) Add(other Estimate) Estimate {
	return Estimate{
		Entries: e.Entries + other.Entries, Bytes: e.Bytes + other.Bytes, Requests: e.Requests + other.Requests,
		Time: max(e.Time, other.Time),
	}
}
