// Package local is every function at once, in one process.
package local

import (
	"cmp"
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"log/slog"
	mrand "math/rand/v2"
	"net"
	"net/http"
	"os"
	"strings"
	"time"

	"github.com/gofrs/flock"
	"github.com/oklog/ulid/v2"
	"golang.org/x/sync/errgroup"

	"reprise/shared/api"
	"reprise/shared/auditlog"
	"reprise/shared/console"
	"reprise/shared/deliver"
	"reprise/shared/egress"
	"reprise/shared/fanout"
	"reprise/shared/intake"
	"reprise/shared/replay"
	"reprise/shared/settle"
	"reprise/shared/sqlite"
	"reprise/shared/sweep"
	"reprise/shared/webhook"
)

// Config is what serve's flags say.
type Config struct {
	Address  string // host:port; port 0 takes a free one
	File     string // of the store
	Regions  replay.Regions
	Guard    egress.Guard
	Lanes    int           // requests in flight per job, at least 1
	Patience time.Duration // how long a batch is tried in all; 0 is webhook.Patience
	CEFHost  string        // of CEF lines (auditlog.CheckHost); empty is auditlog.DefaultHost
	Version  string        // of the User-Agent
	// Ready is told the address once requests are taken there; it may be nil.
	Ready func(address string)
}

func (c Config) delivery() deliver.Settings {
	return deliver.Settings{Patience: cmp.Or(c.Patience, webhook.Patience), Host: cmp.Or(c.CEFHost, auditlog.DefaultHost)}
}

// Run serves until ctx ends, then finishes the requests and the batches in hand. The port comes first, so that a start
// that fails for a port in use leaves no file behind.
func Run(ctx context.Context, c Config) (err error) {
	listener, err := net.Listen("tcp", c.Address)
	if err != nil {
		return fmt.Errorf("listening on %s: %w", c.Address, err)
	}
	lock, err := lockFor(c.File)
	if err != nil {
		return errors.Join(err, listener.Close())
	}
	defer func() { err = errors.Join(err, lock.Close()) }()
	store, err := open(ctx, c.File, lock)
	if err != nil {
		return errors.Join(err, listener.Close())
	}
	defer func() { err = errors.Join(err, store.Close()) }()
	if err := begin(ctx, store); err != nil {
		return errors.Join(err, listener.Close())
	}
	return serve(ctx, c, store, listener)
}

// lockFor keeps a second service off the data file, whatever name that has for it, before it looks at the file: a newer
// program would change its schema under the first. Nothing would be lost else, but each slice would be delivered with the
// settings of whoever takes it, and TakeBack relies on it. The command line may use the file beside a service. The lock
// ends with the process.
func lockFor(file string) (*flock.Flock, error) {
	place, err := sqlite.Place(file)
	if err != nil {
		return nil, err
	}
	lock := flock.New(place + ".lock")
	switch mine, err := lock.TryLock(); {
	case err != nil:
		return nil, fmt.Errorf("data file %s cannot be locked: let the user who runs reprise write to its folder, or make room on its disk if that is full: %w", file, err)
	case !mine:
		return nil, fmt.Errorf("data file %s is served by another process: stop that one, or name another file", file)
	}
	return lock, nil
}

// open looks at the file before SQLite does, which would make a new one of an empty one and forget what is wrong with its
// log. The lock's file stays when the lock is gone; it gets a byte, which takes no room, once there is something in the
// data file.
func open(ctx context.Context, file string, lock *flock.Flock) (*sqlite.Store, error) {
	place := strings.TrimSuffix(lock.Path(), ".lock")
	served, err := os.Stat(lock.Path())
	if err != nil {
		return nil, fmt.Errorf("locking data file %s: %w", file, err)
	}
	if info, err := os.Stat(place); err == nil && info.Size() == 0 && served.Size() > 0 {
		return nil, fmt.Errorf("data file %s is empty, though a service ran on it before: restore it from a backup, or remove it and %s to begin anew",
			file, lock.Path())
	}
	lost, err := sqlite.Lost(place)
	if err != nil {
		return nil, err
	}
	store, err := sqlite.Open(file, time.Now)
	if err != nil {
		return nil, err
	}
	if lost > 0 {
		slog.ErrorContext(ctx, "the data file's log was damaged: what was written last is lost, entries that were acknowledged too",
			"data", file, "pages", lost)
	}
	if err := os.Truncate(lock.Path(), 1); err != nil {
		return nil, errors.Join(fmt.Errorf("locking data file %s: %w", file, err), store.Close())
	}
	return store, nil
}

// serve runs every part until ctx ends. The API is the last to go: a receiver may need the public keys for what is in hand.
func serve(ctx context.Context, c Config, store *sqlite.Store, listener net.Listener) error {
	queue, dead := store.Queue(), store.DeadQueue()
	clerk := settle.New(store, store)
	poster := egress.New(c.Guard, c.Version, time.Now)
	fan := fanout.New(store, store, store, queue, clerk, c.Lanes)
	courier := deliver.New(store, store, store, store, store, poster, clerk, c.delivery(), time.Now, mrand.Float64)
	sweeper := sweep.New(store, store, queue, clerk, fan.Out, time.Now)

	parts, ctx := errgroup.WithContext(ctx)
	delivered := make(chan struct{})
	parts.Go(func() error { return answer(ctx, delivered, c, listener, handler(store, poster, c)) })
	parts.Go(func() error { return store.OnAccepted(ctx, fan.Out) })
	parts.Go(func() error { defer close(delivered); return queue.OnMessage(ctx, courier.Deliver) })
	parts.Go(func() error { return dead.OnMessage(ctx, clerk.Bury) })
	parts.Go(func() error { return every(ctx, time.Minute, "sweep", sweeper.Sweep) })
	parts.Go(func() error { return every(ctx, time.Hour, "expire", store.Expire) })
	parts.Go(func() error { return every(ctx, time.Hour, "examine", store.Examine) })
	return parts.Wait()
}

// begin is what is done once the lock is held, and before anything is served.
func begin(ctx context.Context, store *sqlite.Store) error {
	if err := store.Examine(ctx); err != nil {
		return err
	}
	if err := haveKey(ctx, store); err != nil {
		return err
	}
	switch n, err := store.TakeBack(ctx); {
	case err != nil: // a full disk, for one, is no reason to answer nobody
		slog.WarnContext(ctx, "slices that may have been in hand when the last process died wait for the end of their visibility", "err", err)
	case n > 0:
		slog.InfoContext(ctx, "slices were in hand when the last process died: they go on at once", "slices", n)
	}
	return nil
}

// haveKey makes the first signing key. Two processes that do so at once leave two published keys: harmless.
func haveKey(ctx context.Context, store *sqlite.Store) error {
	_, err := store.SigningKey(ctx)
	if !errors.Is(err, replay.ErrNotFound) {
		return err
	}
	key, err := auditlog.NewKey(rand.Reader, time.Now())
	if err != nil {
		return err
	}
	if err := store.AddKey(ctx, key); err != nil {
		return fmt.Errorf("storing the first signing key: %w", err)
	}
	slog.InfoContext(ctx, "made the first signing key", "kid", key.ID)
	return nil
}

// handler is every route over one store.
func handler(store *sqlite.Store, poster *egress.Client, c Config) http.Handler {
	door := api.NewDoor(store, c.Regions, time.Now, newID)
	routes := api.Route(map[string]http.Handler{
		"put-replay-job":    api.PutReplayJob(door, store, store, newID),
		"get-replay-job":    api.GetReplayJob(door, store, store, store, c.Lanes),
		"cancel-replay-job": api.CancelReplayJob(door, store, settle.New(store, store)),
		"webhook":           api.Webhook(door, store, c.Guard, api.Tries{Keys: store, Poster: poster, Host: c.delivery().Host}),
		"jwks":              api.JWKS(door, store),
		"intake":            api.Intake(door, intake.New(store, store, store)),
		"console":           api.Console(door, console.Page()),
		"default-route":     api.Nowhere(door),
	})
	return healthz(store.Check, newBounds(maxInFlight, maxComing, desks()).limit(routes, api.Busy(door)))
}

// newID makes a ULID: sorted by time, and nobody can guess the next one.
func newID() string { return ulid.MustNew(ulid.Now(), rand.Reader).String() }

// every calls f now and then until ctx ends. Its trouble is told and does not end it: the next call tries again.
func every(ctx context.Context, d time.Duration, name string, f func(context.Context) error) error {
	tick := time.NewTicker(d)
	defer tick.Stop()
	for {
		if err := f(ctx); err != nil && ctx.Err() == nil {
			slog.ErrorContext(ctx, name+" failed: the next one tries again", "err", err)
		}
		select {
		case <-ctx.Done():
			return nil
		case <-tick.C:
		}
	}
}
