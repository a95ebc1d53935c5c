package sqlite

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"zombiezen.com/go/sqlite"

	"reprise/shared/replay"
)

const (
	// handTries is how often a job is handed over before it is let go: the sweep plans it two minutes later (DESIGN.md §7),
	// and the ones behind it must not wait for ever.
	handTries = 5
	// handWait is the wait after the first failure; it doubles with each.
	handWait = time.Second
	// maxHandWait bounds that wait.
	maxHandWait = 30 * time.Second
)

// outgoing is a row of the outbox; no row is id 0.
type outgoing struct {
	id  int64
	job replay.Job
}

// accepted reports whether the job was accepted before, whatever became of it since.
func accepted(conn *sqlite.Conn, jobID string) (seen bool, err error) {
	err = query(conn, `SELECT 1 FROM outbox WHERE job_id = :job_id`, args{":job_id": jobID},
		func(*sqlite.Stmt) { seen = true })
	return seen, err
}

// post puts an accepted job into the outbox.
func post(conn *sqlite.Conn, job replay.Job) error {
	_, err := exec(conn, `
		INSERT INTO outbox (job_id, org, region, from_at, to_at, requested_by, accepted_at, updated_at)
		VALUES (:job_id, :org, :region, :from, :to, :by, :accepted_at, :updated_at)`,
		args{
			":job_id": job.JobID, ":org": job.Org, ":region": job.Region,
			":from": millis(job.Window.From), ":to": millis(job.Window.To), ":by": job.RequestedBy,
			":accepted_at": millis(job.AcceptedAt), ":updated_at": millis(job.UpdatedAt),
		})
	return err
}

// OnAccepted hands each newly accepted job over, as it was accepted, in order, until ctx ends; then it returns nil.
// A job whose handing over fails holds the ones behind it back while it is tried again, five times in all, over some
// 15 seconds; then it is left to the sweep. A job may be handed over again after a crash. Call it once at a time.
func (s *Store) OnAccepted(ctx context.Context, out func(context.Context, replay.Job) error) error {
	var last int64
	tries := 0
	for {
		stuck, err := s.pump(ctx, out)
		if ctx.Err() != nil {
			return nil
		}
		if errors.Is(err, errClosed) {
			return err
		}
		if err == nil {
			select {
			case <-s.accepted:
			case <-ctx.Done():
			}
			continue
		}
		if stuck.id != last {
			last, tries = stuck.id, 0
		}
		tries++
		log := slog.With("org", stuck.job.Org, "region", stuck.job.Region, "job", stuck.job.JobID, "tries", tries, "err", err)
		if stuck.id != 0 && tries == handTries {
			log.ErrorContext(ctx, "an accepted job could not be fanned out: left to the sweep")
			last = 0
			if err := s.handled(ctx, stuck.id); err != nil {
				slog.ErrorContext(ctx, "the outbox could not be written", "err", err)
			}
			continue
		}
		log.WarnContext(ctx, "an accepted job was not fanned out: trying again")
		pause(ctx, handPause(tries))
	}
}

// handPause is the wait after so many failures in a row.
func handPause(tries int) time.Duration {
	wait := handWait
	for i := 1; i < tries && wait < maxHandWait; i++ {
		wait *= 2
	}
	return min(wait, maxHandWait)
}

// pause waits for d, or for the end of ctx.
func pause(ctx context.Context, d time.Duration) {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-ctx.Done():
	}
}

// PumpAccepted hands over what OnAccepted would, until nothing is left, and stops at the first failure.
func (s *Store) PumpAccepted(ctx context.Context, out func(context.Context, replay.Job) error) error {
	_, err := s.pump(ctx, out)
	return err
}

// pump is PumpAccepted; where out failed, stuck is the row that it failed on.
func (s *Store) pump(ctx context.Context, out func(context.Context, replay.Job) error) (stuck outgoing, err error) {
	for {
		row, err := s.outgoing(ctx)
		if err != nil || row.id == 0 {
			return outgoing{}, err
		}
		if err := out(ctx, row.job); err != nil {
			return row, fmt.Errorf("handing over accepted job %s: %w", row.job.JobID, err)
		}
		// A crash here hands the job over again, which changes nothing (fanout.Out).
		if err := s.handled(ctx, row.id); err != nil {
			return outgoing{}, err
		}
	}
}

// outgoing is the oldest row that was not handled.
func (s *Store) outgoing(ctx context.Context) (outgoing, error) {
	var next outgoing
	err := s.read(ctx, func(conn *sqlite.Conn) error {
		return query(conn, `
			SELECT id, job_id, org, region, from_at, to_at, requested_by, accepted_at, updated_at
			FROM outbox WHERE handled_at = 0 ORDER BY id LIMIT 1`, nil,
			func(row *sqlite.Stmt) {
				next = outgoing{row.ColumnInt64(0), replay.Job{
					Fence: replay.Fence{
						Scope: replay.Scope{Org: row.ColumnText(2), Region: row.ColumnText(3)}, JobID: row.ColumnText(1),
					},
					Status:      replay.Accepted,
					Window:      replay.Window{From: instant(row.ColumnInt64(4)), To: instant(row.ColumnInt64(5))},
					RequestedBy: row.ColumnText(6),
					AcceptedAt:  instant(row.ColumnInt64(7)), UpdatedAt: instant(row.ColumnInt64(8)),
				}}
			})
	})
	if err != nil {
		return outgoing{}, fmt.Errorf("reading the outbox: %w", err)
	}
	return next, nil
}

// handled marks a row, even where ctx has just ended: the work is done.
func (s *Store) handled(ctx context.Context, id int64) error {
	err := s.write(context.WithoutCancel(ctx), quick, func(conn *sqlite.Conn) error {
		_, err := exec(conn, `UPDATE outbox SET handled_at = max(1, :now) WHERE id = :id`, args{":id": id, ":now": millis(s.stamp())})
		return err
	})
	if err != nil {
		return fmt.Errorf("marking a row of the outbox as handled: %w", err)
	}
	return nil
}
