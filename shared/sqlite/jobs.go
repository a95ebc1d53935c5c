package sqlite

import (
	"context"
	"fmt"
	"iter"
	"slices"
	"strings"

	"zombiezen.com/go/sqlite"

	"reprise/shared/replay"
)

// from is the list of every status that a job may leave for next, as SQL writes it.
func from(next replay.Status) string {
	var b strings.Builder
	for i, s := range next.From() {
		if i > 0 {
			b.WriteString(", ")
		}
		b.WriteString("'" + string(s) + "'")
	}
	return "(" + b.String() + ")"
}

// Accept stores the jobs, and an outbox row for each, in one transaction; see api.Acceptor for what it keeps.
// A crash after it leaves rows in the outbox that OnAccepted hands over at the next start.
func (s *Store) Accept(ctx context.Context, jobs ...replay.Job) error {
	if len(jobs) == 0 {
		return nil
	}
	err := s.write(ctx, fsynced, func(conn *sqlite.Conn) error {
		if seen, err := accepted(conn, jobs[0].JobID); err != nil || seen {
			return err // seen: a repetition, which changes nothing
		}
		for _, job := range jobs {
			if err := replace(conn, job); err != nil {
				return err
			}
			if err := post(conn, job); err != nil {
				return fmt.Errorf("putting it into the outbox: %w", err)
			}
		}
		return nil
	})
	if err != nil {
		return fmt.Errorf("accepting job %s: %w", jobs[0].JobID, err)
	}
	s.accepted.ring()
	return nil
}

// replace stores the job over whatever its scope had, unless that is running.
func replace(conn *sqlite.Conn, job replay.Job) error {
	n, err := exec(conn, `
		INSERT INTO jobs VALUES (:org, :region, :job_id, :status, :from, :to, :by, 0, 0, 0, '', '', 0, :accepted_at, :updated_at, 0, 0)
		ON CONFLICT (org, region) DO UPDATE SET
			job_id = excluded.job_id, status = excluded.status,
			from_at = excluded.from_at, to_at = excluded.to_at, requested_by = excluded.requested_by,
			batches = 0, entries = 0, bytes = 0,
			failure_code = '', failure_detail = '', failure_response_code = 0,
			accepted_at = excluded.accepted_at, updated_at = excluded.updated_at, started_at = 0, finished_at = 0
		WHERE status IN `+from(replay.Accepted),
		args{
			":org": job.Org, ":region": job.Region, ":job_id": job.JobID, ":status": replay.Accepted,
			":from": millis(job.Window.From), ":to": millis(job.Window.To), ":by": job.RequestedBy,
			":accepted_at": millis(job.AcceptedAt), ":updated_at": millis(job.UpdatedAt),
		})
	if err != nil {
		return err
	}
	if n == 0 {
		return fmt.Errorf("region %s has a running job: %w", job.Region, replay.ErrConflict)
	}
	return nil
}

// Pend moves accepted → pending; see fanout.Jobs.
func (s *Store) Pend(ctx context.Context, f replay.Fence) error {
	err := s.write(ctx, fsynced, func(conn *sqlite.Conn) error {
		n, err := exec(conn, `
			UPDATE jobs SET status = :status, updated_at = :now
			WHERE org = :org AND region = :region
			AND job_id = :job_id
			AND status IN `+from(replay.Pending), s.move(f, replay.Pending))
		return moved(conn, f, n, err, replay.Pending, replay.Running)
	})
	return about(err, f, replay.Pending)
}

// Run moves pending → running; see deliver.Jobs.
func (s *Store) Run(ctx context.Context, f replay.Fence) error {
	err := s.write(ctx, fsynced, func(conn *sqlite.Conn) error {
		n, err := exec(conn, `
			UPDATE jobs SET status = :status, updated_at = :now, started_at = :now
			WHERE org = :org AND region = :region
			AND job_id = :job_id
			AND status IN `+from(replay.Running), s.move(f, replay.Running))
		return moved(conn, f, n, err, replay.Running)
	})
	return about(err, f, replay.Running)
}

// Complete moves pending or running → completed; see settle.Jobs.
func (s *Store) Complete(ctx context.Context, f replay.Fence, t replay.Tally) error {
	a := s.move(f, replay.Completed)
	a[":batches"], a[":entries"], a[":bytes"] = t.Batches, t.Entries, t.Bytes
	err := s.write(ctx, fsynced, func(conn *sqlite.Conn) error {
		n, err := exec(conn, `
			UPDATE jobs SET status = :status, updated_at = :now, finished_at = :now,
				batches = :batches, entries = :entries, bytes = :bytes
			WHERE org = :org AND region = :region
			AND job_id = :job_id
			AND status IN `+from(replay.Completed), a)
		return moved(conn, f, n, err)
	})
	return about(err, f, replay.Completed)
}

// Fail moves a live job → failed; see settle.Jobs.
func (s *Store) Fail(ctx context.Context, f replay.Fence, why replay.Failure, t replay.Tally) error {
	a := s.move(f, replay.Failed)
	a[":batches"], a[":entries"], a[":bytes"] = t.Batches, t.Entries, t.Bytes
	a[":code"], a[":detail"], a[":response_code"] = why.Code, why.Detail, why.ResponseCode
	err := s.write(ctx, fsynced, func(conn *sqlite.Conn) error {
		n, err := exec(conn, `
			UPDATE jobs SET status = :status, updated_at = :now, finished_at = :now,
				batches = :batches, entries = :entries, bytes = :bytes,
				failure_code = :code, failure_detail = :detail, failure_response_code = :response_code
			WHERE org = :org AND region = :region
			AND job_id = :job_id
			AND status IN `+from(replay.Failed), a)
		return moved(conn, f, n, err)
	})
	return about(err, f, replay.Failed)
}

// move is what every transition takes.
func (s *Store) move(f replay.Fence, next replay.Status) args {
	return args{":org": f.Org, ":region": f.Region, ":job_id": f.JobID, ":status": next, ":now": millis(s.stamp())}
}

// moved takes a transition that changed no row for success where the job is in one of already, else for a conflict.
func moved(conn *sqlite.Conn, f replay.Fence, n int, err error, already ...replay.Status) error {
	if err != nil || n > 0 {
		return err
	}
	job, err := readJob(conn, f.Scope)
	if err != nil {
		return err
	}
	if job.JobID != f.JobID {
		return fmt.Errorf("it was replaced: %w", replay.ErrConflict)
	}
	if !slices.Contains(already, job.Status) {
		return fmt.Errorf("it is %s: %w", job.Status, replay.ErrConflict)
	}
	return nil
}

// about says which move failed.
func about(err error, f replay.Fence, next replay.Status) error {
	if err == nil {
		return nil
	}
	return fmt.Errorf("moving job %s to %s: %w", f.JobID, next, err)
}

// Job is the scope's job, of status Unconfigured where there is none.
func (s *Store) Job(ctx context.Context, at replay.Scope) (replay.Job, error) {
	var job replay.Job
	err := s.read(ctx, func(conn *sqlite.Conn) (err error) {
		job, err = readJob(conn, at)
		return err
	})
	if err != nil {
		return replay.Job{}, fmt.Errorf("reading the job of region %s: %w", at.Region, err)
	}
	return job, nil
}

func readJob(conn *sqlite.Conn, at replay.Scope) (replay.Job, error) {
	job := replay.Job{Fence: replay.Fence{Scope: at}, Status: replay.Unconfigured}
	err := query(conn, `
		SELECT job_id, status, from_at, to_at, requested_by, batches, entries, bytes,
			failure_code, failure_detail, failure_response_code, accepted_at, updated_at, started_at, finished_at
		FROM jobs WHERE org = :org AND region = :region`,
		args{":org": at.Org, ":region": at.Region},
		func(row *sqlite.Stmt) {
			job.JobID, job.Status = row.ColumnText(0), replay.Status(row.ColumnText(1))
			job.Window = replay.Window{From: instant(row.ColumnInt64(2)), To: instant(row.ColumnInt64(3))}
			job.RequestedBy = row.ColumnText(4)
			job.Tally = replay.Tally{Batches: row.ColumnInt64(5), Entries: row.ColumnInt64(6), Bytes: row.ColumnInt64(7)}
			job.Failure = replay.Failure{Code: row.ColumnText(8), Detail: row.ColumnText(9), ResponseCode: row.ColumnInt(10)}
			job.AcceptedAt, job.UpdatedAt = instant(row.ColumnInt64(11)), instant(row.ColumnInt64(12))
			job.StartedAt, job.FinishedAt = instant(row.ColumnInt64(13)), instant(row.ColumnInt64(14))
		})
	return job, err
}

// livePage is how many scopes Live reads at a time.
const livePage = 200

// Live yields the scope of every live job, a page at a time, so that nothing is held while the caller is at work.
func (s *Store) Live(ctx context.Context) iter.Seq2[replay.Scope, error] {
	return func(yield func(replay.Scope, error) bool) {
		var last replay.Scope
		for {
			page, err := s.livePage(ctx, last)
			if err != nil {
				yield(replay.Scope{}, fmt.Errorf("looking for live jobs: %w", err))
				return
			}
			for _, at := range page {
				if !yield(at, nil) {
					return
				}
			}
			if len(page) < livePage {
				return
			}
			last = page[len(page)-1]
		}
	}
}

func (s *Store) livePage(ctx context.Context, after replay.Scope) ([]replay.Scope, error) {
	var page []replay.Scope
	err := s.read(ctx, func(conn *sqlite.Conn) error {
		return query(conn, `
			SELECT org, region FROM jobs
			WHERE status IN ('accepted', 'pending', 'running') AND (org, region) > (:org, :region)
			ORDER BY org, region LIMIT :limit`,
			args{":org": after.Org, ":region": after.Region, ":limit": livePage},
			func(row *sqlite.Stmt) {
				page = append(page, replay.Scope{Org: row.ColumnText(0), Region: row.ColumnText(1)})
			})
	})
	return page, err
}
