package simtest

import (
	"cmp"
	"context"
	"fmt"
	"iter"
	"slices"

	"reprise/shared/replay"
)

// jobRow is a scope's one job.
type jobRow struct {
	replay.Job
	by string // the write that it is from
}

// job is the scope's row, of status Unconfigured where there is none.
func (t *Tables) job(at replay.Scope) jobRow {
	if row, ok := t.jobs[at]; ok {
		return row
	}
	return jobRow{Job: replay.Job{Fence: replay.Fence{Scope: at}, Status: replay.Unconfigured}}
}

// Accept stores the jobs; see api.Acceptor. A job that was ever accepted is the token by which a repetition is known.
func (s *Store) Accept(ctx context.Context, jobs ...replay.Job) error {
	return s.write(ctx, "Accept", func(t *Tables, m mark) error {
		if len(jobs) == 0 || t.known[jobs[0].JobID] {
			return nil
		}
		for _, job := range jobs {
			old := t.job(job.Scope).Status
			if old != replay.Unconfigured && !old.May(replay.Accepted) {
				return fmt.Errorf("region %s has a %s job: %w", job.Region, old, replay.ErrConflict)
			}
			if t.known[job.JobID] {
				return fmt.Errorf("job %s was accepted with others than now", job.JobID)
			}
		}
		for _, job := range jobs {
			job = replay.Job{
				Fence: job.Fence, Status: replay.Accepted, RequestedBy: job.RequestedBy,
				Window:     replay.Window{From: stamp(job.Window.From), To: stamp(job.Window.To)},
				AcceptedAt: stamp(job.AcceptedAt), UpdatedAt: stamp(job.UpdatedAt),
			}
			t.jobs[job.Scope] = jobRow{job, m.by}
			t.known[job.JobID] = true
			t.accepted = append(t.accepted, job)
		}
		return nil
	})
}

// Pend moves accepted → pending; see fanout.Jobs.
func (s *Store) Pend(ctx context.Context, f replay.Fence) error {
	return s.move(ctx, f, replay.Pending, []replay.Status{replay.Pending, replay.Running}, func(*replay.Job) {})
}

// Run moves pending → running; see deliver.Jobs.
func (s *Store) Run(ctx context.Context, f replay.Fence) error {
	return s.move(ctx, f, replay.Running, []replay.Status{replay.Running}, func(job *replay.Job) { job.StartedAt = job.UpdatedAt })
}

// Complete moves pending or running → completed; see settle.Jobs.
func (s *Store) Complete(ctx context.Context, f replay.Fence, tally replay.Tally) error {
	return s.move(ctx, f, replay.Completed, nil, func(job *replay.Job) {
		job.FinishedAt, job.Tally = job.UpdatedAt, tally
	})
}

// Fail moves a live job → failed; see settle.Jobs.
func (s *Store) Fail(ctx context.Context, f replay.Fence, why replay.Failure, tally replay.Tally) error {
	return s.move(ctx, f, replay.Failed, nil, func(job *replay.Job) {
		job.FinishedAt, job.Tally, job.Failure = job.UpdatedAt, tally, why
	})
}

// move is one arrow of the drawing, with what else changes on the row. A job in one of already is left as it is.
func (s *Store) move(ctx context.Context, f replay.Fence, next replay.Status, already []replay.Status, change func(*replay.Job)) error {
	return s.write(ctx, "moving a job to "+string(next), func(t *Tables, m mark) error {
		row := t.job(f.Scope)
		switch {
		case row.JobID != f.JobID:
			return fmt.Errorf("job %s was replaced: %w", f.JobID, replay.ErrConflict)
		case slices.Contains(already, row.Status), row.by == m.by:
			return nil
		case !row.Status.May(next):
			return fmt.Errorf("job %s is %s: %w", f.JobID, row.Status, replay.ErrConflict)
		}
		row.Status, row.UpdatedAt, row.by = next, m.at, m.by
		change(&row.Job)
		t.jobs[f.Scope] = row
		return nil
	})
}

// Job is the scope's job; see deliver.Jobs.
func (s *Store) Job(ctx context.Context, at replay.Scope) (replay.Job, error) {
	return read(ctx, s, "Job", func(t *Tables) (replay.Job, error) { return t.job(at).Job, nil })
}

// Live yields, in order, the jobs that were live when it was asked for the first: as old as an index may be.
func (s *Store) Live(ctx context.Context) iter.Seq2[replay.Scope, error] {
	return func(yield func(replay.Scope, error) bool) {
		live, err := read(ctx, s, "Live", func(t *Tables) (live []replay.Scope, _ error) {
			for at, row := range t.jobs {
				if row.Status.Live() {
					live = append(live, at)
				}
			}
			slices.SortFunc(live, func(a, b replay.Scope) int {
				return cmp.Or(cmp.Compare(a.Org, b.Org), cmp.Compare(a.Region, b.Region))
			})
			return live, nil
		})
		for _, at := range live {
			if err = ctx.Err(); err != nil {
				break
			}
			if !yield(at, nil) {
				return
			}
		}
		if err != nil {
			yield(replay.Scope{}, err)
		}
	}
}
