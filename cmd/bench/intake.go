package main

import (
	"context"
	"crypto/ed25519"
	"crypto/rand"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"runtime"
	"sync/atomic"
	"time"

	"golang.org/x/sync/errgroup"

	"reprise/shared/auditlog"
)

const (
	// goalIntake is how near the intake is to come to signing alone (issue 4).
	goalIntake = 0.7
	// producers is how many bodies are on their way at once: a few more than there are cores keep them busy.
	producers = 4
)

// intake measures the intake through HTTP and signing the same lines alone, in turns.
func (b *bench) intake(ctx context.Context) (table, error) {
	entries := b.entries // fewer are few bodies of 4 MiB, and a core idles while the last one is packed
	t := table{title: fmt.Sprintf("intake of %s entries through HTTP, %d bodies at once; %d runs of either, in turns", commas(entries), producers, b.runs)}
	b.sayf("generating %s entries", commas(entries))
	path := filepath.Join(b.folder, "intake")
	w, err := createBodies(path)
	if err != nil {
		return t, err
	}
	err = pack(entries, b.day(), func(text []byte, n int64) error { return w.add(n, text) })
	if err = errors.Join(err, w.Close()); err != nil {
		return t, err
	}
	var signed, taken []result
	var used []time.Duration
	for n := range b.runs {
		s, err := role(ctx, "sign", "-bodies", path)
		if err != nil {
			return t, err
		}
		p, cpu, err := b.produced(ctx, fmt.Sprintf("intake-%d", n+1), path)
		if err != nil {
			return t, err
		}
		signed, taken, used = append(signed, s), append(taken, p), append(used, cpu)
		b.sayf("%d of %d: signing alone %.2f s, intake %.2f s", n+1, b.runs, s.Wall.Seconds(), p.Wall.Seconds())
	}
	seconds := func(r result) float64 { return r.Wall.Seconds() }
	thousands := float64(entries) / 1000
	t.row("signing alone, s", "", "%.2f", each(signed, seconds))
	t.row("intake, first POST to last 202, s", "", "%.2f", each(taken, seconds))
	t.row("entries a second", "", "%.0f", each(taken, func(r result) float64 { return float64(entries) / r.Wall.Seconds() }))
	t.row("**signing's time / the intake's, producer included**", least(goalIntake), "%.3f",
		both(signed, taken, func(s, p result) float64 { return s.Wall.Seconds() / p.Wall.Seconds() }))
	t.row("signing's CPU / the service's", "", "%.3f",
		both(signed, used, func(s result, u time.Duration) float64 { return s.CPU.Seconds() / u.Seconds() }))
	t.row("signing alone, CPU s per 1,000 entries", "", "%.5f", each(signed, func(r result) float64 { return r.CPU.Seconds() / thousands }))
	t.row("service, CPU s per 1,000 entries", "", "%.5f", each(used, func(u time.Duration) float64 { return u.Seconds() / thousands }))
	t.row("producer, CPU s per 1,000 entries", "", "%.5f", each(taken, func(r result) float64 { return r.CPU.Seconds() / thousands }))
	return t, nil
}

// produced has a service with a new file take all bodies in.
func (b *bench) produced(ctx context.Context, name, bodies string) (r result, used time.Duration, err error) {
	f, err := b.newFile(ctx, name)
	if err != nil {
		return r, 0, err
	}
	token, err := f.token(ctx, home().Org)
	if err = errors.Join(err, f.store.Close()); err != nil {
		return r, 0, err
	}
	service, err := b.startService(ctx, name, f.path, home().Region)
	if err != nil {
		return r, 0, err
	}
	defer func() { err = errors.Join(err, service.stop(), os.Remove(f.path)) }()
	before, err := service.cpu()
	if err != nil {
		return r, 0, err
	}
	if r, err = role(ctx, "produce", "-to", service.address, "-token", token, "-bodies", bodies); err != nil {
		return r, 0, err
	}
	after, err := service.cpu()
	return r, after - before, err
}

// produce is the role of the producers: it posts bodies that it has in memory.
func produce(ctx context.Context, args []string, out io.Writer) error {
	flags := flag.NewFlagSet("produce", flag.ContinueOnError)
	to := flags.String("to", "", "the service's address")
	token := flags.String("token", "", "a token for it")
	file := flags.String("bodies", "", "the file of the bodies")
	if err := flags.Parse(args); err != nil {
		return err
	}
	bodies, err := readBodies(*file)
	if err != nil {
		return err
	}
	c := newClient(*to, *token)
	r, err := clocked(func() error {
		posts, ctx := errgroup.WithContext(ctx)
		posts.SetLimit(producers)
		for _, b := range bodies {
			posts.Go(func() error {
				_, err := c.do(ctx, "POST", eventsPath, "", "application/x-ndjson", b.bytes)
				return err
			})
		}
		return posts.Wait()
	})
	if err != nil {
		return err
	}
	return json.NewEncoder(out).Encode(r)
}

// sign is the role that does nothing but sign the canonical lines, on every core.
func sign(_ context.Context, args []string, out io.Writer) error {
	flags := flag.NewFlagSet("sign", flag.ContinueOnError)
	file := flags.String("bodies", "", "the file of the bodies")
	if err := flags.Parse(args); err != nil {
		return err
	}
	bodies, err := readBodies(*file)
	if err != nil {
		return err
	}
	var lines [][]byte
	for _, b := range bodies {
		for _, line := range auditlog.SplitLines(b.bytes) {
			entry, err := auditlog.Parse(line, home().Org, time.Now())
			if err != nil {
				return err
			}
			lines = append(lines, entry.Raw)
		}
	}
	_, key, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		return err
	}
	const step = 100 // lines between two looks at what is left
	var next atomic.Int64
	r, err := clocked(func() error {
		var cores errgroup.Group
		for range runtime.GOMAXPROCS(0) {
			cores.Go(func() error {
				for {
					from := int(next.Add(step)) - step
					if from >= len(lines) {
						return nil
					}
					for _, line := range lines[from:min(from+step, len(lines))] {
						ed25519.Sign(key, line)
					}
				}
			})
		}
		return cores.Wait()
	})
	if err != nil {
		return err
	}
	r.Entries = int64(len(lines))
	return json.NewEncoder(out).Encode(r)
}
