package sqlite

import (
	"context"
	"fmt"
	"slices"
	"time"

	"zombiezen.com/go/sqlite"

	"reprise/shared/chunk"
	"reprise/shared/replay"
)

const (
	// keepStep is how many chunks one transaction keeps: a body of 10,000 entries, each in a minute of its own, must
	// not hold up other writers.
	keepStep = 256
	// pageChunks bounds the chunks of one query: many where they are small.
	pageChunks = 64
	// pageBytes is the stored size after which a page ends: about the chunks of one batch, since one chunk too many
	// reads its blob (DESIGN.md §4).
	pageBytes = 256 << 10
)

// KeepChunks stores the chunks that are not there; see intake.Archive. A crash in between leaves whole chunks.
func (s *Store) KeepChunks(ctx context.Context, at replay.Scope, chunks []chunk.Chunk) error {
	for step := range slices.Chunk(chunks, keepStep) {
		err := s.write(ctx, fsynced, func(conn *sqlite.Conn) error { return keep(conn, at, step) })
		if err != nil {
			return fmt.Errorf("keeping chunks: %w", err)
		}
	}
	return nil
}

func keep(conn *sqlite.Conn, at replay.Scope, chunks []chunk.Chunk) error {
	stmt, err := conn.Prepare(`
		INSERT INTO entries (org, region, key, first_at, last_at, entries, bytes, crc, checksum, deflate)
		VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
		ON CONFLICT (org, region, key) DO NOTHING`)
	if err != nil {
		return err
	}
	for _, c := range chunks {
		stmt.BindText(1, at.Org)
		stmt.BindText(2, at.Region)
		stmt.BindText(3, c.Key)
		stmt.BindInt64(4, millis(c.First))
		stmt.BindInt64(5, millis(c.Last))
		stmt.BindInt64(6, int64(c.Entries))
		stmt.BindInt64(7, int64(c.Bytes))
		stmt.BindInt64(8, int64(c.CRC))
		stmt.BindInt64(9, int64(c.Checksum))
		stmt.BindBytes(10, c.Deflate)
		if _, err := stmt.Step(); err != nil {
			return err
		}
		if err := stmt.Reset(); err != nil {
			return err
		}
	}
	return stmt.ClearBindings() // they hold a copy of the last blob
}

// AddCounts adds to the hours' counts; see intake.Counts.
func (s *Store) AddCounts(ctx context.Context, at replay.Scope, counts []replay.Count) error {
	if len(counts) == 0 {
		return nil
	}
	err := s.write(ctx, fsynced, func(conn *sqlite.Conn) error {
		for _, c := range counts {
			_, err := exec(conn, `
				INSERT INTO counts VALUES (:org, :region, :hour, :entries, :bytes)
				ON CONFLICT (org, region, hour) DO UPDATE SET entries = entries + excluded.entries, bytes = bytes + excluded.bytes`,
				args{":org": at.Org, ":region": at.Region, ":hour": millis(c.Hour), ":entries": c.Entries, ":bytes": c.Bytes})
			if err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return fmt.Errorf("adding to the counts: %w", err)
	}
	return nil
}

// CountsIn is the count of every hour that touches the window, in order; see fanout.Counts.
func (s *Store) CountsIn(ctx context.Context, at replay.Scope, w replay.Window) ([]replay.Count, error) {
	var counts []replay.Count
	err := s.read(ctx, func(conn *sqlite.Conn) error {
		return query(conn, `
			SELECT hour, entries, bytes FROM counts
			WHERE org = :org AND region = :region AND hour >= :first AND hour <= :last ORDER BY hour`,
			args{
				":org": at.Org, ":region": at.Region,
				":first": millis(w.From.Truncate(time.Hour)), ":last": millis(w.To),
			},
			func(row *sqlite.Stmt) {
				counts = append(counts, replay.Count{
					Hour: instant(row.ColumnInt64(0)), Entries: row.ColumnInt64(1), Bytes: row.ColumnInt64(2),
				})
			})
	})
	if err != nil {
		return nil, fmt.Errorf("reading the counts: %w", err)
	}
	return counts, nil
}
