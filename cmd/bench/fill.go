package main

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"fmt"
	"path/filepath"
	"runtime"
	"time"

	"golang.org/x/sync/errgroup"

	"reprise/cmd/reprise/demo"
	"reprise/shared/access"
	"reprise/shared/auditlog"
	"reprise/shared/chunk"
	"reprise/shared/intake"
	"reprise/shared/replay"
	"reprise/shared/sqlite"
	"reprise/shared/webhook"
)

const (
	// maxBody and maxEntries are what one request of the intake may hold (CONTRACT.md §6).
	maxBody    = 4 << 20
	maxEntries = 10_000
	// authorization is what the webhook is sent with.
	authorization = "Bearer the-secret-of-the-benchmark"
)

// home is the scope of the large replays.
func home() replay.Scope {
	return replay.Scope{Org: "b065b594-6afc-4658-9101-5d9cf3f36b7b", Region: "us"}
}

// day is the window that entries are spread over.
func (b *bench) day() replay.Window {
	return replay.Window{From: b.now.Add(-24 * time.Hour), To: b.now}
}

// file is a data file in the making. It is made without the service, by the same verbs.
type file struct {
	path  string
	store *sqlite.Store
}

// newFile makes a data file with a signing key.
func (b *bench) newFile(ctx context.Context, name string) (*file, error) {
	path := filepath.Join(b.folder, name+".db")
	store, err := sqlite.Open(path, time.Now)
	if err != nil {
		return nil, err
	}
	key, err := auditlog.NewKey(rand.Reader, time.Now())
	if err == nil {
		err = store.AddKey(ctx, key)
	}
	if err != nil {
		return nil, errors.Join(err, store.Close())
	}
	return &file{path, store}, nil
}

// token makes one for everything that an organization may do.
func (f *file) token(ctx context.Context, org string) (string, error) {
	secret, made, err := access.Mint(rand.Reader, access.Principal{Org: org, Role: access.Admin, Label: "bench"}, time.Time{}, time.Now())
	if err != nil {
		return "", err
	}
	return secret, f.store.SaveToken(ctx, made)
}

// hook points a scope's webhook at a receiver.
func (f *file) hook(ctx context.Context, at replay.Scope, address string) error {
	return f.store.SaveWebhook(ctx, webhook.Config{
		Scope: at, Version: 1, Endpoint: "http://" + address + "/", Authorization: authorization,
		Enabled: true, Format: auditlog.JSON, UpdatedAt: time.Now(),
	})
}

// take has the intake's verb take n generated entries in, each of them the given times, as so many producers' bodies.
func (f *file) take(ctx context.Context, at replay.Scope, n int64, w replay.Window, times int) error {
	archive := copies{f.store, times}
	desk := intake.New(archive, archive, f.store)
	work, ctx := errgroup.WithContext(ctx)
	work.SetLimit(runtime.GOMAXPROCS(0) + 1)
	err := pack(n, w, func(text []byte, _ int64) error {
		work.Go(func() error {
			var entries []auditlog.Entry
			for _, line := range auditlog.SplitLines(text) {
				entry, err := auditlog.Parse(line, at.Org, time.Now())
				if err != nil {
					return err
				}
				entries = append(entries, entry)
			}
			return desk.Take(ctx, at, sha256.Sum256(text), entries)
		})
		return ctx.Err()
	})
	return errors.Join(err, work.Wait())
}

// pack makes bodies of n generated entries, as large as the intake takes them, and hands each over with its memory.
func pack(n int64, w replay.Window, hand func(text []byte, entries int64) error) error {
	var text []byte
	var entries int64
	for line, err := range demo.Generated(n, w) {
		if err != nil {
			return err
		}
		if entries == maxEntries || len(text)+len(line)+1 > maxBody {
			if err := hand(text, entries); err != nil {
				return err
			}
			text, entries = make([]byte, 0, maxBody), 0
		}
		text = append(append(text, line...), '\n')
		entries++
	}
	return hand(text, entries)
}

// copies is an archive that keeps every chunk the given times, each under a key of its own: what as many producers with equal
// entries would have made of it, without signing each line as often.
type copies struct {
	*sqlite.Store
	times int
}

// KeepChunks changes the hash of the request's body, which is in the middle of a key (chunk.Chunk).
func (c copies) KeepChunks(ctx context.Context, at replay.Scope, chunks []chunk.Chunk) error {
	for i := range c.times {
		named := make([]chunk.Chunk, len(chunks))
		for n, k := range chunks {
			hash := sha256.Sum256(binary.BigEndian.AppendUint32([]byte(k.Key[14:38]), uint32(i)))
			k.Key = fmt.Sprintf("%s%x%s", k.Key[:14], hash[:12], k.Key[38:])
			named[n] = k.Sealed()
		}
		if err := c.Store.KeepChunks(ctx, at, named); err != nil {
			return err
		}
	}
	return nil
}

// AddCounts counts each copy.
func (c copies) AddCounts(ctx context.Context, at replay.Scope, counts []replay.Count) error {
	for range c.times {
		if err := c.Store.AddCounts(ctx, at, counts); err != nil {
			return err
		}
	}
	return nil
}
