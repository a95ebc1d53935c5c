package sqlite

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"slices"

	"zombiezen.com/go/sqlite"
	"zombiezen.com/go/sqlite/sqlitex"

	"reprise/shared/chunk"
	"reprise/shared/replay"
)

// Chunks yields the chunks of the window from the cursor's on; see deliver.Archive. It reads a page at a time and
// holds no connection while the caller is at work, however long that takes. A chunk's Deflate lies in a buffer that
// later chunks use again.
func (s *Store) Chunks(ctx context.Context, at replay.Scope, w replay.Window, cursor replay.Cursor) iter.Seq2[chunk.Chunk, error] {
	first, until := chunk.Range(w)
	return func(yield func(chunk.Chunk, error) bool) {
		p := page{start: max(first, cursor.Chunk), until: until}
		for p.more = true; p.more; {
			start := p.start
			if err := s.read(ctx, func(conn *sqlite.Conn) error { return p.fill(s, conn, at) }); err != nil {
				if sqlite.ErrCode(err).ToPrimary() == sqlite.ResultCorrupt {
					err = &chunk.Damage{Key: start, Err: err}
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

// paging is the statements that a connection reads pages with. They are kept, since Prepare clears what is bound to one
// that it knows, after which SQLite compiles a query that has a range anew: a tenth of all that a replay cost.
type paging struct{ rows, twin *sqlite.Stmt }

func (s *Store) paging(conn *sqlite.Conn) (paging, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if kept, ok := s.pages[conn]; ok {
		return kept, nil
	}
	rows, err := conn.Prepare(`
		SELECT key, first_at, last_at, entries, bytes, crc, checksum, deflate FROM entries INDEXED BY sqlite_autoindex_entries_1
		WHERE org = ? AND region = ? AND key >= ? AND key < ? AND key <> ?
		ORDER BY key LIMIT ?`)
	if err != nil {
		return paging{}, err
	}
	twin, err := conn.Prepare(`
		SELECT count(*), total(checksum) FROM entries INDEXED BY entries_twin
		WHERE org = ? AND region = ? AND key >= ? AND key < ? AND key <> ?`)
	if err != nil {
		return paging{}, err
	}
	s.pages[conn] = paging{rows, twin}
	return s.pages[conn], nil
}

// bind sets a statement on a range of a scope's keys. What a page before left of it, an error or its last row, is forgotten.
func bind(stmt *sqlite.Stmt, at replay.Scope, start, end, had string) error {
	if err := stmt.Reset(); err != nil {
		return err
	}
	for i, text := range []string{at.Org, at.Region, start, end, had} {
		stmt.BindText(i+1, text)
	}
	return nil
}

// fill reads the next page over this one, and holds it to what the twin index says of the same range.
func (p *page) fill(s *Store, conn *sqlite.Conn, at replay.Scope) (err error) {
	kept, err := s.paging(conn)
	if err != nil {
		return err
	}
	defer sqlitex.Transaction(conn)(&err)
	start := p.start
	if err := p.read(kept.rows, at); err != nil {
		return err
	}
	end := p.until
	if p.more {
		end = p.start + "\x00" // the least key behind the last one that was read
	}
	return p.verify(kept.twin, at, start, end)
}

// read reads the page.
func (p *page) read(stmt *sqlite.Stmt, at replay.Scope) error {
	p.chunks, p.blobs, p.more = p.chunks[:0], p.blobs[:0], false
	if err := bind(stmt, at, p.start, p.until, p.had); err != nil {
		return err
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
func (p *page) verify(stmt *sqlite.Stmt, at replay.Scope, start, end string) error {
	if err := bind(stmt, at, start, end, p.had); err != nil {
		return err
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
	room := size
	if at > 0 && cap(p.blobs)-at < size { // a second chunk: there may be a whole page, better not copied at each step of growing
		room = max(size, pageBytes+size-at)
	}
	p.blobs = slices.Grow(p.blobs, room)[:at+size]
	p.chunks = append(p.chunks, chunk.Chunk{
		Key: stmt.ColumnText(0), First: instant(stmt.ColumnInt64(1)), Last: instant(stmt.ColumnInt64(2)),
		Entries: stmt.ColumnInt(3), Bytes: stmt.ColumnInt(4), CRC: uint32(stmt.ColumnInt64(5)), Checksum: uint32(stmt.ColumnInt64(6)),
		Deflate: p.blobs[at : at+size : at+size],
	})
	stmt.ColumnBytes(7, p.blobs[at:])
}
