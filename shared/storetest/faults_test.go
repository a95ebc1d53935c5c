package storetest_test

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"reprise/shared/access"
	"reprise/shared/auditlog"
	"reprise/shared/chunk"
	"reprise/shared/replay"
	"reprise/shared/sqlite"
	"reprise/shared/storetest"
	"reprise/shared/webhook"
)

var _ storetest.Store = (*sqlite.Store)(nil)

// write is one write of a store, and how to see whether it was made.
type write struct {
	name string
	make func(context.Context, storetest.Store) error
	made func(context.Context, storetest.Store) (bool, error)
}

func noon() time.Time { return time.Date(2040, time.March, 1, 12, 0, 0, 0, time.UTC) }

func here() replay.Scope { return replay.Scope{Org: "acme", Region: "eu"} }

// before is the job that every write finds, running, with a plan and a slice that was tried once.
func before() replay.Job {
	return replay.NewJob(replay.Fence{Scope: here(), JobID: "01K00000000000000000000001"}, "ops", window(), noon())
}

func window() replay.Window { return replay.Window{From: noon().Add(-time.Hour), To: noon()} }

func slice(n int) replay.Slice { return replay.Slice{Fence: before().Fence, N: n, Window: window()} }

func opened(t *testing.T) *sqlite.Store {
	t.Helper()
	s, err := sqlite.Open(filepath.Join(t.TempDir(), "data"), noon)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	})
	return s
}

// prepared is a store in which each of the writes can be made.
func prepared(t *testing.T, status replay.Status) *sqlite.Store {
	t.Helper()
	s, ctx := opened(t), t.Context()
	steps := []func() error{
		func() error { return s.SaveWebhook(ctx, webhook.Config{Scope: here(), Version: 1}) },
		func() error { return s.SaveToken(ctx, access.Token{Hash: access.HashOf("rpr_y")}) },
		func() error { _, err := s.Try(ctx, slice(0)); return err },
	}
	moves := []func() error{
		func() error { return s.Accept(ctx, before()) },
		func() error { return s.Pend(ctx, before().Fence) },
		func() error { return s.Run(ctx, before().Fence) },
	}
	reached := map[replay.Status]int{replay.Unconfigured: 0, replay.Accepted: 1, replay.Pending: 2, replay.Running: 3}
	for _, step := range append(steps, moves[:reached[status]]...) {
		if err := step(); err != nil {
			t.Fatal(err)
		}
	}
	return s
}

// is reports whether the job has come to a status.
func is(status replay.Status) func(context.Context, storetest.Store) (bool, error) {
	return func(ctx context.Context, s storetest.Store) (bool, error) {
		job, err := s.Job(ctx, here())
		return job.Status == status, err
	}
}

// found reports whether a read finds what was written.
func found[T any](_ T, err error) (bool, error) {
	if errors.Is(err, replay.ErrNotFound) {
		return false, nil
	}
	return err == nil, err
}

func revoked(t access.Token, err error) (bool, error) { return !t.Revoked.IsZero(), err }

// row reports whether a slice's row is as it should be.
func row(n int, want func(replay.Progress) bool) func(context.Context, storetest.Store) (bool, error) {
	return func(ctx context.Context, s storetest.Store) (bool, error) {
		all, err := s.Progress(ctx, before().Fence)
		return slices.ContainsFunc(all, func(p replay.Progress) bool { return p.N == n && want(p) }), err
	}
}

// writes are all there are, each with the status that its job must have before.
func writes() map[replay.Status][]write {
	f, why, tally := before().Fence, replay.Failure{Code: replay.FailCancelled}, replay.Tally{Batches: 1}
	return map[replay.Status][]write{
		replay.Unconfigured: append(deskWrites(), write{
			"Accept", func(ctx context.Context, s storetest.Store) error { return s.Accept(ctx, before()) }, is(replay.Accepted),
		}),
		replay.Accepted: {
			{"Pend", func(ctx context.Context, s storetest.Store) error { return s.Pend(ctx, f) }, is(replay.Pending)},
			{
				"RecordPlan",
				func(ctx context.Context, s storetest.Store) error {
					_, err := s.RecordPlan(ctx, replay.Plan{Fence: f, Lanes: 1, Slices: []replay.Slice{slice(0)}})
					return err
				},
				func(ctx context.Context, s storetest.Store) (bool, error) { return found(s.Plan(ctx, f)) },
			},
		},
		replay.Pending: {{"Run", func(ctx context.Context, s storetest.Store) error { return s.Run(ctx, f) }, is(replay.Running)}},
		replay.Running: {
			{"Complete", func(ctx context.Context, s storetest.Store) error { return s.Complete(ctx, f, tally) }, is(replay.Completed)},
			{"Fail", func(ctx context.Context, s storetest.Store) error { return s.Fail(ctx, f, why, tally) }, is(replay.Failed)},
			{"Try", func(ctx context.Context, s storetest.Store) error { _, err := s.Try(ctx, slice(1)); return err }, row(1, func(replay.Progress) bool { return true })},
			{
				"Advance", func(ctx context.Context, s storetest.Store) error {
					return s.Advance(ctx, slice(0), replay.Progress{Seq: 2, Done: true})
				}, row(0, func(p replay.Progress) bool { return p.Done }),
			},
			{
				"Resend", func(ctx context.Context, s storetest.Store) error {
					_, err := s.Resend(ctx, slice(0), replay.Progress{Seq: 1})
					return err
				}, row(0, func(p replay.Progress) bool { return p.Generation == 1 }),
			},
		},
	}
}

func deskWrites() []write {
	token, there := access.Token{Hash: access.HashOf("rpr_x")}, access.HashOf("rpr_y")
	return []write{
		{
			"SaveWebhook",
			func(ctx context.Context, s storetest.Store) error {
				return s.SaveWebhook(ctx, webhook.Config{Scope: here(), Version: 2})
			},
			func(ctx context.Context, s storetest.Store) (bool, error) {
				c, err := s.Webhook(ctx, here())
				return c.Version == 2, err
			},
		},
		{
			"Attempted",
			func(ctx context.Context, s storetest.Store) error {
				return s.Attempted(ctx, webhook.Config{Scope: here(), Version: 1}, webhook.Attempt{At: noon(), Code: 200}, false)
			},
			func(ctx context.Context, s storetest.Store) (bool, error) {
				c, err := s.Webhook(ctx, here())
				return c.Last.Code == 200, err
			},
		},
		{
			"SaveToken",
			func(ctx context.Context, s storetest.Store) error { return s.SaveToken(ctx, token) },
			func(ctx context.Context, s storetest.Store) (bool, error) { return found(s.Token(ctx, token.Hash)) },
		},
		{
			"RevokeToken",
			func(ctx context.Context, s storetest.Store) error { return s.RevokeToken(ctx, there, noon()) },
			func(ctx context.Context, s storetest.Store) (bool, error) { return revoked(s.Token(ctx, there)) },
		},
		{
			"AddKey",
			func(ctx context.Context, s storetest.Store) error {
				return s.AddKey(ctx, auditlog.Key{ID: "k", Private: make([]byte, 64), Made: noon()})
			},
			func(ctx context.Context, s storetest.Store) (bool, error) { return found(s.SigningKey(ctx)) },
		},
		{
			"KeepChunks",
			func(ctx context.Context, s storetest.Store) error { return s.KeepChunks(ctx, here(), chunks(1)) },
			func(ctx context.Context, s storetest.Store) (bool, error) {
				n, err := kept(ctx, s)
				return n == 1, err
			},
		},
		{
			"AddCounts",
			func(ctx context.Context, s storetest.Store) error { return s.AddCounts(ctx, here(), counts(1)) },
			func(ctx context.Context, s storetest.Store) (bool, error) {
				all, err := s.CountsIn(ctx, here(), window())
				return len(all) == 1, err
			},
		},
	}
}

func chunks(n int) (all []chunk.Chunk) {
	for i := range n {
		at := window().From.Add(time.Duration(i) * time.Second)
		all = append(all, chunk.Chunk{Key: fmt.Sprintf("%013d-%d", at.UnixMilli(), i), First: at, Last: at, Entries: 1, Deflate: []byte{1}})
	}
	return all
}

func kept(ctx context.Context, s storetest.Store) (n int, err error) {
	day := replay.Window{From: noon().Add(-24 * time.Hour), To: noon().Add(24 * time.Hour)}
	for _, err := range s.Chunks(ctx, here(), day, replay.Cursor{}) {
		if err != nil {
			return n, err
		}
		n++
	}
	return n, nil
}

func counts(n int) (all []replay.Count) {
	for i := range n {
		all = append(all, replay.Count{Hour: noon().Add(time.Duration(i-n+1) * time.Hour), Entries: 1})
	}
	return all
}

func TestEveryMethodOfAStoreIsEitherAReadOrAWriteThatCanFail(t *testing.T) {
	tested := []string{"Send"} // by parts_test.go
	for _, some := range writes() {
		for _, w := range some {
			tested = append(tested, w.name)
		}
	}
	slices.Sort(tested)
	if diff := cmp.Diff(storetest.Writes(), tested); diff != "" {
		t.Errorf("writes that are not tested here (-), or are said to be reads (+): should FaultyStore count them?\n%s", diff)
	}
}

func TestAWriteThatIsChosenFailsOnceAndIsMadeOrNot(t *testing.T) {
	for status, some := range writes() {
		for _, w := range some {
			for kind, wantMade := range map[storetest.Fault]bool{storetest.NotMade: false, storetest.AnswerLost: true, storetest.PartlyMade: false} {
				t.Run(w.name+" "+kind.String(), func(t *testing.T) { failsOnce(t, prepared(t, status), w, kind, wantMade) })
			}
		}
	}
}

func failsOnce(t *testing.T, s storetest.Store, w write, kind storetest.Fault, wantMade bool) {
	faults := storetest.NewFaults(1, kind)
	faulty := faults.Store(s)
	check := func(when string, want bool) {
		t.Helper()
		made, err := w.made(t.Context(), faulty)
		if err != nil || made != want {
			t.Fatalf("%s: made is %t (%v), want %t", when, made, err, want)
		}
	}
	check("before", false)
	if faults.Writes() != 0 || faults.Hit() || faults.Name() != "" {
		t.Fatalf("a read was counted: %d, %q", faults.Writes(), faults.Name())
	}
	err := w.make(t.Context(), faulty)
	if !errors.Is(err, storetest.ErrFault) || errors.Is(err, replay.ErrConflict) || errors.Is(err, replay.ErrNotFound) {
		t.Fatalf("got error %v, want nothing but %v", err, storetest.ErrFault)
	}
	check("after the fault", wantMade)
	if faults.Writes() != 1 || !faults.Hit() || faults.Name() != w.name {
		t.Fatalf("after the fault: %d writes, hit %t, %q", faults.Writes(), faults.Hit(), faults.Name())
	}
	if err := w.make(t.Context(), faulty); errors.Is(err, storetest.ErrFault) {
		t.Fatalf("the second write failed, too: %v", err)
	}
	check("after another write", true)
	if faults.Writes() != 2 || faults.Name() != w.name {
		t.Fatalf("after another write: %d writes, %q", faults.Writes(), faults.Name())
	}
}
