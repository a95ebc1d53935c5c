package simtest_test

import (
	"context"
	"errors"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"reprise/shared/access"
	"reprise/shared/auditlog"
	"reprise/shared/chunk"
	"reprise/shared/replay"
	"reprise/shared/simtest"
	"reprise/shared/storetest"
	"reprise/shared/webhook"
)

// write is one write of a store with its answer. Once more, under another id, it answers again and wants err; where that
// changes the tables by its own right, grows is true.
type write struct {
	name  string
	after replay.Status // of the job before it
	make  func(context.Context, *simtest.Store) (any, error)
	again any
	err   error
	grows bool
}

func here() replay.Scope { return replay.Scope{Org: "acme", Region: "eu"} }

func noon() time.Time { return time.Date(2040, time.March, 1, 12, 0, 0, 0, time.UTC) }

func window() replay.Window { return replay.Window{From: noon().Add(-time.Hour), To: noon()} }

func first() replay.Job {
	return replay.NewJob(replay.Fence{Scope: here(), JobID: "job-1"}, "ops", window(), noon())
}

func slice(n int) replay.Slice { return replay.Slice{Fence: first().Fence, N: n, Window: window()} }

// prepared is a store in which every write can be made: slice 0 was tried once, at Seq 1, the webhook has Version 1, a token is there.
func prepared(t *testing.T, status replay.Status, ids func() string) (*simtest.Tables, *simtest.Store) {
	t.Helper()
	tables := simtest.NewTables()
	s, ctx, f := tables.As(noon, ids), t.Context(), first().Fence
	steps := []func() error{
		func() error { return s.SaveWebhook(ctx, webhook.Config{Scope: here(), Version: 1, Enabled: true}) },
		func() error { return s.SaveToken(ctx, access.Token{Hash: access.HashOf("rpr_y"), Made: noon()}) },
		func() error { _, err := s.Try(ctx, slice(0)); return err },
		func() error { return s.Accept(ctx, first()) },
		func() error { return s.Pend(ctx, f) },
		func() error { return s.Run(ctx, f) },
	}
	reached := map[replay.Status]int{replay.Unconfigured: 3, replay.Accepted: 4, replay.Pending: 5, replay.Running: 6}
	for _, step := range steps[:reached[status]] {
		if err := step(); err != nil {
			t.Fatal(err)
		}
	}
	return tables, s
}

// only is the answer of a write that has none but its error.
func only(do func(context.Context, *simtest.Store) error) func(context.Context, *simtest.Store) (any, error) {
	return func(ctx context.Context, s *simtest.Store) (any, error) { return nil, do(ctx, s) }
}

// moves are the writes of a job's own row.
func moves() []write {
	f, tally := first().Fence, replay.Tally{Batches: 1, Entries: 2, Bytes: 3}
	return []write{
		{name: "Accept", after: replay.Unconfigured, make: only(func(ctx context.Context, s *simtest.Store) error { return s.Accept(ctx, first()) })},
		{name: "Pend", after: replay.Accepted, make: only(func(ctx context.Context, s *simtest.Store) error { return s.Pend(ctx, f) })},
		{name: "Run", after: replay.Pending, make: only(func(ctx context.Context, s *simtest.Store) error { return s.Run(ctx, f) })},
		{
			name: "Complete", after: replay.Running, err: replay.ErrConflict,
			make: only(func(ctx context.Context, s *simtest.Store) error { return s.Complete(ctx, f, tally) }),
		},
		{
			name: "Fail", after: replay.Running, err: replay.ErrConflict,
			make: only(func(ctx context.Context, s *simtest.Store) error {
				return s.Fail(ctx, f, replay.Failure{Code: replay.FailCancelled}, tally)
			}),
		},
	}
}

// steps are the writes of a slice's row, of the plan.
func steps() []write {
	tried := replay.Progress{N: 0}.Start(noon())
	plan := replay.Plan{Fence: first().Fence, Lanes: 1, Recorded: noon(), Slices: []replay.Slice{slice(0)}}
	return []write{
		{
			name: "RecordPlan", after: replay.Accepted, again: plan,
			make: func(ctx context.Context, s *simtest.Store) (any, error) { return s.RecordPlan(ctx, plan) },
		},
		{
			name: "Try", after: replay.Running, again: tried.Start(noon()).Start(noon()), grows: true,
			make: func(ctx context.Context, s *simtest.Store) (any, error) { return s.Try(ctx, slice(0)) },
		},
		{
			name: "Advance", after: replay.Running, err: replay.ErrConflict,
			make: only(func(ctx context.Context, s *simtest.Store) error { return s.Advance(ctx, slice(0), tried.End(noon())) }),
		},
		{
			name: "Resend", after: replay.Running, err: replay.ErrConflict, again: 0,
			make: func(ctx context.Context, s *simtest.Store) (any, error) { return s.Resend(ctx, slice(0), tried) },
		},
	}
}

// others are the writes that no fence guards.
func others() []write {
	c := webhook.Config{Scope: here(), Version: 1}
	some := []chunk.Chunk{{Key: "2214000000000-a", First: noon(), Last: noon(), Entries: 1, Deflate: []byte{1}}}
	return []write{
		{
			name: "SaveWebhook", after: replay.Accepted, err: replay.ErrConflict,
			make: only(func(ctx context.Context, s *simtest.Store) error {
				return s.SaveWebhook(ctx, webhook.Config{Scope: here(), Version: 2, UpdatedAt: noon()})
			}),
		},
		{name: "Attempted", after: replay.Accepted, make: only(func(ctx context.Context, s *simtest.Store) error {
			return s.Attempted(ctx, c, webhook.Attempt{At: noon(), Code: 410}, true)
		})},
		{name: "SaveToken", after: replay.Accepted, make: only(func(ctx context.Context, s *simtest.Store) error {
			return s.SaveToken(ctx, access.Token{Hash: access.HashOf("rpr_x"), Made: noon()})
		})},
		{name: "RevokeToken", after: replay.Accepted, make: only(func(ctx context.Context, s *simtest.Store) error {
			return s.RevokeToken(ctx, access.HashOf("rpr_y"), noon())
		})},
		{name: "AddKey", after: replay.Accepted, make: only(func(ctx context.Context, s *simtest.Store) error {
			return s.AddKey(ctx, auditlog.Key{ID: "k", Private: make([]byte, 64), Made: noon()})
		})},
		{name: "KeepChunks", after: replay.Accepted, make: only(func(ctx context.Context, s *simtest.Store) error { return s.KeepChunks(ctx, here(), some) })},
		{name: "AddCounts", after: replay.Accepted, grows: true, make: only(func(ctx context.Context, s *simtest.Store) error {
			return s.AddCounts(ctx, here(), []replay.Count{{Hour: noon(), Entries: 1, Bytes: 2}})
		})},
	}
}

// state is all that the tables hold.
func state(t *testing.T, tables *simtest.Tables) map[string]any {
	t.Helper()
	s, ctx := tables.As(noon, func() string { return "nobody" }), t.Context()
	all := map[string]any{
		"job": tables.PeekJob(here()), "accepted": tables.Accepted(), "rows": tables.PeekRows(first().JobID), "chunks": tables.PeekChunks(here()),
	}
	all["plan"], _ = tables.PeekPlan(first().JobID)
	for name, read := range map[string]func() (any, error){
		"hook":   func() (any, error) { return s.Webhook(ctx, here()) },
		"counts": func() (any, error) { return s.CountsIn(ctx, here(), window()) },
		"tokens": func() (any, error) { return s.TokensOf(ctx, "") },
		"token":  func() (any, error) { return s.Token(ctx, access.HashOf("rpr_x")) },
		"keys":   func() (any, error) { return s.PublicKeys(ctx) },
	} {
		v, err := read()
		if err != nil && !errors.Is(err, replay.ErrNotFound) {
			t.Fatal(err)
		}
		all[name] = v
	}
	return all
}

func TestEveryWriteOfTheStoreIsMadeTwiceHere(t *testing.T) {
	names := []string{"Send"} // of the queue: a generation is its id (queuetest)
	for _, w := range slices.Concat(moves(), steps(), others()) {
		names = append(names, w.name)
	}
	slices.Sort(names)
	if diff := cmp.Diff(storetest.Writes(), names); diff != "" {
		t.Error(diff)
	}
}

func TestAWriteMadeTwiceUnderOneIDIsOneWriteUnderTwoItIsTwo(t *testing.T) {
	for _, w := range slices.Concat(moves(), steps(), others()) {
		t.Run(w.name, func(t *testing.T) {
			number, sticks := numbers(), false
			last := ""
			tables, s := prepared(t, w.after, func() string {
				if !sticks {
					last = number()
				}
				return last
			})
			before := state(t, tables)
			want, err := w.make(t.Context(), s)
			if err != nil {
				t.Fatal(err)
			}
			made := state(t, tables)
			if cmp.Equal(before, made, cmpopts.EquateEmpty()) {
				t.Fatal("the write changes nothing that is looked at here")
			}
			sticks = true
			got, err := w.make(t.Context(), s)
			if diff := cmp.Diff(want, got, cmpopts.EquateEmpty()); err != nil || diff != "" {
				t.Errorf("under its own id it answers %v, otherwise than before:\n%s", err, diff)
			}
			if w.name != "AddCounts" { // a count has no id: the hint may be too high
				if diff := cmp.Diff(made, state(t, tables), cmpopts.EquateEmpty()); diff != "" {
					t.Errorf("under its own id it changes the tables:\n%s", diff)
				}
			}
			made, sticks = state(t, tables), false
			got, err = w.make(t.Context(), s)
			if diff := cmp.Diff(w.again, got, cmpopts.EquateEmpty()); !errors.Is(err, w.err) || diff != "" {
				t.Errorf("under another id it answers %v, want %v, and:\n%s", err, w.err, diff)
			}
			if same := cmp.Equal(made, state(t, tables), cmpopts.EquateEmpty()); same == w.grows {
				t.Errorf("under another id it changes the tables: %t, want %t", !same, w.grows)
			}
		})
	}
}

func TestAWriteMadeAgainAfterSomebodyElsesIsJudgedAnew(t *testing.T) {
	ids := []string{"0", "1", "2", "mine", "other", "mine"}
	_, s := prepared(t, replay.Unconfigured, func() string { id := ids[0]; ids = ids[1:]; return id })
	tried := replay.Progress{}.Start(noon())
	mine := tried.Wait(time.Second, noon())
	if err := s.Advance(t.Context(), slice(0), mine); err != nil {
		t.Fatal(err)
	}
	other, err := s.Try(t.Context(), slice(0))
	if err != nil {
		t.Fatal(err)
	}
	if err := s.Advance(t.Context(), slice(0), mine); !errors.Is(err, replay.ErrConflict) {
		t.Errorf("the retry answers %v though the slice is at seq %d in other hands", err, other.Seq)
	}
}
