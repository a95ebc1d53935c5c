package storetest

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"sync"
	"testing"

	"reprise/shared/replay"
)

const (
	writers = 64
	// turns is how often each of them reads the job, then writes.
	turns = 8
)

// sixtyFourWriters lets each read the job, then put another, move the one that it read, or work on its slice with what it
// holds of it, which may be old.
func sixtyFourWriters(t *testing.T, b *bench) {
	at := b.scope()
	o, rows := &told{jobs: make(map[string]map[replay.Status]int)}, &toldOfSlices{jobs: make(map[replay.Fence]*toldOfSlice)}
	o.note(b.accepted(t, at).Fence, replay.Accepted)
	for _, err := range together(writers, func(i int) error {
		return b.write(t.Context(), at, rand.New(rand.NewPCG(64, uint64(i))), o, rows)
	}) {
		expect(t, "a writer", err, nil)
	}
	o.explained(t, "sixty-four writers", b.job(t, at))
	for f, told := range rows.jobs {
		if err := told.explain(b.progress(t, f)); err != nil {
			t.Errorf("the slice of job %s: %v; writers were told %+v, it is %+v", f.JobID, err, *told, b.progress(t, f))
		}
	}
}

// write is one of the writers.
func (b *bench) write(ctx context.Context, at replay.Scope, random *rand.Rand, o *told, rows *toldOfSlices) error {
	var held replay.Progress
	var of replay.Fence
	for range turns {
		job, err := b.Job(ctx, at)
		if err != nil {
			return fmt.Errorf("reading the job: %w", err)
		}
		if job.Fence != of {
			of, held = job.Fence, replay.Progress{}
		}
		if random.IntN(2) == 0 {
			err = b.meddleWith(ctx, job, random, o)
		} else {
			held, err = b.work(ctx, sliceOf(of, 0), held, random, rows)
		}
		if err != nil && !errors.Is(err, replay.ErrConflict) {
			return err
		}
	}
	return nil
}

// work makes one write of a slice; it returns what the writer holds of it then.
func (b *bench) work(ctx context.Context, s replay.Slice, held replay.Progress, random *rand.Rand, rows *toldOfSlices) (replay.Progress, error) {
	now := stamp(b.clock.Now())
	switch n := random.IntN(16); {
	case held.Seq == 0 || n < 4:
		p, err := b.Try(ctx, s)
		if err == nil && !p.Done {
			rows.note(s.Fence, p.Seq, toldOfSlice{})
		}
		return p, err
	case n < 8:
		generation, err := b.Resend(ctx, s, held)
		if err == nil {
			rows.note(s.Fence, held.Seq+1, toldOfSlice{resends: 1, generation: generation})
			held = held.Resend(now)
		}
		return held, err
	case n < 15:
		next := held.Step(cursorAt(held.Seq, 1), replay.Tally{Batches: 1, Entries: 3, Bytes: 5}, now)
		err := b.Advance(ctx, s, next)
		if err == nil {
			rows.note(s.Fence, next.Seq, toldOfSlice{batches: 1})
			held = next
		}
		return held, err
	default:
		next := held.End(now)
		err := b.Advance(ctx, s, next)
		if err == nil {
			rows.note(s.Fence, next.Seq, toldOfSlice{ends: 1})
			held = next
		}
		return held, err
	}
}

// toldOfSlice is what writers were told about a slice, added up.
type toldOfSlice struct {
	seqs                   []int // that a writer was told to have taken
	resends, batches, ends int
	generation             int // the highest that was told
}

type toldOfSlices struct {
	mu   sync.Mutex
	jobs map[replay.Fence]*toldOfSlice
}

func (o *toldOfSlices) note(f replay.Fence, seq int, n toldOfSlice) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.jobs[f] == nil {
		o.jobs[f] = &toldOfSlice{}
	}
	all := o.jobs[f]
	all.seqs = append(all.seqs, seq)
	all.resends += n.resends
	all.batches += n.batches
	all.ends += n.ends
	all.generation = max(all.generation, n.generation)
}

// explain holds what writers were told against the slice's row: each Seq up to the last was taken by one of them, and what
// they did is what the row says.
func (o *toldOfSlice) explain(all []replay.Progress) error {
	if len(all) != 1 {
		return fmt.Errorf("it has %d rows", len(all))
	}
	p, taken := all[0], make(map[int]bool)
	for _, seq := range o.seqs {
		if taken[seq] || seq < 1 || seq > p.Seq {
			return fmt.Errorf("seq %d was taken twice, or never was", seq)
		}
		taken[seq] = true
	}
	switch tally := (replay.Tally{Batches: int64(o.batches), Entries: 3 * int64(o.batches), Bytes: 5 * int64(o.batches)}); {
	case len(taken) != p.Seq:
		return fmt.Errorf("%d writes were told to be made, it is at seq %d", len(taken), p.Seq)
	case p.Tally != tally:
		return fmt.Errorf("its tally should be %+v", tally)
	case p.Generation != o.resends || o.generation != o.resends:
		return fmt.Errorf("it was sent again %d times, up to generation %d", o.resends, o.generation)
	case o.ends > 1 || p.Done != (o.ends == 1):
		return fmt.Errorf("it was ended %d times", o.ends)
	}
	return nil
}
