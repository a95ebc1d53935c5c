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
	Init   keysInitCmd   `cmd:"" help:"Make the first signing key, where there is none."`
	Rotate keysRotateCmd `cmd:"" help:"Make a new signing key; the ones before stay published."`
}

// Help is examples.
func (keysCmd) Help() string {
	return `Examples:

    reprise keys init --data data/reprise.db
    reprise keys rotate --data data/reprise.db`
}

// keys is what these commands do (storetest.Desk, intake.Keys).
type keys interface {
	SigningKey(context.Context) (auditlog.Key, error)
	AddKey(context.Context, auditlog.Key) error
}

// keysPlace is where these commands find the keys.
type keysPlace struct {
	place `embed:""`
	Table string `env:"KEYS_TABLE" placeholder:"TABLE" help:"The table of signing keys, with --store dynamodb."`
}

// Validate names the flag and the rule that it breaks.
func (p *keysPlace) Validate() error { return p.check(p.Table) }

func (p *keysPlace) open(ctx context.Context, mustBeThere bool) (opened[keys], error) {
	return open(ctx, p.place, p.Table, mustBeThere,
		func(s *sqlite.Store) keys { return s },
		func(ctx context.Context, table string) (keys, error) { return boot.OperatorKeys(ctx, table) })
}

// tell says on standard output which key signs, and nothing else.
func (p *keysPlace) tell(s streams, key auditlog.Key, what string) error {
	if _, err := fmt.Fprintln(s.out, key.ID); err != nil {
		return err
	}
	_, _ = fmt.Fprintf(s.err, "Key %s of %s, in %s, %s.\n", key.ID, key.Made.Format(time.RFC3339), p.name(p.Table), what)
	return nil
}

// keysInitCmd is `reprise keys init`.
type keysInitCmd struct {
	keysPlace `embed:""`
}

// Help is examples.
func (keysInitCmd) Help() string {
	return `A stack on AWS takes no entries before it has a key; "reprise serve" makes its own. Where there is a key, nothing is changed. The
id of the key that signs is the only thing on standard output.

Examples:

    reprise keys init --store dynamodb --table my-stack-keys
    reprise keys init --data data/reprise.db`
}

// Run makes the key. Two that do so at once leave two published keys, of which either may sign: harmless.
func (c *keysInitCmd) Run(ctx context.Context, s streams) (err error) {
	store, err := c.open(ctx, false)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, store.close()) }()
	current, err := store.at.SigningKey(ctx)
	said := "signs already: nothing was changed"
	if errors.Is(err, replay.ErrNotFound) {
		said = "was made, and signs from now on"
		current, err = makeKey(ctx, store.at)
	}
	if err != nil {
		return err
	}
	if err := c.tell(s, current, said); err != nil {
		return err
	}
	if store.made {
		c.tellMade(s.err, "key")
	}
	return nil
}

// keysRotateCmd is `reprise keys rotate`.
type keysRotateCmd struct {
	keysPlace `embed:""`
}

// Help is examples.
func (keysRotateCmd) Help() string {
	return `Entries that come from now on are signed with the new key, by a service that runs, too. What was signed before stays as it is, and
its key stays published, behind the new one. A key that may be known to others is retired like any other: what it signed still
verifies, so have receivers refuse its id. The id of the new key is the only thing on standard output.

Examples:

    reprise keys rotate --data data/reprise.db
    reprise keys rotate --store dynamodb --table my-stack-keys`
}

// Run makes the key. Where there was none, it is the first.
func (c *keysRotateCmd) Run(ctx context.Context, s streams) (err error) {
	store, err := c.open(ctx, true)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, store.close()) }()
	before, err := store.at.SigningKey(ctx)
	said := "signs from now on; key " + before.ID + " is retired and stays published"
	if errors.Is(err, replay.ErrNotFound) {
		said, err = "signs from now on; there was none before", nil
	}
	if err != nil {
		return err
	}
	key, err := makeKey(ctx, store.at)
	if err != nil {
		return err
	}
	return c.tell(s, key, said)
}

func makeKey(ctx context.Context, at keys) (auditlog.Key, error) {
	key, err := auditlog.NewKey(rand.Reader, time.Now())
	if err != nil {
		return auditlog.Key{}, err
	}
	return key, at.AddKey(ctx, key)
}
