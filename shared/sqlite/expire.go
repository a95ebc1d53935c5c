package sqlite

import (
	"context"
	"fmt"
	"time"

	"zombiezen.com/go/sqlite"

	"reprise/shared/replay"
)

const (
	outboxLife = 10 * time.Minute // how long a PUT may be repeated after it was handled; AWS remembers a ClientRequestToken as long
	// expireStep is how many rows one transaction deletes, so that other writers get their turn in between.
	expireStep = 200
)

// Expire deletes what has outlived its use, as a table's TTL would. The file does not shrink: its pages are used again.
// A crash, or the end of ctx, leaves the rest to the next call.
func (s *Store) Expire(ctx context.Context) error {
	for _, rows := range []struct {
		what  string
		life  time.Duration
		query string
	}{
		{"entries", replay.EntriesLife, `
			DELETE FROM entries WHERE rowid IN (SELECT rowid FROM entries WHERE last_at < :before LIMIT :step)`},
		{"counts", replay.EntriesLife, `
			DELETE FROM counts WHERE rowid IN (SELECT rowid FROM counts WHERE hour < :before LIMIT :step)`},
		{"slices", replay.SlicesLife, `
			DELETE FROM slices WHERE rowid IN (SELECT rowid FROM slices WHERE updated_at < :before LIMIT :step)`},
		{"plans", replay.SlicesLife, `
			DELETE FROM plans WHERE rowid IN (SELECT rowid FROM plans WHERE recorded_at < :before LIMIT :step)`},
		{"rows of the outbox", outboxLife, `
			DELETE FROM outbox WHERE id IN (SELECT id FROM outbox WHERE handled_at > 0 AND handled_at < :before LIMIT :step)`},
		{"deduplication ids", deduplication, `
			DELETE FROM deduplication WHERE (queue, id) IN (SELECT queue, id FROM deduplication WHERE at < :before LIMIT :step)`},
	} {
		if err := s.expire(ctx, rows.query, s.now().Add(-rows.life)); err != nil {
			return fmt.Errorf("deleting expired %s: %w", rows.what, err)
		}
	}
	return nil
}

func (s *Store) expire(ctx context.Context, query string, before time.Time) error {
	for {
		var n int
		err := s.write(ctx, quick, func(conn *sqlite.Conn) (err error) {
			n, err = exec(conn, query, args{":before": millis(before), ":step": expireStep})
			return err
		})
		if err != nil || n < expireStep {
			return err
		}
	}
}
