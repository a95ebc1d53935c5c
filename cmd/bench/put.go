package main

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"golang.org/x/sync/errgroup"

	"reprise/shared/replay"
)

const (
	putRate     = 200    // PUTs a second
	putTime     = 10     // seconds
	putFinished = 10_000 // jobs that make no difference
	putEntries  = 10     // of each scope
	firstTries  = 20     // PUTs whose first request is waited for, one after the other
	putRegions  = 100    // an organization has so many scopes here
)

// A putter asks for one replay after the other, each of a scope that had none before: no PUT meets a running job, and nothing is
// answered 409.
type putter struct {
	*bench
	clients []*client // by organization
	next    int       // scope
}

// scopes is how many scopes all of put needs.
const scopes = 2*(putRate*putTime+firstTries) + putFinished

func regionName(n int) string { return fmt.Sprintf("r%02d", n) }

func orgName(n int) string { return fmt.Sprintf("b065b594-6afc-4658-9101-%012d", n) }

// put measures the PUT, beside nothing else and beside many finished jobs.
func (b *bench) put(ctx context.Context) (t table, err error) {
	t = table{title: fmt.Sprintf("PUT: %d a second for %d s, each sent when it is due whatever became of the others; each job replays %d entries of its own",
		putRate, putTime, putEntries)}
	b.sayf("storing %s scopes of %d entries", commas(scopes), putEntries)
	var regions []string
	for n := range putRegions {
		regions = append(regions, regionName(n))
	}
	path, tokens, err := b.manyScopes(ctx)
	if err != nil {
		return t, err
	}
	service, err := b.startService(ctx, "put", path, strings.Join(regions, ","))
	if err != nil {
		return t, err
	}
	defer func() { err = errors.Join(err, service.stop()) }()
	p := &putter{bench: b}
	shared := newClient(service.address, "").http
	for _, token := range tokens {
		p.clients = append(p.clients, &client{service.address, token, shared})
	}
	if err := p.rows(ctx, &t, "a new file"); err != nil {
		return t, err
	}
	b.sayf("finishing %s jobs", commas(putFinished))
	if err := p.finish(ctx, putFinished); err != nil {
		return t, err
	}
	return t, p.rows(ctx, &t, commas(int64(p.next))+" finished jobs")
}

// manyScopes makes a data file with a webhook and some entries for each scope, and a token for each organization.
func (b *bench) manyScopes(ctx context.Context) (path string, tokens []string, err error) {
	f, err := b.newFile(ctx, "put")
	if err != nil {
		return "", nil, err
	}
	defer func() { err = errors.Join(err, f.store.Close()) }()
	for n := range scopes {
		at := scope(n)
		if n%putRegions == 0 {
			token, err := f.token(ctx, at.Org)
			if err != nil {
				return "", nil, err
			}
			tokens = append(tokens, token)
		}
		if err := f.hook(ctx, at, b.hook.address); err != nil {
			return "", nil, err
		}
		if err := f.take(ctx, at, putEntries, b.window(), 1); err != nil {
			return "", nil, err
		}
	}
	return f.path, tokens, nil
}

func scope(n int) replay.Scope {
	return replay.Scope{Org: orgName(n / putRegions), Region: regionName(n % putRegions)}
}

// window is the one of these small replays.
func (b *bench) window() replay.Window {
	return replay.Window{From: b.now.Add(-time.Minute), To: b.now}
}

// rows measures, beside what the file says it holds.
func (p *putter) rows(ctx context.Context, t *table, beside string) error {
	var firsts figures
	for range firstTries {
		first, err := p.first(ctx)
		if err != nil {
			return err
		}
		firsts = append(firsts, ms(first))
	}
	answers, err := p.storm(ctx)
	if err != nil {
		return err
	}
	b := p.bench
	b.sayf("%s: p50 %.1f ms, p99 %.1f ms; first request after %.1f ms", beside, answers.at(0.5), answers.at(0.99), firsts.median())
	if t.head == nil {
		t.head = []string{"beside", "PUT p50, ms", "p99", "max", fmt.Sprintf("**PUT to first request at the receiver, ms** (%d tries)", firstTries)}
	}
	t.cells(beside, fmt.Sprintf("%.1f", answers.at(0.5)), fmt.Sprintf("%.1f", answers.at(0.99)), fmt.Sprintf("%.1f", answers.max()),
		fmt.Sprintf("%.1f / %.1f / %s", firsts.min(), firsts.median(), most(goalFirstByte.Seconds()*1000).judge("%.1f", firsts.max())))
	return nil
}

// send asks for the next scope's replay.
func (p *putter) send(ctx context.Context, n int) error {
	at := scope(n)
	return p.clients[n/putRegions].put(ctx, at.Region, p.window())
}

// first is how long after a PUT was sent its first request is at the receiver. The job has ended when it returns.
func (p *putter) first(ctx context.Context) (time.Duration, error) {
	if _, err := p.received(ctx); err != nil {
		return 0, err
	}
	n := p.next
	p.next++
	since := time.Now()
	if err := p.send(ctx, n); err != nil {
		return 0, err
	}
	if _, err := p.clients[n/putRegions].follow(ctx, scope(n).Region, 5*time.Millisecond); err != nil {
		return 0, err
	}
	got, err := p.received(ctx)
	return time.Unix(0, got.First).Sub(since), err
}

// storm sends PUTs at an even rate, and measures each from when it was due to its answer.
func (p *putter) storm(ctx context.Context) (figures, error) {
	all := make(figures, putRate*putTime)
	puts, sending := errgroup.WithContext(ctx)
	if _, err := p.received(ctx); err != nil {
		return nil, err
	}
	begin := time.Now()
	for i := range all {
		n, due := p.next, begin.Add(time.Duration(i)*time.Second/putRate)
		p.next++
		time.Sleep(time.Until(due))
		puts.Go(func() error {
			err := p.send(sending, n)
			all[i] = ms(time.Since(due))
			return err
		})
	}
	if err := puts.Wait(); err != nil {
		return nil, err
	}
	return all, p.drained(ctx, int64(len(all))*putEntries)
}

// finish has n more jobs end, as fast as it goes.
func (p *putter) finish(ctx context.Context, n int) error {
	const atOnce = 8
	puts, sending := errgroup.WithContext(ctx)
	puts.SetLimit(atOnce)
	if _, err := p.received(ctx); err != nil {
		return err
	}
	for range n {
		n := p.next
		p.next++
		puts.Go(func() error { return p.send(sending, n) })
	}
	if err := puts.Wait(); err != nil {
		return err
	}
	return p.drained(ctx, int64(n)*putEntries)
}

// drained waits until the receiver has got so many entries.
func (p *putter) drained(ctx context.Context, want int64) error {
	var had int64
	for until := time.Now().Add(10 * time.Minute); had < want; {
		got, err := p.received(ctx)
		if err != nil {
			return err
		}
		if had += got.Entries; had < want && time.Now().After(until) {
			return fmt.Errorf("%d of %d entries were received", had, want)
		}
		time.Sleep(100 * time.Millisecond)
	}
	return nil
}
