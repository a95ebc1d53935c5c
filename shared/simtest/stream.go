package simtest

import (
	"context"
	"slices"
	"time"

	"reprise/shared/fanout"
	"reprise/shared/settle"
)

const (
	// streamTries is how often a record is handed over before the shard goes on without it: the sweep repairs (DESIGN.md §6).
	streamTries = 3
	streamPause = 2 * time.Second
)

// stream hands newly accepted jobs to the fan-out: in order within an organization, one at a time.
type stream struct {
	shards []*shard
	read   int // records of the tables that are in their shard
}

// shard is one organization's records.
type shard struct {
	org     string
	records []int // places in Tables.Accepted
	tries   int   // of the first
	busy    bool
	again   time.Time
}

// fill puts what was accepted since into its shard.
func (w *world) fillStream() {
	all := w.tables.Accepted()
	for ; w.stream.read < len(all); w.stream.read++ {
		org := all[w.stream.read].Org
		i := slices.IndexFunc(w.stream.shards, func(s *shard) bool { return s.org == org })
		if i < 0 {
			w.stream.shards = append(w.stream.shards, &shard{org: org})
			i = len(w.stream.shards) - 1
		}
		w.stream.shards[i].records = append(w.stream.shards[i].records, w.stream.read)
	}
}

// ready is the shards that may hand over a record now.
func (s *stream) ready(now time.Time) (ready []*shard) {
	for _, x := range s.shards {
		if !x.busy && len(x.records) > 0 && !x.again.After(now) {
			ready = append(ready, x)
		}
	}
	return ready
}

// next is when another will be.
func (s *stream) next() (at time.Time, ok bool) {
	for _, x := range s.shards {
		if !x.busy && len(x.records) > 0 && (!ok || x.again.Before(at)) {
			at, ok = x.again, true
		}
	}
	return at, ok
}

// fanOut hands over a shard's first record.
func (w *world) fanOut(s *shard) {
	n := s.records[0]
	if w.odds(StreamLost, 8) {
		w.note(nil, "stream record %d is lost", n)
		s.records, s.tries = s.records[1:], 0
		return
	}
	s.busy = true
	w.handOver(n, func(ok bool) {
		s.busy = false
		if s.tries++; ok || s.tries >= streamTries {
			s.records, s.tries = s.records[1:], 0
			return
		}
		s.again = time.Now().Add(streamPause << s.tries)
	})
	if w.odds(StreamAgain, 12) {
		w.after(time.Duration(w.random.Int64N(int64(15*time.Minute))), func() { w.handOver(n, func(bool) {}) })
	}
}

// handOver runs the fan-out with one record; then is told whether it succeeded, or at last that it died.
func (w *world) handOver(n int, then func(ok bool)) {
	job := w.tables.Accepted()[n]
	t := w.spawn("fan-out", func(t *task) {
		clerk := settle.New(t, t)
		err := fanout.New(t, t, t, t, clerk, w.script.lanes).Out(context.Background(), job)
		t.ok = err == nil && !t.isDead()
	})
	t.scope, t.job = job.Scope, job.JobID
	t.then = func() { then(t.ok) }
	w.limit(t, functionTime)
}
