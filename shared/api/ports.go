package api

import (
	"context"

	"reprise/shared/access"
	"reprise/shared/auditlog"
	"reprise/shared/replay"
	"reprise/shared/webhook"
)

// Tokens is how a caller is known.
type Tokens interface {
	// Token must return ErrNotFound for an unknown hash, and the token, whether it still holds or not, for a known one.
	Token(context.Context, access.Hash) (access.Token, error)
}

// Acceptor decides between 202 and 409.
type Acceptor interface {
	// Accept must store all the jobs or none, in one atomic write, each over whatever its scope had unless
	// that is running; then it must return ErrConflict, and for no other reason. It takes effect once, however
	// often its answer is lost on the way: a repetition changes nothing, even after the job moved on or was replaced.
	Accept(context.Context, ...replay.Job) error
}

// Webhooks is what was configured.
type Webhooks interface {
	// Webhook: see deliver.
	Webhook(context.Context, replay.Scope) (webhook.Config, error)
}

// Configs is what the webhook's routes work on.
type Configs interface {
	Webhooks
	// SaveWebhook must store c only over Version c.Version-1 (nothing stored is Version 0). Else ErrConflict: merge again.
	SaveWebhook(ctx context.Context, c webhook.Config) error
	// Attempted: see deliver.
	Attempted(ctx context.Context, c webhook.Config, a webhook.Attempt, off bool) error
}

// Jobs is what GET reads.
type Jobs interface {
	// Job: see deliver.
	Job(context.Context, replay.Scope) (replay.Job, error)
}

// Slices is where the progress is.
type Slices interface {
	// Plan, Progress: see settle.
	Plan(context.Context, replay.Fence) (replay.Plan, error)
	Progress(context.Context, replay.Fence) ([]replay.Progress, error)
}

// Counts is what an estimate is made from.
type Counts interface {
	// CountsIn: see fanout.
	CountsIn(context.Context, replay.Scope, replay.Window) ([]replay.Count, error)
}

// Clerk ends jobs.
type Clerk interface {
	// End must fail the job of the fence, unless it has ended, was replaced or every slice of it is done, which completes it.
	// It must report whether it was this call that failed it.
	End(context.Context, replay.Fence, replay.Failure) (failed bool, err error)
}

// PublicKeys is what auditors check with.
type PublicKeys interface {
	// PublicKeys must return the current signing key first, then the retired ones, newest first; none is no error.
	// It cannot return a private key: that is not in the type.
	PublicKeys(context.Context) ([]auditlog.PublicKey, error)
}

// SigningKeys is what a test entry is signed with.
type SigningKeys interface {
	// SigningKey: see intake.
	SigningKey(context.Context) (auditlog.Key, error)
}

// Poster is the way out.
type Poster interface {
	// Post: see deliver.
	Post(context.Context, webhook.Config, webhook.Delivery) webhook.Answer
}

// Taker makes entries durable.
type Taker interface {
	// Take: see intake.
	Take(ctx context.Context, at replay.Scope, body [32]byte, entries []auditlog.Entry) error
}

// Guard knows where a webhook may point.
type Guard interface {
	// CheckEndpoint must return nil for an endpoint that would be dialled as far as can be told without asking the network,
	// else an error that completes the sentence "endpoint ...", such as "must be a valid URL".
	CheckEndpoint(endpoint string) error
}
