package storetest

import (
	"context"
	"iter"
	"time"

	"reprise/shared/access"
	"reprise/shared/auditlog"
	"reprise/shared/chunk"
	"reprise/shared/fanout"
	"reprise/shared/replay"
	"reprise/shared/webhook"
)

// FaultyStore is a store of which one write fails, as Faults says. What is stored in it may be damaged.
type FaultyStore struct {
	Store
	faults *Faults
	noPlan bool         // what was recorded can never be read again
	damage func() error // of the next chunk that is read, nil where there is none; itself nil where there never is
}

// Chunks reads.
func (s *FaultyStore) Chunks(ctx context.Context, at replay.Scope, w replay.Window, from replay.Cursor) iter.Seq2[chunk.Chunk, error] {
	return func(yield func(chunk.Chunk, error) bool) {
		for c, err := range s.Store.Chunks(ctx, at, w, from) {
			if err == nil && s.damage != nil {
				if why := s.damage(); why != nil {
					c, err = chunk.Chunk{}, &chunk.Damage{Key: c.Key, Err: why}
				}
			}
			if !yield(c, err) || err != nil {
				return
			}
		}
	}
}

// Plan reads.
func (s *FaultyStore) Plan(ctx context.Context, f replay.Fence) (replay.Plan, error) {
	if s.noPlan {
		return replay.Plan{}, replay.ErrNotFound
	}
	return s.Store.Plan(ctx, f)
}

// Accept is a write: one transaction, so never made in part.
func (s *FaultyStore) Accept(ctx context.Context, jobs ...replay.Job) error {
	return s.faults.write("Accept", func() error { return s.Store.Accept(ctx, jobs...) })
}

// SaveWebhook is a write.
func (s *FaultyStore) SaveWebhook(ctx context.Context, c webhook.Config) error {
	return s.faults.write("SaveWebhook", func() error { return s.Store.SaveWebhook(ctx, c) })
}

// Attempted is a write.
func (s *FaultyStore) Attempted(ctx context.Context, c webhook.Config, a webhook.Attempt, off bool) error {
	return s.faults.write("Attempted", func() error { return s.Store.Attempted(ctx, c, a, off) })
}

// SaveToken is a write.
func (s *FaultyStore) SaveToken(ctx context.Context, t access.Token) error {
	return s.faults.write("SaveToken", func() error { return s.Store.SaveToken(ctx, t) })
}

// RevokeToken is a write.
func (s *FaultyStore) RevokeToken(ctx context.Context, h access.Hash, at time.Time) error {
	return s.faults.write("RevokeToken", func() error { return s.Store.RevokeToken(ctx, h, at) })
}

// AddKey is a write.
func (s *FaultyStore) AddKey(ctx context.Context, k auditlog.Key) error {
	return s.faults.write("AddKey", func() error { return s.Store.AddKey(ctx, k) })
}

// KeepChunks is a write that may be made in part.
func (s *FaultyStore) KeepChunks(ctx context.Context, at replay.Scope, chunks []chunk.Chunk) error {
	return s.faults.parts("KeepChunks",
		func() error { return s.Store.KeepChunks(ctx, at, chunks) },
		func() error { return s.Store.KeepChunks(ctx, at, chunks[:len(chunks)/2]) })
}

// AddCounts is a write that may be made in part: the hours of a week are more than one transaction of some backends.
func (s *FaultyStore) AddCounts(ctx context.Context, at replay.Scope, counts []replay.Count) error {
	return s.faults.parts("AddCounts",
		func() error { return s.Store.AddCounts(ctx, at, counts) },
		func() error { return s.Store.AddCounts(ctx, at, counts[:len(counts)/2]) })
}

// Pend is a write.
func (s *FaultyStore) Pend(ctx context.Context, f replay.Fence) error {
	return s.faults.write("Pend", func() error { return s.Store.Pend(ctx, f) })
}

// Run is a write.
func (s *FaultyStore) Run(ctx context.Context, f replay.Fence) error {
	return s.faults.write("Run", func() error { return s.Store.Run(ctx, f) })
}

// Complete is a write.
func (s *FaultyStore) Complete(ctx context.Context, f replay.Fence, tally replay.Tally) error {
	return s.faults.write("Complete", func() error { return s.Store.Complete(ctx, f, tally) })
}

// Fail is a write.
func (s *FaultyStore) Fail(ctx context.Context, f replay.Fence, why replay.Failure, tally replay.Tally) error {
	return s.faults.write("Fail", func() error { return s.Store.Fail(ctx, f, why, tally) })
}

// RecordPlan is a write; who asked does not learn what is stored when it fails.
func (s *FaultyStore) RecordPlan(ctx context.Context, p replay.Plan) (stored replay.Plan, err error) {
	err = s.faults.write("RecordPlan", func() (err error) {
		stored, err = s.Store.RecordPlan(ctx, p)
		return err
	})
	return unless(err, stored), err
}

// Try is a write.
func (s *FaultyStore) Try(ctx context.Context, slice replay.Slice) (p replay.Progress, err error) {
	err = s.faults.write("Try", func() (err error) {
		p, err = s.Store.Try(ctx, slice)
		return err
	})
	return unless(err, p), err
}

// Advance is a write.
func (s *FaultyStore) Advance(ctx context.Context, slice replay.Slice, p replay.Progress) error {
	return s.faults.write("Advance", func() error { return s.Store.Advance(ctx, slice, p) })
}

// Resend is a write.
func (s *FaultyStore) Resend(ctx context.Context, slice replay.Slice, p replay.Progress) (generation int, err error) {
	err = s.faults.write("Resend", func() (err error) {
		generation, err = s.Store.Resend(ctx, slice, p)
		return err
	})
	return unless(err, generation), err
}

// unless is v where there is no error: an answer that was lost says nothing.
func unless[T any](err error, v T) T {
	if err != nil {
		var zero T
		return zero
	}
	return v
}

// FaultyQueue is a queue of which one send fails, as Faults says.
type FaultyQueue struct {
	queue  fanout.Queue
	faults *Faults
}

// Send is a write that may be made in part.
func (q *FaultyQueue) Send(ctx context.Context, generation int, slices ...replay.Slice) error {
	return q.faults.parts("Send",
		func() error { return q.queue.Send(ctx, generation, slices...) },
		func() error { return q.queue.Send(ctx, generation, slices[:len(slices)/2]...) })
}
