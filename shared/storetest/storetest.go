// Package storetest is what every store must do.
package storetest

import (
	"context"

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
	// SaveToken must store the token under its hash, over what is there.
	SaveToken(context.Context, access.Token) error
	// AddKey must make k the current signing key; the ones before stay published. A key that is there is left as it is.
	AddKey(context.Context, auditlog.Key) error
}
