package simtest

import (
	"context"
	"fmt"
	"maps"
	"slices"

	"reprise/shared/replay"
)

// sliceRow is how far a slice is.
type sliceRow struct {
	replay.Progress
	by string // the write that it is from
}

// RecordPlan stores the plan unless the job has one; see fanout.Plans.
func (s *Store) RecordPlan(ctx context.Context, p replay.Plan) (stored replay.Plan, err error) {
	err = s.write(ctx, "RecordPlan", func(t *Tables, m mark) error {
		if _, ok := t.plans[p.JobID]; !ok {
			p.Recorded = m.at
			p.Slices = slices.Clone(p.Slices)
			for i := range p.Slices {
				w := &p.Slices[i].Window
				w.From, w.To = stamp(w.From), stamp(w.To)
			}
			t.plans[p.JobID] = p
		}
		stored = t.plans[p.JobID]
		stored.Slices = slices.Clone(stored.Slices)
		return nil
	})
	return stored, err
}

// Plan is the job's plan; see settle.Slices.
func (s *Store) Plan(ctx context.Context, f replay.Fence) (replay.Plan, error) {
	return read(ctx, s, "Plan", func(t *Tables) (replay.Plan, error) {
		p, ok := t.plans[f.JobID]
		if !ok {
			return replay.Plan{}, fmt.Errorf("of job %s: %w", f.JobID, replay.ErrNotFound)
		}
		p.Slices = slices.Clone(p.Slices)
		return p, nil
	})
}

// Progress is every row of the job; see settle.Slices.
func (s *Store) Progress(ctx context.Context, f replay.Fence) ([]replay.Progress, error) {
	return read(ctx, s, "Progress", func(t *Tables) ([]replay.Progress, error) { return t.rows(f.JobID), nil })
}

func (t *Tables) rows(jobID string) []replay.Progress {
	rows := t.slices[jobID]
	all := make([]replay.Progress, 0, len(rows))
	for _, n := range slices.Sorted(maps.Keys(rows)) {
		all = append(all, rows[n].Progress)
	}
	return all
}

// Try counts a try unless the slice is done; see deliver.Slices.
func (s *Store) Try(ctx context.Context, at replay.Slice) (p replay.Progress, err error) {
	err = s.write(ctx, "Try", func(t *Tables, m mark) error {
		row := t.slice(at)
		if !row.Done && row.by != m.by {
			row.Progress = row.Start(m.at)
			t.keep(at, row.Progress, m)
		}
		p = row.Progress
		return nil
	})
	return p, err
}

// Advance stores p over the progress before it; see deliver.Slices.
func (s *Store) Advance(ctx context.Context, at replay.Slice, p replay.Progress) error {
	return s.write(ctx, "Advance", func(t *Tables, m mark) error {
		row := t.slice(at)
		switch {
		case row.by == m.by:
			return nil
		case row.Seq == 0 || row.Seq != p.Seq-1 || row.Done:
			return fmt.Errorf("slice %d of job %s is at seq %d, done %t, for seq %d: %w", at.N, at.JobID, row.Seq, row.Done, p.Seq, replay.ErrConflict)
		}
		t.keep(at, p, m)
		return nil
	})
}

// Resend takes the next generation over exactly p.Seq; see sweep.Slices.
func (s *Store) Resend(ctx context.Context, at replay.Slice, p replay.Progress) (generation int, err error) {
	err = s.write(ctx, "Resend", func(t *Tables, m mark) error {
		row := t.slice(at)
		switch {
		case row.by == m.by:
		case row.Seq != p.Seq || row.Done:
			return fmt.Errorf("slice %d of job %s is at seq %d, done %t, was read at seq %d: %w", at.N, at.JobID, row.Seq, row.Done, p.Seq, replay.ErrConflict)
		default:
			row.Progress = row.Progress.Resend(m.at)
			t.keep(at, row.Progress, m)
		}
		generation = row.Generation
		return nil
	})
	return generation, err
}

// slice is the slice's row, of Seq 0 where there is none.
func (t *Tables) slice(at replay.Slice) sliceRow {
	if row, ok := t.slices[at.JobID][at.N]; ok {
		return row
	}
	return sliceRow{Progress: replay.Progress{N: at.N}}
}

func (t *Tables) keep(at replay.Slice, p replay.Progress, m mark) {
	if t.slices[at.JobID] == nil {
		t.slices[at.JobID] = make(map[int]sliceRow)
	}
	p.N, p.Since, p.Due = at.N, stamp(p.Since), stamp(p.Due)
	t.slices[at.JobID][at.N] = sliceRow{p, m.by}
}
