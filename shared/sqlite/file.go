package sqlite

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"zombiezen.com/go/sqlite"
	"zombiezen.com/go/sqlite/sqlitex"
)

const (
	// maxReaders bounds the reading connections: 16 groups of the queue at work at once (DESIGN.md §5), each reading
	// a batch ahead or its job, and the requests beside them.
	maxReaders = 24
	// busyTimeout is how long a statement waits for a lock of another process, such as the command line's.
	busyTimeout = 10 * time.Second
	// readerCache is what a reader may hold of the file, in KiB: it reads chunks once, so that more gains nothing (DESIGN.md §4).
	readerCache = 1024
)

// errClosed is what every method returns after Close.
var errClosed = errors.New("the data file was closed")

// durability is what a commit survives. Both survive the end of this process.
type durability int

const (
	quick   durability = iota // may be lost with the machine's power: for what is only done again then
	fsynced                   // survives a loss of power, too, once write returned: for what was promised
)

// Store is every table of the file, with an outbox of accepted jobs. It is safe for concurrent use.
type Store struct {
	path     string
	now      func() time.Time
	accepted bell // rung after each Accept
	sent     bell // rung when a slice on the queue may have become visible
	died     bell // the same for the dead letters

	closed  chan struct{}
	closing sync.Once

	writing chan struct{}   // holds one token: whoever took it writes; waiting is in order of arrival
	writers [2]*sqlite.Conn // by durability

	reading chan struct{} // holds a token for each reader at work
	mu      sync.Mutex
	idle    []*sqlite.Conn                  // readers that nobody uses; the last used is used next, so that few are ever opened
	told    map[sqlite.ResultCode]time.Time // when the log was last told of a trouble of that kind
	pages   map[*sqlite.Conn]paging
}

// bell wakes one waiter; rung while nobody waits, it stays rung once.
type bell chan struct{}

func newBell() bell { return make(bell, 1) }

// ring never blocks.
func (b bell) ring() {
	select {
	case b <- struct{}{}:
	default:
	}
}

// Open opens or makes the file, in a folder that is made with mode 0700 if it is missing. now stamps rows. A file of ours
// that is open to others gets mode 0600, and is refused where it belongs to a user who alone may do that.
// It refuses, and leaves as it was, a file that is not ours or whose schema is newer than this program's.
func Open(path string, now func() time.Time) (*Store, error) {
	full, err := Place(path)
	if err != nil {
		return nil, err
	}
	s := &Store{
		path: full, now: now, accepted: newBell(), sent: newBell(), died: newBell(),
		told:   make(map[sqlite.ResultCode]time.Time),
		closed: make(chan struct{}), writing: make(chan struct{}, 1), reading: make(chan struct{}, maxReaders),
		pages: make(map[*sqlite.Conn]paging),
	}
	if err := s.openWriters(path); err != nil {
		_ = s.Close() // the error that matters is why it could not be opened
		return nil, explain(path, err)
	}
	return s, nil
}

// openWriters makes the file ready and tells the two writers apart. In WAL mode only FULL syncs the log at each commit;
// that takes earlier commits of the other writer along, since they share the log.
func (s *Store) openWriters(path string) (err error) {
	if s.writers[quick], err = prepare(path, s.path); err != nil {
		return err
	}
	s.writers[fsynced], err = connect(s.path, fsynced)
	return err
}

// connect opens one more connection to the file, which must be there.
func connect(full string, d durability) (*sqlite.Conn, error) {
	conn, err := sqlite.OpenConn(full, sqlite.OpenReadWrite)
	if err != nil {
		return nil, err
	}
	conn.SetBusyTimeout(busyTimeout)
	if d == fsynced {
		err = sqlitex.ExecuteTransient(conn, "PRAGMA synchronous = FULL", nil)
	} else {
		err = sqlitex.ExecuteTransient(conn, "PRAGMA synchronous = NORMAL", nil)
	}
	if err != nil {
		return nil, errors.Join(fmt.Errorf("setting how commits are synced: %w", err), conn.Close())
	}
	return conn, nil
}

// Close waits for what is at work, then closes the file. Closing again does nothing.
func (s *Store) Close() error {
	var errs []error
	s.closing.Do(func() {
		close(s.closed)
		s.writing <- struct{}{}
		for range maxReaders {
			s.reading <- struct{}{}
		}
		s.mu.Lock()
		defer s.mu.Unlock()
		// Writers last: whoever closes last writes the log back into the file and removes it.
		for _, conn := range append(s.idle, s.writers[:]...) {
			if conn != nil {
				errs = append(errs, conn.Close())
			}
		}
		s.idle = nil
	})
	if err := errors.Join(errs...); err != nil {
		return fmt.Errorf("closing the data file %s: %w", s.path, err)
	}
	return nil
}

// take gets a token, unless ctx ends or the store is closed first.
func (s *Store) take(ctx context.Context, tokens chan struct{}) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	select {
	case <-s.closed: // select picks at random among what is ready; this must win
		return errClosed
	default:
	}
	select {
	case tokens <- struct{}{}:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	case <-s.closed:
		return errClosed
	}
}

// write runs f in one IMMEDIATE transaction, which commits if f returns nil and else changes nothing. There is one
// writer at a time, in order of arrival. Once f runs, the end of ctx stops it no more: nobody should have to guess
// whether it was committed. f must not call read or write.
//
// A crash before the commit leaves nothing of it; after it, all of it, as far as d says.
func (s *Store) write(ctx context.Context, d durability, f func(*sqlite.Conn) error) (err error) {
	if err := s.take(ctx, s.writing); err != nil {
		return err
	}
	defer func() { <-s.writing }()
	defer func() { err = s.trouble(ctx, err) }()
	conn := s.writers[d]
	end, err := sqlitex.ImmediateTransaction(conn)
	if err != nil {
		return err
	}
	defer end(&err)
	defer conn.SetInterrupt(nil) // resets statements that f left halfway: they would hold the log
	return f(conn)
}

// read runs f on a reading connection. Each statement sees the file as of its start: an f that needs several to agree
// begins a sqlitex.Transaction. f must be short, because it holds the log; it must not call read or write.
func (s *Store) read(ctx context.Context, f func(*sqlite.Conn) error) (err error) {
	if err := s.take(ctx, s.reading); err != nil {
		return err
	}
	defer func() { <-s.reading }()
	defer func() { err = s.trouble(ctx, err) }()
	conn, err := s.reader()
	if err != nil {
		return err
	}
	defer func() {
		conn.SetInterrupt(nil) // resets statements that f left halfway: they would hold the log
		s.mu.Lock()
		defer s.mu.Unlock()
		s.idle = append(s.idle, conn)
	}()
	return f(conn)
}

// reader takes an idle connection, or opens one.
func (s *Store) reader() (*sqlite.Conn, error) {
	s.mu.Lock()
	if last := len(s.idle) - 1; last >= 0 {
		conn := s.idle[last]
		s.idle = s.idle[:last]
		s.mu.Unlock()
		return conn, nil
	}
	s.mu.Unlock()
	conn, err := connect(s.path, quick)
	if err != nil {
		return nil, fmt.Errorf("opening one more reader: %w", err)
	}
	settings := fmt.Sprintf("PRAGMA query_only = on; PRAGMA cache_size = -%d;", readerCache)
	if err := sqlitex.ExecuteScript(conn, settings, nil); err != nil {
		return nil, errors.Join(fmt.Errorf("setting up one more reader: %w", err), conn.Close())
	}
	return conn, nil
}

// Check reports whether the file can be read.
func (s *Store) Check(ctx context.Context) error {
	err := s.read(ctx, func(conn *sqlite.Conn) error {
		return sqlitex.Execute(conn, "SELECT count(*) FROM jobs", nil)
	})
	if err != nil {
		return fmt.Errorf("reading the data file: %w", err)
	}
	return nil
}

// args are a statement's parameters by name.
type args map[string]any

// exec runs a statement that changes rows, and tells how many.
func exec(conn *sqlite.Conn, query string, named args) (changed int, err error) {
	err = sqlitex.Execute(conn, query, &sqlitex.ExecOptions{Named: named})
	return conn.Changes(), err
}

// query hands each row of the answer over.
func query(conn *sqlite.Conn, query string, named args, row func(*sqlite.Stmt)) error {
	return sqlitex.Execute(conn, query, &sqlitex.ExecOptions{Named: named, ResultFunc: func(stmt *sqlite.Stmt) error {
		row(stmt)
		return nil
	}})
}

// stamp is now as rows keep it.
func (s *Store) stamp() time.Time { return s.now().UTC().Truncate(time.Millisecond) }

// millis is t as rows keep it.
func millis(t time.Time) int64 {
	if t.IsZero() {
		return 0
	}
	return t.UnixMilli()
}

// instant is what millis kept.
func instant(ms int64) time.Time {
	if ms == 0 {
		return time.Time{}
	}
	return time.UnixMilli(ms).UTC()
}
