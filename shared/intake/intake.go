// Package intake makes entries durable.
package intake

import (
	"context"

	"reprise/shared/auditlog"
	"reprise/shared/chunk"
	"reprise/shared/replay"
)

// Counts is what planning will look at.
type Counts interface {
	// AddCounts must add to the hours' counts, losing no other caller's addition, and be durable when it returns;
	// counting twice is harmless.
	AddCounts(context.Context, replay.Scope, []replay.Count) error
}

// Archive holds the chunks.
type Archive interface {
	// KeepChunks must be durable when it returns; a chunk whose key is there must be left as it is. It may keep some and fail.
	// It must not hold on to the chunks' bytes after it returned.
	KeepChunks(context.Context, replay.Scope, []chunk.Chunk) error
}

// Keys signs.
type Keys interface {
	// SigningKey must return the key that was added last, or ErrNotFound.
	SigningKey(context.Context) (auditlog.Key, error)
}

// Desk takes entries in.
type Desk struct {
	counts  Counts
	archive Archive
	keys    Keys
}

// New makes a Desk.
func New(counts Counts, archive Archive, keys Keys) *Desk { return &Desk{counts, archive, keys} }

// Take stores the entries of one request, whose decoded body has that hash: all are durable when it returns nil.
// On an error some may be stored; taking the same body again completes it and stores nothing twice.
func (d *Desk) Take(ctx context.Context, at replay.Scope, body [32]byte, entries []auditlog.Entry) error {
	key, err := d.keys.SigningKey(ctx)
	if err != nil {
		return err
	}
	chunks, counts, err := chunk.Pack(body, entries, key)
	if err != nil {
		return err
	}
	// Count first: a crash in between leaves a hint that is too high, never one too low.
	if err := d.counts.AddCounts(ctx, at, counts); err != nil {
		return err
	}
	return d.archive.KeepChunks(ctx, at, chunks)
}
