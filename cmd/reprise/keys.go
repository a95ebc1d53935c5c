package main

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"time"

	"reprise/shared/auditlog"
	"reprise/shared/boot"
	"reprise/shared/replay"
	"reprise/shared/sqlite"
)

// keysCmd is `reprise keys`.
type keysCmd struct {
	Init keysInitCmd `cmd:"" help:"Make the first signing key, where there is none."`
}

// keys is what these commands do (storetest.Desk, intake.Keys).
type keys interface {
	SigningKey(context.Context) (auditlog.Key, error)
	AddKey(context.Context, auditlog.Key) error
}

// keysInitCmd is `reprise keys init`.
type keysInitCmd struct {
	place `embed:""`
	Table string `env:"KEYS_TABLE" placeholder:"TABLE" help:"The table of signing keys, with --store dynamodb."`
}

// Help is examples.
func (keysInitCmd) Help() string {
	return `A stack on AWS takes no entries before it has a key; "reprise serve" makes its own. Where there is a key, nothing is changed. The
id of the key that signs is the only thing on standard output.

Examples:

    reprise keys init --store dynamodb --table my-stack-keys
    reprise keys init --data data/reprise.db`
}

// Validate names the flag and the rule that it breaks.
func (c *keysInitCmd) Validate() error { return c.check(c.Table) }

// Run makes the key. Two that do so at once leave two published keys, of which either may sign: harmless.
func (c *keysInitCmd) Run(ctx context.Context, s streams) (err error) {
	store, err := open(ctx, c.place, c.Table, false,
		func(s *sqlite.Store) keys { return s },
		func(ctx context.Context, table string) (keys, error) { return boot.OperatorKeys(ctx, table) })
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, store.close()) }()
	current, err := store.at.SigningKey(ctx)
	said := "signs already: nothing was changed"
	if errors.Is(err, replay.ErrNotFound) {
		said = "was made, and signs from now on"
		current, err = c.makeKey(ctx, store.at)
	}
	if err != nil {
		return err
	}
	if _, err := fmt.Fprintln(s.out, current.ID); err != nil {
		return err
	}
	_, _ = fmt.Fprintf(s.err, "Key %s of %s, in %s, %s.\n", current.ID, current.Made.Format(time.RFC3339), c.name(c.Table), said)
	if store.made {
		c.tellMade(s.err, "key")
	}
	return nil
}

func (c *keysInitCmd) makeKey(ctx context.Context, at keys) (auditlog.Key, error) {
	key, err := auditlog.NewKey(rand.Reader, time.Now())
	if err != nil {
		return auditlog.Key{}, err
	}
	return key, at.AddKey(ctx, key)
}
