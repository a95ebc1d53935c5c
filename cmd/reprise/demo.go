package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"time"

	"reprise/cmd/reprise/demo"
	"reprise/shared/receiver"
)

// demoCmd is `reprise demo`.
type demoCmd struct {
	Entries int64  `default:"200000" env:"REPRISE_DEMO_ENTRIES" placeholder:"N" help:"How many entries to generate, spread over the last 24 hours."`
	From    string `env:"REPRISE_DEMO_FROM" placeholder:"FILE" help:"Recorded entries to send instead, one JSON object per line, gzipped or not; moved in time so that the last one happened a minute ago, without sig and org_id. --entries is not looked at then."`
	Break   string `env:"REPRISE_DEMO_BREAK" placeholder:"KIND" help:"Let the receiver go wrong with one entry, to see that it is found: drop, flip, dup or outside."`
	Lanes   int    `default:"4" env:"REPRISE_DEMO_LANES" placeholder:"N" help:"How many requests the replay may have in flight, 1 to 32."`
	Keep    bool   `env:"REPRISE_DEMO_KEEP" help:"Keep the temporary folder even when all went well."`
}

// Help is examples.
func (demoCmd) Help() string {
	return `It starts the service and a receiver as processes of their own, sends entries, asks for them again, and compares what
arrived with what was sent. It exits 0 only if nothing is missing and nothing is wrong.

Examples:

    reprise demo
    reprise demo --entries 5000000
    reprise demo --from access.ndjson.gz
    reprise demo --entries 2000 --break flip            # exits 1 and names the entry`
}

// Validate names the flag and the rule that it breaks.
func (c *demoCmd) Validate() error {
	if c.Entries < 2 || c.Entries > 50_000_000 {
		return fmt.Errorf("--entries: must be from 2, one at either end of the range, to 50000000, not %d", c.Entries)
	}
	if c.Lanes < 1 || c.Lanes > maxLanes {
		return fmt.Errorf("--lanes: must be from 1 to %d, not %d", maxLanes, c.Lanes)
	}
	if _, err := receiver.ParseBreak(c.Break); err != nil {
		return fmt.Errorf("--break: %w", err)
	}
	return nil
}

// Run shows it.
func (c *demoCmd) Run(ctx context.Context, s streams) error {
	program, err := os.Executable()
	if err != nil {
		return fmt.Errorf("finding reprise itself, to start the service: %w", err)
	}
	err = demo.Run(ctx, demo.Config{
		Program: program, Entries: c.Entries, From: c.From, Break: c.Break, Lanes: c.Lanes, Keep: c.Keep,
		Out: s.out, Progress: s.err, Terminal: terminal(s.err), Now: time.Now,
	})
	if err != nil && ctx.Err() != nil {
		return errors.New("interrupted")
	}
	return err
}
