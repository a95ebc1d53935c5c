package sqlite

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"zombiezen.com/go/sqlite"
)

// refusal is a whole sentence already: it names the file and says what to do.
type refusal struct{ text string }

func (r refusal) Error() string { return r.text }

func refuse(path, format string, a ...any) error {
	return refusal{"data file " + path + " " + fmt.Sprintf(format, a...)}
}

// explain says which file it is and what to do about it.
func explain(path string, err error) error {
	var known refusal
	if err == nil || errors.As(err, &known) {
		return err
	}
	var advice string
	switch sqlite.ErrCode(err).ToPrimary() {
	case sqlite.ResultNotADB:
		advice = "is not a database of reprise, and was left as it is: name another file; if it was one, its first page was overwritten: restore it from a backup"
	case sqlite.ResultReadOnly:
		advice = "is read-only: let the user who runs reprise write to it and to its folder"
	case sqlite.ResultBusy:
		advice = "is locked by another program: stop that one, or name another file"
	case sqlite.ResultCorrupt:
		advice = "is damaged: restore it from a backup (without the -wal and -shm that lie there now), or name another file"
	case sqlite.ResultFull:
		advice = "does not fit on its disk: make room"
	case sqlite.ResultIOErr:
		advice = "cannot be read or written: make room on its disk if that is full, else look after the disk"
	default:
		advice = "cannot be opened: let the user who runs reprise write to it and to its folder, or name another file"
	}
	return fmt.Errorf("data file %s %s: %w", path, advice, err)
}

// tellAgain is how long a trouble that lasts is not told again: each request that meets it has its own line in the log.
const tellAgain = time.Minute

// trouble is err, which says which file it is and what to do where the fault is the file's or its disk's; then the log is
// told, too, for the one who looks after the machine.
func (s *Store) trouble(ctx context.Context, err error) error {
	code := sqlite.ErrCode(err).ToPrimary()
	switch code {
	case sqlite.ResultFull, sqlite.ResultCorrupt, sqlite.ResultNotADB, sqlite.ResultIOErr:
	default:
		return err
	}
	err = explain(s.path, err)
	now := s.now()
	s.mu.Lock()
	last, known := s.told[code]
	again := !known || now.Sub(last) >= tellAgain
	if again {
		s.told[code] = now
	}
	s.mu.Unlock()
	if again {
		slog.ErrorContext(ctx, "the data file needs attention", "err", err)
	}
	return err
}

// Examine checks every table but the entries, whose chunks are checked when they are read: it costs no more than reading
// these, however many entries there are. SQLite has no checksums; it notices pages that cannot be, and tables and indexes
// that disagree.
func (s *Store) Examine(ctx context.Context) error {
	return s.read(ctx, func(conn *sqlite.Conn) error {
		var tables []string
		err := query(conn, `SELECT name FROM sqlite_schema WHERE type = 'table' AND name <> 'entries' AND name NOT LIKE 'sqlite_%'`, nil,
			func(row *sqlite.Stmt) { tables = append(tables, row.ColumnText(0)) })
		for _, table := range tables {
			found := ""
			if err == nil {
				err = query(conn, `PRAGMA integrity_check(`+table+`)`, nil, func(row *sqlite.Stmt) { found = cmp.Or(found, row.ColumnText(0)) })
			}
			if err == nil && found != "ok" {
				err = refuse(s.path, "is damaged, in its table %s: restore it from a backup (without the -wal and -shm that lie there now), or name another file: %s", table, found)
			}
		}
		return err
	})
}
