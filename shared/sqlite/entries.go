package sqlite

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"slices"
	"time"

	"zombiezen.com/go/sqlite"
	"zombiezen.com/go/sqlite/sqlitex"

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

// Chunks yields the chunks of the window from the cursor's on; see deliver.Archive. It reads a page at a time and
// holds no connection while the caller is at work, however long that takes. A chunk's Deflate lies in a buffer that
// later chunks use again.
func (s *Store) Chunks(ctx context.Context, at replay.Scope, w replay.Window, cursor replay.Cursor) iter.Seq2[chunk.Chunk, error] {
	first, until := chunk.Range(w)
	return func(yield func(chunk.Chunk, error) bool) {
		p := page{start: max(first, cursor.Chunk), until: until}
		for p.more = true; p.more; {
			if err := s.read(ctx, func(conn *sqlite.Conn) error { return p.fill(conn, at) }); err != nil {
				if sqlite.ErrCode(err).ToPrimary() == sqlite.ResultCorrupt {
					err = &chunk.Damage{Key: p.start, Err: err}
				}
				yield(chunk.Chunk{}, fmt.Errorf("reading chunks: %w", err))
				return
			}
			for _, c := range p.chunks {
				if !yield(c, nil) {
					return
				}
			}
		}
	}
}

// page is some neighbouring chunks of a range of keys.
type page struct {
	start, until string // from the one on, up to the other
	had          string // the chunk before, which is left out
	more         bool
	chunks       []chunk.Chunk
	blobs        []byte // what the chunks' Deflates lie in
}

// fill reads the next page over this one, and holds it to what the twin index says of the same range.
func (p *page) fill(conn *sqlite.Conn, at replay.Scope) (err error) {
	defer sqlitex.Transaction(conn)(&err)
	start := p.start
	if err := p.read(conn, at); err != nil {
		return err
	}
	end := p.until
	if p.more {
		end = p.start + "\x00" // the least key behind the last one that was read
	}
	return p.verify(conn, at, start, end)
}

// read reads the page.
func (p *page) read(conn *sqlite.Conn, at replay.Scope) error {
	p.chunks, p.blobs, p.more = p.chunks[:0], p.blobs[:0], false
	stmt, err := conn.Prepare(`
		SELECT key, first_at, last_at, entries, bytes, crc, checksum, deflate FROM entries INDEXED BY sqlite_autoindex_entries_1
		WHERE org = ? AND region = ? AND key >= ? AND key < ? AND key <> ?
		ORDER BY key LIMIT ?`)
	if err != nil {
		return err
	}
	for i, text := range []string{at.Org, at.Region, p.start, p.until, p.had} {
		stmt.BindText(i+1, text)
	}
	stmt.BindInt64(6, pageChunks)
	for len(p.chunks) < pageChunks && len(p.blobs) < pageBytes {
		ok, err := stmt.Step()
		if err != nil {
			return err
		}
		if !ok {
			return nil
		}
		p.take(stmt)
	}
	p.more = true
	p.start = p.chunks[len(p.chunks)-1].Key
	return stmt.Reset()
}

// errHidden is an index that shows other chunks than its twin: one of them is damaged, and may hide some.
var errHidden = errors.New("two indexes disagree about which chunks there are")

// verify compares the page with the twin. That a chunk is damaged, its checksum shows; that one is missing, nothing else.
func (p *page) verify(conn *sqlite.Conn, at replay.Scope, start, end string) error {
	stmt, err := conn.Prepare(`
		SELECT count(*), total(checksum) FROM entries INDEXED BY entries_twin
		WHERE org = ? AND region = ? AND key >= ? AND key < ? AND key <> ?`)
	if err != nil {
		return err
	}
	for i, text := range []string{at.Org, at.Region, start, end, p.had} {
		stmt.BindText(i+1, text)
	}
	if _, err := stmt.Step(); err != nil {
		return err
	}
	n, sum := stmt.ColumnInt(0), stmt.ColumnFloat(1) // exact: 64 numbers of 32 bits
	for _, c := range p.chunks {
		sum -= float64(c.Checksum)
	}
	if n != len(p.chunks) || sum != 0 {
		return &chunk.Damage{Key: start, Err: errHidden}
	}
	if p.more {
		p.had = p.start
	}
	return stmt.Reset()
}

// take copies the row that stmt is at: the blob is SQLite's own memory, valid only until the next step.
// Where blobs grows, the chunks before keep lying in the old one.
func (p *page) take(stmt *sqlite.Stmt) {
	size := stmt.ColumnLen(7)
	at := len(p.blobs)
	p.blobs = slices.Grow(p.blobs, size)[:at+size]
	p.chunks = append(p.chunks, chunk.Chunk{
		Key: stmt.ColumnText(0), First: instant(stmt.ColumnInt64(1)), Last: instant(stmt.ColumnInt64(2)),
		Entries: stmt.ColumnInt(3), Bytes: stmt.ColumnInt(4), CRC: uint32(stmt.ColumnInt64(5)), Checksum: uint32(stmt.ColumnInt64(6)),
		Deflate: p.blobs[at : at+size : at+size],
	})
	stmt.ColumnBytes(7, p.blobs[at:])
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
