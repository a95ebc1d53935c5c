package deliver

import (
	"context"
	"iter"

	"reprise/shared/auditlog"
	"reprise/shared/chunk"
	"reprise/shared/replay"
	"reprise/shared/webhook"
)

// Jobs is the fence.
type Jobs interface {
	// Job must be consistent. Where there is none it must return one of status Unconfigured, with its scope.
	Job(context.Context, replay.Scope) (replay.Job, error)
	// Run must move pending → running, only while the job has this ID; running already is success. Else ErrConflict.
	Run(context.Context, replay.Fence) error
}

// Slices remembers how far each slice is.
type Slices interface {
	// Try must count a try before the work, so that a crash in the middle has been counted, with a new Seq,
	// so that whoever held the slice before loses its next Advance. It returns the progress so far.
	Try(context.Context, replay.Slice) (replay.Progress, error)
	// Advance must store p only over Seq p.Seq-1 of a slice not done; p.Done ends the slice. Else ErrConflict,
	// unless what is stored is this very write, whose answer was lost: then it is success.
	Advance(context.Context, replay.Slice, replay.Progress) error
}

// Archive holds the chunks.
type Archive interface {
	// Chunks must yield, in order of key, every chunk stored before the call that may touch the window (chunk.Range),
	// from the cursor's on, that one included; a sequence that is cut short must end in an error, a *chunk.Damage where what is stored can never be read. A chunk's Deflate need only be valid until the next is asked for.
	Chunks(context.Context, replay.Scope, replay.Window, replay.Cursor) iter.Seq2[chunk.Chunk, error]
}

// Webhooks holds what the customer configured.
type Webhooks interface {
	// Webhook must be consistent. It must return the zero Config, with its scope, before any was saved.
	Webhook(context.Context, replay.Scope) (webhook.Config, error)
	// Attempted must store the attempt unless a later one is there. With off, which is for a 410, it must store it
	// whatever is there, turn the webhook off, mark it Gone and take the next Version, all in the same write: so a PATCH
	// that was merged before does not turn it on again, and what was in flight does not hide the 410.
	// Over another Version than c's it must change nothing and return nil: the webhook was changed since, and knows better.
	Attempted(ctx context.Context, c webhook.Config, a webhook.Attempt, off bool) error
}

// Keys holds the signing keys.
type Keys interface {
	// SigningKey must return the key that was added last, or ErrNotFound.
	SigningKey(context.Context) (auditlog.Key, error)
}

// Poster is the way out.
type Poster interface {
	// Post must not follow redirects nor dial an address inside. It must return whatever happened as an answer, within
	// its own time limit, and must not read the delivery's Body after it returned.
	Post(context.Context, webhook.Config, webhook.Delivery) webhook.Answer
}

// Settler ends jobs.
type Settler interface {
	// Settle must complete the job if every slice is done; ended already is success.
	Settle(context.Context, replay.Fence) error
	// End must fail the job unless every slice is done; ended already is success.
	End(context.Context, replay.Fence, replay.Failure) (failed bool, err error)
}
