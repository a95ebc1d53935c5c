package main

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"strconv"
	"time"

	"reprise/shared/chunk"
	"reprise/shared/replay"
	"reprise/shared/sqlite"
)

// The goals for a replay (issue 4): what it may cost beside posting, and how soon it begins.
const (
	goalReplay    = 0.9
	goalFirstByte = time.Second
)

// A sending is one replay, or one run of the raw client.
type sending struct {
	wall     time.Duration // PUT sent to job completed; first byte to last answer
	cpu      time.Duration // of the service; of the raw client
	receiver time.Duration // CPU of the receiver meanwhile
	first    time.Duration // PUT sent to the first request at the receiver
}

// stored makes a data file of n entries, each the given times in it, and the service that replays them.
func (b *bench) stored(ctx context.Context, name string, n int64, times int) (path, token string, err error) {
	b.sayf("storing %s entries (%s)", commas(n*int64(times)), name)
	f, err := b.newFile(ctx, name)
	if err != nil {
		return "", "", err
	}
	defer func() { err = errors.Join(err, f.store.Close()) }()
	if token, err = f.token(ctx, home().Org); err != nil {
		return "", "", err
	}
	if err := f.hook(ctx, home(), b.hook.address); err != nil {
		return "", "", err
	}
	return f.path, token, f.take(ctx, home(), n, b.day(), times)
}

// replay measures replays and a raw client that posts the same bodies, in turns.
func (b *bench) replay(ctx context.Context) (t table, err error) {
	path, token, err := b.stored(ctx, "replay", b.entries, 1)
	if err != nil {
		return t, err
	}
	service, err := b.startService(ctx, "replay", path, home().Region)
	if err != nil {
		return t, err
	}
	defer func() { err = errors.Join(err, service.stop()) }()
	c := newClient(service.address, token)
	b.sayf("replaying once, unmeasured, for the bodies that the raw client posts")
	if _, err := b.once(ctx, service, c, b.entries); err != nil {
		return t, err
	}
	bodies := filepath.Join(b.folder, "bodies")
	requests, bytes, err := b.bodies(ctx, path, bodies, c)
	if err != nil {
		return t, err
	}
	var raws, leans, replays []sending
	for n := range b.runs {
		r, err := b.raw(ctx, bodies, false)
		if err != nil {
			return t, fmt.Errorf("the raw client: %w", err)
		}
		l, err := b.raw(ctx, bodies, true)
		if err != nil {
			return t, fmt.Errorf("the lean client: %w", err)
		}
		p, err := b.once(ctx, service, c, b.entries)
		if err != nil {
			return t, err
		}
		raws, leans, replays = append(raws, r), append(leans, l), append(replays, p)
		b.sayf("%d of %d: raw client %.2f s, lean %.2f s, replay %.2f s", n+1, b.runs, r.wall.Seconds(), l.wall.Seconds(), p.wall.Seconds())
	}
	return b.replayTable(raws, leans, replays, requests, bytes), nil
}

func (b *bench) replayTable(raws, leans, replays []sending, requests, bytes int64) table {
	thousands := float64(b.entries) / 1000
	t := table{title: fmt.Sprintf("%s entries in %s requests of %s bytes in all, %d at once; %d runs of either, in turns",
		commas(b.entries), commas(requests), commas(bytes), lanes, b.runs)}
	wall := func(s sending) float64 { return s.wall.Seconds() }
	ratio := func(r, p sending) float64 { return r.wall.Seconds() / p.wall.Seconds() }
	byCPU := func(r, p sending) float64 { return (r.cpu + r.receiver).Seconds() / (p.cpu + p.receiver).Seconds() }
	mine := func(s sending) float64 { return s.cpu.Seconds() / thousands }
	theirs := func(s sending) float64 { return s.receiver.Seconds() / thousands }
	t.row("raw client by net/http, s", "", "%.2f", each(raws, wall))
	t.row("lean client, s", "", "%.2f", each(leans, wall))
	t.row("replay, PUT to completed, s", "", "%.2f", each(replays, wall))
	t.row("**raw client's time / replay's**", least(goalReplay), "%.3f", both(raws, replays, ratio))
	t.row("lean client's time / replay's", "", "%.3f", both(leans, replays, ratio))
	t.row("raw client's CPU / replay's, receiver included", "", "%.3f", both(raws, replays, byCPU))
	t.row("lean client's CPU / replay's, receiver included", "", "%.3f", both(leans, replays, byCPU))
	t.row("CPU s per 1,000 entries: raw client", "", "%.5f", each(raws, mine))
	t.row("lean client", "", "%.5f", each(leans, mine))
	t.row("service", "", "%.5f", each(replays, mine))
	t.row("receiver, of the raw client", "", "%.5f", each(raws, theirs))
	t.row("receiver, of the lean client", "", "%.5f", each(leans, theirs))
	t.row("receiver, of the service", "", "%.5f", each(replays, theirs))
	t.row("**PUT to first request at the receiver, ms**", most(goalFirstByte.Seconds()*1000), "%.1f", each(replays, func(s sending) float64 { return ms(s.first) }))
	return t
}

// once replays the day, and holds the receiver's count to what was stored.
func (b *bench) once(ctx context.Context, service *process, c *client, entries int64) (s sending, err error) {
	before, err := b.used(service)
	if err == nil {
		_, err = b.received(ctx) // forget the ones before
	}
	if err != nil {
		return s, err
	}
	since := time.Now()
	if err := c.put(ctx, "", b.day()); err != nil {
		return s, err
	}
	j, err := c.follow(ctx, "", 250*time.Millisecond)
	if err != nil {
		return s, err
	}
	after, err := b.used(service)
	if err != nil {
		return s, err
	}
	got, err := b.received(ctx)
	if err == nil && (got.Entries != entries || j.Progress.Entries != entries) {
		err = fmt.Errorf("%d of %d entries were received, %d acknowledged", got.Entries, entries, j.Progress.Entries)
	}
	return sending{
		wall: j.FinishedAt.Sub(since), cpu: after[0] - before[0], receiver: after[1] - before[1],
		first: time.Unix(0, got.First).Sub(since),
	}, err
}

// used is the CPU that a service and the receiver have used so far; the service may be nil.
func (b *bench) used(service *process) (used [2]time.Duration, err error) {
	for i, p := range []*process{service, b.hook} {
		if p == nil {
			continue
		}
		if used[i], err = p.cpu(); err != nil {
			return used, err
		}
	}
	return used, nil
}

// raw has the raw client, or the lean one, post the bodies.
func (b *bench) raw(ctx context.Context, bodies string, lean bool) (s sending, err error) {
	before, err := b.used(nil)
	if err == nil {
		_, err = b.received(ctx)
	}
	if err != nil {
		return s, err
	}
	r, err := role(ctx, "raw", "-to", b.hook.address, "-bodies", bodies, "-lean="+strconv.FormatBool(lean))
	if err != nil {
		return s, err
	}
	after, err := b.used(nil)
	if err != nil {
		return s, err
	}
	got, err := b.received(ctx)
	if err == nil && got.Entries != b.entries {
		err = errors.New(strconv.FormatInt(got.Entries, 10) + " entries were received")
	}
	return sending{wall: r.Wall, cpu: r.CPU, receiver: after[1] - before[1]}, err
}

// bodies writes what the last replay posted, batch by batch, from the same file and plan.
func (b *bench) bodies(ctx context.Context, data, to string, c *client) (requests, bytes int64, err error) {
	store, err := sqlite.Open(data, time.Now)
	if err != nil {
		return 0, 0, err
	}
	defer func() { err = errors.Join(err, store.Close()) }()
	j, err := c.follow(ctx, "", time.Second)
	if err != nil {
		return 0, 0, err
	}
	plan, err := store.Plan(ctx, replay.Fence{Scope: home(), JobID: j.ID})
	if err != nil {
		return 0, 0, err
	}
	w, err := createBodies(to)
	if err != nil {
		return 0, 0, err
	}
	defer func() { err = errors.Join(err, w.Close()) }()
	for _, s := range plan.Slices {
		chunks := store.Chunks(ctx, home(), s.Window, replay.Cursor{})
		for batch, err := range chunk.Batches(j.ID, s.Window, replay.Cursor{}, replay.BatchLimit, nil, chunks) {
			if err == nil {
				err = w.add(batch.Tally.Entries, batch.Body)
			}
			if err != nil {
				return 0, 0, err
			}
			requests++
			bytes += int64(len(batch.Body))
		}
	}
	return requests, bytes, nil
}
