package sqlite

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"

	"zombiezen.com/go/sqlite"

	"reprise/shared/replay"
)

// planned is a slice as a plan's row keeps it: milliseconds since the epoch. Its fence is the plan's.
type planned struct {
	N    int   `json:"n"`
	Lane int   `json:"lane"`
	From int64 `json:"from"`
	To   int64 `json:"to"`
}

func encodeSlices(slices []replay.Slice) ([]byte, error) {
	cut := make([]planned, len(slices))
	for i, c := range slices {
		cut[i] = planned{c.N, c.Lane, millis(c.Window.From), millis(c.Window.To)}
	}
	return json.Marshal(cut)
}

// decodeSlices reads what encodeSlices wrote. What it cannot have written is refused: a plan that lost its slices would be
// a job that completes without sending them.
func decodeSlices(f replay.Fence, text []byte) ([]replay.Slice, error) {
	var cut []planned
	if err := json.Unmarshal(text, &cut); err != nil {
		return nil, fmt.Errorf("the stored slices: %w", err)
	}
	if cut == nil {
		return nil, errors.New("the stored slices: there is no list of them")
	}
	var slices []replay.Slice
	for i, c := range cut {
		if c.N != i || c.Lane < 0 || c.From > c.To {
			return nil, fmt.Errorf("the stored slices: place %d holds slice %d in lane %d from %d to %d, which cannot be", i, c.N, c.Lane, c.From, c.To)
		}
		w := replay.Window{From: instant(c.From), To: instant(c.To)}
		slices = append(slices, replay.Slice{Fence: f, N: c.N, Lane: c.Lane, Window: w})
	}
	return slices, nil
}

// RecordPlan stores the plan unless the job has one, and returns the one that is stored; see fanout.Plans.
func (s *Store) RecordPlan(ctx context.Context, p replay.Plan) (replay.Plan, error) {
	text, err := encodeSlices(p.Slices)
	if err != nil {
		return replay.Plan{}, fmt.Errorf("writing the plan of job %s: %w", p.JobID, err)
	}
	var stored replay.Plan
	err = s.write(ctx, fsynced, func(conn *sqlite.Conn) error {
		_, err := exec(conn, `
			INSERT INTO plans VALUES (:job_id, :org, :region, :lanes, :entries, :slices, :now)
			ON CONFLICT (job_id) DO NOTHING`,
			args{
				":job_id": p.JobID, ":org": p.Org, ":region": p.Region,
				":lanes": p.Lanes, ":entries": p.Entries, ":slices": string(text), ":now": millis(s.stamp()),
			})
		if err != nil {
			return err
		}
		stored, err = readPlan(conn, p.Fence)
		return err
	})
	if err != nil {
		return replay.Plan{}, fmt.Errorf("recording the plan of job %s: %w", p.JobID, err)
	}
	return stored, nil
}

// Plan is the job's plan, or ErrNotFound; see settle.Slices.
func (s *Store) Plan(ctx context.Context, f replay.Fence) (replay.Plan, error) {
	var p replay.Plan
	err := s.read(ctx, func(conn *sqlite.Conn) (err error) {
		p, err = readPlan(conn, f)
		return err
	})
	if err != nil {
		return replay.Plan{}, fmt.Errorf("reading the plan of job %s: %w", f.JobID, err)
	}
	return p, nil
}

func readPlan(conn *sqlite.Conn, f replay.Fence) (replay.Plan, error) {
	p, text := replay.Plan{Fence: f}, ""
	err := query(conn, `SELECT lanes, entries, slices, recorded_at FROM plans WHERE job_id = :job_id`,
		args{":job_id": f.JobID},
		func(row *sqlite.Stmt) {
			p.Lanes, p.Entries, p.Recorded = row.ColumnInt(0), row.ColumnInt64(1), instant(row.ColumnInt64(3))
			text = row.ColumnText(2)
		})
	if err != nil {
		return replay.Plan{}, err
	}
	if text == "" {
		return replay.Plan{}, replay.ErrNotFound
	}
	if p.Slices, err = decodeSlices(f, []byte(text)); err != nil {
		return replay.Plan{}, fmt.Errorf("%w: %w", replay.ErrNotFound, err)
	}
	return p, nil
}

const progressColumns = `n, done, seq, chunk, line, starts, attempts, since, due, batch_limit, generation, batches, entries, bytes`

func progress(row *sqlite.Stmt) replay.Progress {
	return replay.Progress{
		N: row.ColumnInt(0), Done: row.ColumnBool(1), Seq: row.ColumnInt(2),
		Cursor: replay.Cursor{Chunk: row.ColumnText(3), Line: row.ColumnInt(4)},
		Starts: row.ColumnInt(5), Attempts: row.ColumnInt(6),
		Since: instant(row.ColumnInt64(7)), Due: instant(row.ColumnInt64(8)),
		Limit: row.ColumnInt(9), Generation: row.ColumnInt(10),
		Tally: replay.Tally{Batches: row.ColumnInt64(11), Entries: row.ColumnInt64(12), Bytes: row.ColumnInt64(13)},
	}
}

// Progress is every row of the job, in order of slice; see settle.Slices.
func (s *Store) Progress(ctx context.Context, f replay.Fence) ([]replay.Progress, error) {
	var all []replay.Progress
	err := s.read(ctx, func(conn *sqlite.Conn) error {
		return query(conn, `SELECT `+progressColumns+` FROM slices WHERE job_id = :job_id ORDER BY n`,
			args{":job_id": f.JobID},
			func(row *sqlite.Stmt) { all = append(all, progress(row)) })
	})
	if err != nil {
		return nil, fmt.Errorf("reading the progress of job %s: %w", f.JobID, err)
	}
	return all, nil
}

// Try counts a try, unless the slice is done; see deliver.Slices. A power failure may lose it: then one more try is allowed.
func (s *Store) Try(ctx context.Context, at replay.Slice) (replay.Progress, error) {
	var p replay.Progress
	err := s.write(ctx, quick, func(conn *sqlite.Conn) (err error) {
		if p, err = readSlice(conn, at); err != nil || p.Done {
			return err
		}
		p = p.Start(s.stamp())
		return s.putSlice(conn, at, p)
	})
	if err != nil {
		return replay.Progress{}, fmt.Errorf("trying slice %d of job %s: %w", at.N, at.JobID, err)
	}
	return p, nil
}

// Advance stores p over the progress before it; see deliver.Slices. A power failure may lose it: then what was sent
// since is sent again, under the same batch ids.
func (s *Store) Advance(ctx context.Context, at replay.Slice, p replay.Progress) error {
	err := s.write(ctx, quick, func(conn *sqlite.Conn) error {
		moved, err := exec(conn, `
			UPDATE slices SET updated_at = :now, done = :done, seq = :seq, chunk = :chunk, line = :line, starts = :starts,
				attempts = :attempts, since = :since, due = :due, batch_limit = :limit, generation = :generation,
				batches = :batches, entries = :entries, bytes = :bytes
			WHERE job_id = :job_id AND n = :n AND seq = :seq - 1 AND seq > 0 AND done = 0`, s.row(at, p))
		if err != nil || moved > 0 {
			return err
		}
		stored, err := readSlice(conn, at)
		if err != nil {
			return err
		}
		return fmt.Errorf("it is at seq %d, done %t, for seq %d: %w", stored.Seq, stored.Done, p.Seq, replay.ErrConflict)
	})
	if err != nil {
		return fmt.Errorf("advancing slice %d of job %s: %w", at.N, at.JobID, err)
	}
	return nil
}

// Resend takes the next generation over exactly p.Seq; see sweep.Slices. A power failure may lose it: then the sweep
// finds the slice again and sends the same generation, which the queue may know.
func (s *Store) Resend(ctx context.Context, at replay.Slice, p replay.Progress) (generation int, err error) {
	err = s.write(ctx, quick, func(conn *sqlite.Conn) error {
		stored, err := readSlice(conn, at)
		if err != nil {
			return err
		}
		if stored.Seq != p.Seq || stored.Done {
			return fmt.Errorf("it is at seq %d, done %t, was read at seq %d: %w", stored.Seq, stored.Done, p.Seq, replay.ErrConflict)
		}
		next := stored.Resend(s.stamp())
		generation = next.Generation
		return s.putSlice(conn, at, next)
	})
	if err != nil {
		return 0, fmt.Errorf("sending slice %d of job %s again: %w", at.N, at.JobID, err)
	}
	return generation, nil
}

// readSlice is the slice's row, of Seq 0 where there is none.
func readSlice(conn *sqlite.Conn, at replay.Slice) (replay.Progress, error) {
	p := replay.Progress{N: at.N}
	err := query(conn, `SELECT `+progressColumns+` FROM slices WHERE job_id = :job_id AND n = :n`,
		args{":job_id": at.JobID, ":n": at.N},
		func(row *sqlite.Stmt) { p = progress(row) })
	return p, err
}

// putSlice writes the slice's row; the caller has compared what is there in the same transaction.
func (s *Store) putSlice(conn *sqlite.Conn, at replay.Slice, p replay.Progress) error {
	row := s.row(at, p)
	row[":org"], row[":region"] = at.Org, at.Region
	_, err := exec(conn, `
		INSERT OR REPLACE INTO slices (job_id, org, region, updated_at, `+progressColumns+`)
		VALUES (:job_id, :org, :region, :now, :n, :done, :seq, :chunk, :line, :starts, :attempts, :since, :due,
			:limit, :generation, :batches, :entries, :bytes)`, row)
	return err
}

// row is a slice's row but for its scope, which never changes.
func (s *Store) row(at replay.Slice, p replay.Progress) args {
	return args{
		":job_id": at.JobID, ":now": millis(s.stamp()),
		":n": at.N, ":done": p.Done, ":seq": p.Seq, ":chunk": p.Cursor.Chunk, ":line": p.Cursor.Line,
		":starts": p.Starts, ":attempts": p.Attempts, ":since": millis(p.Since), ":due": millis(p.Due),
		":limit": p.Limit, ":generation": p.Generation,
		":batches": p.Tally.Batches, ":entries": p.Tally.Entries, ":bytes": p.Tally.Bytes,
	}
}
