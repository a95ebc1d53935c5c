package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"time"
)

// The goals for memory (issue 4), in MiB.
const (
	goalPeak   = 40
	goalGrowth = 8
)

// size is one replay of so many entries by a service of its own.
type size struct {
	entries int64
	wall    time.Duration
	cpu     time.Duration
	peak    float64 // MiB
}

// sizes measures replays of a tenth, of all, and of ten times the entries.
func (b *bench) sizes(ctx context.Context) (table, error) {
	t := table{
		title: "replays by size, each by a service that was just started",
		head:  []string{"entries", "runs", "PUT to completed, s", "µs an entry", "service, CPU s per 1,000 entries", "**peak RSS, MiB**"},
	}
	steps := []struct {
		name  string
		n     int64
		times int
		runs  int
	}{{"tenth", b.entries / 10, 1, b.runs}, {"whole", b.entries, 1, b.runs}, {"tenfold", b.entries, 10, 1}}
	if !b.large {
		steps = steps[:2]
	}
	var peaks []float64
	for _, s := range steps {
		path, token, err := b.stored(ctx, s.name, s.n, s.times)
		if err != nil {
			return t, err
		}
		var all []size
		for n := range s.runs {
			one, err := b.size(ctx, fmt.Sprintf("%s-%d", s.name, n+1), path, token, s.n*int64(s.times))
			if err != nil {
				return t, err
			}
			b.sayf("%s entries: %.2f s, peak RSS %.1f MiB", commas(one.entries), one.wall.Seconds(), one.peak)
			all = append(all, one)
		}
		entries := float64(s.n * int64(s.times))
		wall := each(all, func(s size) float64 { return s.wall.Seconds() }).median()
		peak := each(all, func(s size) float64 { return s.peak })
		peaks = append(peaks, peak.max())
		t.cells(commas(int64(entries)), fmt.Sprint(s.runs), fmt.Sprintf("%.2f", wall), fmt.Sprintf("%.2f", wall/entries*1e6),
			fmt.Sprintf("%.5f", each(all, func(s size) float64 { return s.cpu.Seconds() }).median()/entries*1000),
			fmt.Sprintf("%.1f, at most %.1f", peak.median(), peak.max()))
		if err := os.Remove(path); err != nil {
			return t, err
		}
	}
	last := peaks[len(peaks)-1]
	t.note("Times and CPU are medians. The largest peak: %s. Growth from the least size to the largest: %s.",
		most(goalPeak).judge("%.1f MiB", figures(peaks).max()), most(goalGrowth).judge("%.1f MiB", last-peaks[0]))
	if b.large {
		t.note("In the largest file each entry is stored ten times, as ten producers with equal entries would have it, so that not all of them had to be signed.")
	}
	return t, nil
}

func (b *bench) size(ctx context.Context, name, path, token string, entries int64) (one size, err error) {
	service, err := b.startService(ctx, name, path, home().Region)
	if err != nil {
		return one, err
	}
	defer func() { err = errors.Join(err, service.stop()) }()
	s, err := b.once(ctx, service, newClient(service.address, token), entries)
	if err != nil {
		return one, err
	}
	peak, err := service.peak()
	return size{entries, s.wall, s.cpu, peak}, err
}
