package sqlite

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"zombiezen.com/go/sqlite"
	"zombiezen.com/go/sqlite/sqlitemigration"
	"zombiezen.com/go/sqlite/sqlitex"
)

// Place is where a data file lies, or will: an absolute path without symbolic links, beside which SQLite has its log,
// whatever name leads there. A missing folder is made with mode 0700.
func Place(path string) (full string, err error) {
	if full, err = filepath.Abs(path); err != nil { // SQLite cannot take it for one of its special names
		return "", explain(path, err)
	}
	if real, err := filepath.EvalSymlinks(full); err == nil {
		return real, nil
	}
	folder := filepath.Dir(full)
	if err = os.MkdirAll(folder, 0o700); err == nil {
		folder, err = filepath.EvalSymlinks(folder)
	}
	return filepath.Join(folder, filepath.Base(full)), explain(path, err)
}

// prepare makes the file if it is missing, brings it to our schema and returns a connection to it.
func prepare(path, full string) (*sqlite.Conn, error) {
	if err := makeFile(path, full); err != nil {
		return nil, err
	}
	conn, err := connect(full, quick)
	if err != nil {
		return nil, err
	}
	if err := migrate(conn, path, full); err != nil {
		return nil, errors.Join(err, conn.Close())
	}
	return conn, nil
}

// makeFile makes an empty file before SQLite can make one that others may read. It never opens a file that is there:
// closing it again would drop the locks that this process may hold on it (SQLite's "How To Corrupt", §2.2).
func makeFile(path, full string) error {
	if info, err := os.Stat(full); err == nil {
		if !info.Mode().IsRegular() {
			return refuse(path, "is a folder or a device: name a file")
		}
		// SQLite would take it for a new file, and throw its log away.
		if log, err := os.Stat(full + "-wal"); err == nil && info.Size() == 0 && log.Size() > 0 {
			return refuse(path, "is empty, though its log (%s-wal) is not: restore both from a backup, or name another file", full)
		}
		return nil
	}
	f, err := os.OpenFile(full, os.O_CREATE|os.O_EXCL|os.O_RDWR, 0o600)
	if errors.Is(err, fs.ErrExist) {
		return nil // another process was faster
	}
	if err != nil {
		return err
	}
	return f.Close()
}

// migrate checks whose file it is, without writing to it, then brings it up to date. It turns the write-ahead log on
// only then, because that writes into the file.
func migrate(conn *sqlite.Conn, path, full string) error {
	var id, version, tables int64
	// At once: another process may be making it.
	if err := query(conn, `SELECT application_id, user_version, (SELECT count(*) FROM sqlite_schema) FROM pragma_application_id, pragma_user_version`, nil,
		func(row *sqlite.Stmt) {
			id, version, tables = row.ColumnInt64(0), row.ColumnInt64(1), row.ColumnInt64(2)
		}); err != nil {
		return err
	}
	steps := schema()
	empty := id == 0 && version == 0 && tables == 0
	switch {
	case id != appID && !empty:
		return refuse(path, "is a database of another program, and was left as it is: name another file")
	case version > int64(len(steps.Migrations)):
		return refuse(path, "has schema version %d, and this program knows no later than %d: run the newer reprise that wrote it",
			version, len(steps.Migrations))
	case version == 1 && tables > 0:
		return refuse(path, "was made by a program that was never released, and its entries have no checksums: name another file")
	}
	if err := closeToOthers(path, full); err != nil {
		return err
	}
	if err := logAhead(conn, path); err != nil {
		return err
	}
	if version == int64(len(steps.Migrations)) {
		return nil // without a write: a service that starts where its disk is full can still be read from
	}
	return sqlitemigration.Migrate(context.Background(), conn, steps)
}

// closeToOthers takes from the file, which is ours or will be, and from its log and the log's index, what anybody but
// their owner may do: a file that somebody made for us, or restored from a backup, may be readable by all, and it holds
// secrets. What SQLite makes beside the file later gets the file's mode. A file that its owner may not write stays so.
func closeToOthers(path, full string) error {
	for _, beside := range []string{"", "-wal", "-shm"} {
		info, err := os.Stat(full + beside)
		if errors.Is(err, fs.ErrNotExist) && beside != "" {
			continue
		}
		if err != nil {
			return err
		}
		if mode := info.Mode().Perm(); mode&^0o600 != 0 {
			err = os.Chmod(full+beside, mode&0o600)
			switch {
			case errors.Is(err, fs.ErrNotExist) && beside != "": // another process closed the file, and took its log away
			case errors.Is(err, fs.ErrPermission):
				return refuse(path+beside, "is open to others (mode %04o) and holds secrets, and only its owner can close it: "+
					"run reprise as its owner, or give it to the user who runs reprise (chown)", mode)
			case err != nil:
				return err
			}
		}
	}
	return nil
}

// logAhead turns the write-ahead log on. A file that has one stays without a write; one that VACUUM INTO made has none,
// however new its schema is.
func logAhead(conn *sqlite.Conn, path string) error {
	if err := sqlitex.ExecuteTransient(conn, fmt.Sprintf("PRAGMA page_size = %d", pageSize), nil); err != nil { // of a new file alone
		return err
	}
	mode := ""
	if err := sqlitex.ExecuteTransient(conn, "PRAGMA journal_mode = wal", &sqlitex.ExecOptions{ResultFunc: func(stmt *sqlite.Stmt) error {
		mode = stmt.ColumnText(0)
		return nil
	}}); err != nil {
		return err
	}
	if mode != "wal" {
		return refuse(path, "lies where no write-ahead log can: put it on a local disk")
	}
	return nil
}
