package simtest

import (
	"context"
	"fmt"
	"slices"
	"sync"
	"time"

	"reprise/shared/access"
	"reprise/shared/auditlog"
	"reprise/shared/chunk"
	"reprise/shared/replay"
)

// Tables is what is stored: the state behind every Store. It is safe for concurrent use, it reads no clock and draws
// nothing: what it answers depends on the calls alone.
type Tables struct {
	mu       sync.Mutex
	jobs     map[replay.Scope]jobRow
	accepted []replay.Job
	known    map[string]bool // the jobs of accepted
	plans    map[string]replay.Plan
	slices   map[string]map[int]sliceRow
	chunks   map[replay.Scope][]chunk.Chunk // in order of key; a Deflate is never written again
	counts   map[replay.Scope]map[time.Time]replay.Count
	hooks    map[replay.Scope]hookRow
	tokens   map[access.Hash]access.Token
	keys     []auditlog.Key // in the order of their adding
}

// NewTables is an empty store.
func NewTables() *Tables {
	return &Tables{
		jobs:   make(map[replay.Scope]jobRow),
		known:  make(map[string]bool),
		plans:  make(map[string]replay.Plan),
		slices: make(map[string]map[int]sliceRow),
		chunks: make(map[replay.Scope][]chunk.Chunk),
		counts: make(map[replay.Scope]map[time.Time]replay.Count),
		hooks:  make(map[replay.Scope]hookRow),
		tokens: make(map[access.Hash]access.Token),
	}
}

// Store is the tables as one caller sees them, under every port there is (storetest.Store). Its errors name no row: a
// trace does.
type Store struct {
	tables *Tables
	now    func() time.Time
	ids    func() string
	page   func(context.Context) error
}

// As is the tables as one caller sees them. Rows are stamped by now. Ids, asked once for each call of a port that
// writes, gives that write its id, which must not be empty.
//
// Two calls with one id are one write whose answer was lost on the way and that the caller's SDK made again: the second
// finds its own id on the row and answers as the first did (DESIGN §3, written_by). Once somebody else has written the row
// it is judged as any other write is. Counts alone have no id to find: they are added again.
func (t *Tables) As(now func() time.Time, ids func() string) *Store {
	return &Store{tables: t, now: now, ids: ids}
}

// OnPage is a Store like s whose Chunks calls f before it reads each page; an error of f ends the sequence.
func (s *Store) OnPage(f func(context.Context) error) *Store {
	paged := *s
	paged.page = f
	return &paged
}

// mark is what a write leaves on its row.
type mark struct {
	by string // the write's id
	at time.Time
}

// write makes one write: all of it or nothing, since make looks before it touches anything.
func (s *Store) write(ctx context.Context, name string, make func(*Tables, mark) error) error {
	m := mark{by: s.ids(), at: stamp(s.now())}
	if err := ctx.Err(); err != nil {
		return fmt.Errorf("%s: %w", name, err)
	}
	s.tables.mu.Lock()
	defer s.tables.mu.Unlock()
	if err := make(s.tables, m); err != nil {
		return fmt.Errorf("%s: %w", name, err)
	}
	return nil
}

// read is a consistent read.
func read[T any](ctx context.Context, s *Store, name string, look func(*Tables) (T, error)) (T, error) {
	var none T
	if err := ctx.Err(); err != nil {
		return none, fmt.Errorf("%s: %w", name, err)
	}
	s.tables.mu.Lock()
	defer s.tables.mu.Unlock()
	v, err := look(s.tables)
	if err != nil {
		return none, fmt.Errorf("%s: %w", name, err)
	}
	return v, nil
}

// stamp is a time as a store keeps it (DESIGN §4).
func stamp(t time.Time) time.Time { return t.UTC().Truncate(time.Millisecond) }

// Accepted is every job that a PUT has stored, as it was then, in the order of the writes: the records of the stream.
func (t *Tables) Accepted() []replay.Job {
	t.mu.Lock()
	defer t.mu.Unlock()
	return slices.Clone(t.accepted)
}

// PeekJob is what Job would say.
func (t *Tables) PeekJob(at replay.Scope) replay.Job {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.job(at).Job
}

// PeekRows is every row of the job, in order of N.
func (t *Tables) PeekRows(jobID string) []replay.Progress {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.rows(jobID)
}

// PeekPlan is the job's plan, false if none was recorded.
func (t *Tables) PeekPlan(jobID string) (replay.Plan, bool) {
	t.mu.Lock()
	defer t.mu.Unlock()
	p, ok := t.plans[jobID]
	p.Slices = slices.Clone(p.Slices)
	return p, ok
}

// PeekChunks is every chunk of the scope, in order of key. Nobody may write to their bytes.
func (t *Tables) PeekChunks(at replay.Scope) []chunk.Chunk {
	t.mu.Lock()
	defer t.mu.Unlock()
	return slices.Clone(t.chunks[at])
}
