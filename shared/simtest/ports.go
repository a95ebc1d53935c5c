package simtest

import (
	"context"
	"fmt"
	"iter"

	"reprise/shared/access"
	"reprise/shared/auditlog"
	"reprise/shared/chunk"
	"reprise/shared/replay"
	"reprise/shared/webhook"
)

// The methods below are every port of every verb, as a task sees them: the tables behind steps that may go wrong.

// Token is never in the way: who may ask is another story.
func (t *task) Token(ctx context.Context, h access.Hash) (access.Token, error) {
	return t.store("").Token(ctx, h)
}

// SigningKey is never in the way either.
func (t *task) SigningKey(ctx context.Context) (auditlog.Key, error) {
	return t.store("").SigningKey(ctx)
}

func (t *task) Accept(ctx context.Context, jobs ...replay.Job) error {
	return t.write("Accept", 1, func(s *Store) error {
		before := t.w.peek(jobs)
		err := s.Accept(ctx, jobs...)
		t.w.accepted(t, jobs, before, err)
		return err
	}, nil)
}

func (t *task) Webhook(ctx context.Context, at replay.Scope) (webhook.Config, error) {
	if err := t.read("Webhook"); err != nil {
		return webhook.Config{}, err
	}
	c, err := t.store("").Webhook(ctx, at)
	t.w.sawWebhook(t, c)
	return c, err
}

func (t *task) SaveWebhook(ctx context.Context, c webhook.Config) error {
	t.w.ledger.off[c.Scope] = t.w.ledger.off[c.Scope] || !c.Enabled
	return t.write("SaveWebhook", 1, func(s *Store) error { return s.SaveWebhook(ctx, c) }, nil)
}

func (t *task) Attempted(ctx context.Context, c webhook.Config, a webhook.Attempt, off bool) error {
	t.w.ledger.off[c.Scope] = t.w.ledger.off[c.Scope] || off
	return t.write("Attempted", 1, func(s *Store) error { return s.Attempted(ctx, c, a, off) }, nil)
}

func (t *task) Job(ctx context.Context, at replay.Scope) (replay.Job, error) {
	if err := t.read("Job"); err != nil {
		return replay.Job{}, err
	}
	job, err := t.store("").Job(ctx, at)
	t.w.sawJob(t, job)
	t.found[at] = job.Status
	return job, err
}

func (t *task) Plan(ctx context.Context, f replay.Fence) (replay.Plan, error) {
	if err := t.read("Plan"); err != nil {
		return replay.Plan{}, err
	}
	return t.store("").Plan(ctx, f)
}

func (t *task) Progress(ctx context.Context, f replay.Fence) ([]replay.Progress, error) {
	if err := t.read("Progress"); err != nil {
		return nil, err
	}
	rows, err := t.store("").Progress(ctx, f)
	t.sawDone = t.w.allDone(f.JobID)
	return rows, err
}

func (t *task) CountsIn(ctx context.Context, at replay.Scope, w replay.Window) ([]replay.Count, error) {
	if err := t.read("CountsIn"); err != nil {
		return nil, err
	}
	return t.store("").CountsIn(ctx, at, w)
}

func (t *task) AddCounts(ctx context.Context, at replay.Scope, counts []replay.Count) error {
	return t.write("AddCounts", len(counts),
		func(s *Store) error { return s.AddCounts(ctx, at, counts) },
		func(s *Store) error { return s.AddCounts(ctx, at, counts[:len(counts)/2]) })
}

func (t *task) KeepChunks(ctx context.Context, at replay.Scope, chunks []chunk.Chunk) error {
	keep := func(s *Store, some []chunk.Chunk) error {
		before := t.w.tables.PeekChunks(at)
		err := s.KeepChunks(ctx, at, some)
		t.w.ledger.keep(at, t.w.step, before, t.w.tables.PeekChunks(at))
		return err
	}
	return t.write("KeepChunks", len(chunks),
		func(s *Store) error { return keep(s, chunks) },
		func(s *Store) error { return keep(s, chunks[:len(chunks)/2]) })
}

// Chunks reads in the goroutine that asks for them, which is the one that reads ahead: its steps are a strand of their own.
func (t *task) Chunks(ctx context.Context, at replay.Scope, w replay.Window, from replay.Cursor) iter.Seq2[chunk.Chunk, error] {
	pages := t.store("").OnPage(func(context.Context) error {
		f, err := t.pause(1, paging, "Chunks")
		if err == nil && f.fault == ReadFails {
			err = fmt.Errorf("Chunks: %w", errFault)
		}
		return err
	})
	return pages.Chunks(ctx, at, w, from)
}

func (t *task) RecordPlan(ctx context.Context, p replay.Plan) (stored replay.Plan, err error) {
	err = t.write("RecordPlan", 1, func(s *Store) (err error) {
		stored, err = s.RecordPlan(ctx, p)
		t.w.planned(stored)
		return err
	}, nil)
	return stored, err
}

func (t *task) Pend(ctx context.Context, f replay.Fence) error {
	return t.move(f, "Pend", func(s *Store) error { return s.Pend(ctx, f) })
}

func (t *task) Run(ctx context.Context, f replay.Fence) error {
	return t.move(f, "Run", func(s *Store) error { return s.Run(ctx, f) })
}

func (t *task) Complete(ctx context.Context, f replay.Fence, tally replay.Tally) error {
	return t.move(f, "Complete", func(s *Store) error { return s.Complete(ctx, f, tally) })
}

func (t *task) Fail(ctx context.Context, f replay.Fence, why replay.Failure, tally replay.Tally) error {
	return t.move(f, "Fail "+why.Code, func(s *Store) error { return s.Fail(ctx, f, why, tally) })
}

// move is a transition, looked at from both sides.
func (t *task) move(f replay.Fence, op string, make func(*Store) error) error {
	return t.write(op, 1, func(s *Store) error {
		before := t.w.tables.PeekJob(f.Scope)
		err := make(s)
		t.w.moved(t, before, t.w.tables.PeekJob(f.Scope))
		return err
	}, nil)
}

func (t *task) Try(ctx context.Context, slice replay.Slice) (p replay.Progress, err error) {
	err = t.write("Try", 1, func(s *Store) (err error) {
		p, err = s.Try(ctx, slice)
		t.tried = t.w.step
		return err
	}, nil)
	return p, err
}

func (t *task) Advance(ctx context.Context, slice replay.Slice, p replay.Progress) error {
	return t.write("Advance", 1, func(s *Store) error {
		before := t.w.row(slice)
		err := s.Advance(ctx, slice, p)
		t.w.advanced(t, slice, before, t.w.row(slice))
		return err
	}, nil)
}

func (t *task) Resend(ctx context.Context, slice replay.Slice, p replay.Progress) (generation int, err error) {
	err = t.write("Resend", 1, func(s *Store) (err error) {
		generation, err = s.Resend(ctx, slice, p)
		return err
	}, nil)
	return generation, err
}

// Live lists what may be old: the sweep reads each job again.
func (t *task) Live(ctx context.Context) iter.Seq2[replay.Scope, error] {
	return func(yield func(replay.Scope, error) bool) {
		if err := t.read("Live"); err != nil {
			yield(replay.Scope{}, err)
			return
		}
		t.store("").Live(ctx)(yield)
	}
}

func (t *task) Send(ctx context.Context, generation int, slices ...replay.Slice) error {
	send := func(some []replay.Slice) error { return t.w.queue.Send(ctx, generation, some...) }
	return t.write("Send", len(slices),
		func(*Store) error { return send(slices) },
		func(*Store) error { return send(slices[:len(slices)/2]) })
}

// CheckEndpoint lets every endpoint be: the guard is another story, too.
func (t *task) CheckEndpoint(string) error { return nil }
