package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"time"
)

// config is what the flags say.
type config struct {
	parts   string // which parts to run
	entries int64  // of the replay
	runs    int    // of each thing that is compared, in turns
	large   bool   // ten times the entries, too
	profile string // a folder for the service's profiles; empty: none
	program string // reprise
	write   string // the file that the figures go to; empty: none
}

// lanes is how many requests a replay has in flight, as many as the raw client.
const lanes = 4

// run is one of the processes of a bench: the one that measures, or, by its first argument, one of those it starts.
func run(ctx context.Context, args []string, out io.Writer) error {
	roles := map[string]func(context.Context, []string, io.Writer) error{
		"receive": receive, "raw": raw, "sign": sign, "produce": produce,
	}
	if len(args) > 0 {
		if role, ok := roles[args[0]]; ok {
			return role(ctx, args[1:], out)
		}
	}
	var c config
	flags := flag.NewFlagSet("bench", flag.ContinueOnError)
	flags.StringVar(&c.parts, "parts", "replay,sizes,intake,put", "what to measure")
	flags.Int64Var(&c.entries, "entries", 1_000_000, "entries of a replay")
	flags.IntVar(&c.runs, "runs", 5, "how often each thing is measured, in turns with what it is compared to")
	flags.BoolVar(&c.large, "large", true, "have a replay of ten times the entries among the sizes")
	flags.StringVar(&c.profile, "profile", "", "a folder for CPU and heap profiles of the service; the figures are not written then")
	flags.StringVar(&c.program, "reprise", "bin/reprise", "the service")
	flags.StringVar(&c.write, "write", "BENCHMARKS.md", "the file whose marked parts get the figures; empty: none")
	if err := flags.Parse(args); err != nil {
		return err
	}
	if c.entries < 1000 || c.runs < 1 {
		return fmt.Errorf("%d entries, %d runs: at least 1,000 and 1 are needed", c.entries, c.runs)
	}
	return c.measure(ctx, out)
}

// A bench is one run of the tool.
type bench struct {
	config
	folder string // for data files and logs, on a disk: it goes where TMPDIR says
	out    io.Writer
	hook   *process // the receiver, one for all
	now    time.Time
	commit string
}

func (c config) measure(ctx context.Context, out io.Writer) (err error) {
	folder, err := os.MkdirTemp("", "reprise-bench-")
	if err != nil {
		return err
	}
	b := &bench{config: c, folder: folder, out: out, now: time.Now().UTC().Truncate(time.Millisecond), commit: commit()}
	if c.profile != "" {
		if b.profile, err = filepath.Abs(c.profile); err != nil {
			return err
		}
		b.write = ""
	}
	defer func() {
		if err != nil && ctx.Err() == nil {
			fmt.Fprintf(out, "the logs are in %s\n", folder)
			return
		}
		err = errors.Join(err, os.RemoveAll(folder))
	}()
	fmt.Fprintf(out, "%s; data files in %s\n", machine(), folder)
	if b.hook, err = startSelf(ctx, folder, "receive"); err != nil {
		return err
	}
	defer func() { err = errors.Join(err, b.hook.stop()) }()
	for _, p := range []struct {
		name  string
		about func(context.Context) (table, error)
	}{{"replay", b.replay}, {"sizes", b.sizes}, {"intake", b.intake}, {"put", b.put}} {
		if !strings.Contains(","+b.parts+",", ","+p.name+",") {
			continue
		}
		t, err := p.about(ctx)
		if err != nil {
			return fmt.Errorf("%s: %w", p.name, err)
		}
		text := t.markdown()
		fmt.Fprintf(out, "\n%s\n", text)
		if b.write != "" {
			if err := put(b.write, p.name, text+"\n"+b.footing(p.name)); err != nil {
				return err
			}
		}
	}
	return nil
}

// sayf writes a line of progress.
func (b *bench) sayf(format string, args ...any) { fmt.Fprintf(b.out, format+"\n", args...) }

// footing says when, with what and on what a table was measured.
func (b *bench) footing(part string) string {
	return fmt.Sprintf("%s, %s, `make bench BENCH=%s ENTRIES=%d RUNS=%d`, on %s.\n",
		b.now.Format("2006-01-02"), b.commit, part, b.entries, b.runs, machine())
}

// machine is what the figures depend on.
func machine() string {
	field := func(file, name string) string {
		text, _ := os.ReadFile(file) // a machine that does not say is none the worse
		for line := range strings.Lines(string(text)) {
			if key, value, ok := strings.Cut(line, ":"); ok && strings.TrimSpace(key) == name {
				return strings.TrimSpace(value)
			}
		}
		return "unknown"
	}
	kernel, _ := os.ReadFile("/proc/sys/kernel/osrelease")
	return fmt.Sprintf("%d cores of %s, memory %s, Linux %s, %s",
		runtime.NumCPU(), field("/proc/cpuinfo", "model name"), field("/proc/meminfo", "MemTotal"), strings.TrimSpace(string(kernel)), runtime.Version())
}
