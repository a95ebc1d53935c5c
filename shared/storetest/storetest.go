// Package storetest is what every store must do.
package storetest

import (
	"context"
	"time"

	"reprise/shared/access"
	"reprise/shared/api"
	"reprise/shared/auditlog"
	"reprise/shared/deliver"
	"reprise/shared/fanout"
	"reprise/shared/intake"
	"reprise/shared/settle"
	"reprise/shared/sweep"
)

// Store is the sum of the ports.
type Store interface {
	api.Tokens
	api.Acceptor
	api.Configs
	api.Jobs
	api.Slices
	api.PublicKeys
	intake.Counts
	intake.Archive
	intake.Keys
	fanout.Counts
	fanout.Jobs
	fanout.Plans
	deliver.Jobs
	deliver.Slices
	deliver.Archive
	deliver.Webhooks
	settle.Jobs
	settle.Slices
	sweep.Jobs
	sweep.Slices
	Desk
}

// Desk is what the command line does to tokens and keys.
type Desk interface {
	// SaveToken must store the token under its hash. A token that is there is left as it is: a save that is made a second time,
	// however late, must not bring a revoked token back.
	SaveToken(context.Context, access.Token) error
	// TokensOf must return all tokens of the organization, whether they hold or not, the one made first first, equally old ones
	// by hash. What was written a moment ago may be missing in it.
	TokensOf(ctx context.Context, org string) ([]access.Token, error)
	// RevokeToken must make at the time since when the token is revoked, unless it is revoked already, and change nothing else.
	// It must return ErrNotFound for an unknown hash.
	RevokeToken(ctx context.Context, h access.Hash, at time.Time) error
	// AddKey must make k the current signing key; the ones before stay published. A key that is there is left as it is.
	AddKey(context.Context, auditlog.Key) error
}
