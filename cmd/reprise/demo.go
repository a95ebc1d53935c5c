package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"os"
	"time"

	"reprise/cmd/reprise/client"
	"reprise/cmd/reprise/demo"
	"reprise/shared/receiver"
)

// demoCmd is `reprise demo`.
type demoCmd struct {
	API     string `name:"api" env:"REPRISE_API" placeholder:"URL" help:"Use a service that runs already, such as http://127.0.0.1:8080, instead of starting one; its tokens are taken from the environment, as said above."`
	Entries int64  `default:"200000" env:"REPRISE_DEMO_ENTRIES" placeholder:"N" help:"How many entries to generate, spread over the last 24 hours; with --api over an hour of the last days."`
	From    string `env:"REPRISE_DEMO_FROM" placeholder:"FILE" help:"Recorded entries to send instead, one JSON object per line, gzipped or not; moved in time so that the last one happened a minute ago (with --api: some days), without sig and org_id. --entries is not looked at then."`
	Format  string `enum:"json,cef,cps" default:"json" env:"REPRISE_DEMO_FORMAT" placeholder:"NAME" help:"How the receiver gets its entries: json, cef or cps."`
	Break   string `env:"REPRISE_DEMO_BREAK" placeholder:"KIND" help:"Let the receiver go wrong with one entry, to see that it is found: drop, flip, dup or outside."`
	Lanes   int    `default:"4" env:"REPRISE_DEMO_LANES" placeholder:"N" help:"How many requests the replay may have in flight, 1 to 32; with --api the service knows."`
	Keep    bool   `env:"REPRISE_DEMO_KEEP" help:"Keep the temporary folder even when all went well."`
	Page    bool   `env:"REPRISE_DEMO_PAGE" help:"Serve the page instead, with demo data in every state, until Ctrl-C; of the flags only --entries, --lanes and --browser are looked at then."`
	Browser bool   `default:"true" negatable:"" env:"REPRISE_DEMO_BROWSER" help:"With --page on a terminal: open it in a browser, if there is one."`
}

// Help is examples.
func (demoCmd) Help() string {
	return `It starts the service and a receiver as processes of their own, sends entries, asks for them again, and compares what
arrived with what was sent. It exits 0 only if nothing is missing and nothing is wrong.

With --api, REPRISE_ADMIN_TOKEN must be an admin's token, REPRISE_INTAKE_TOKEN one that may send entries (the admin's if not
given), REPRISE_ORG their organization (if not given, all entries must have the same). The organization's webhook is set to the
receiver and turned off at the end: take an organization of its own. The service must allow webhooks on this machine.

Examples:

    reprise demo
    reprise demo --entries 5000000
    reprise demo --from access.ndjson.gz
    reprise demo --format cef
    reprise demo --entries 2000 --break flip            # exits 1 and names the entry
    reprise demo --page                                 # then sign in with the token that it prints
    reprise demo --page --no-browser
    REPRISE_ADMIN_TOKEN=$ADMIN REPRISE_INTAKE_TOKEN=$INTAKE reprise demo --api http://127.0.0.1:8080`
}

// Validate names the flag and the rule that it breaks.
func (c *demoCmd) Validate() error {
	if c.Entries < 2 || c.Entries > 50_000_000 {
		return fmt.Errorf("--entries: must be from 2, one at either end of the range, to 50000000, not %d", c.Entries)
	}
	if c.Page && c.Entries < demo.PageEntries {
		return fmt.Errorf("--entries: must be at least %d with --page, not %d", demo.PageEntries, c.Entries)
	}
	if _, err := c.service(); err != nil {
		return fmt.Errorf("--api: %w", err)
	}
	if c.Lanes < 1 || c.Lanes > maxLanes {
		return fmt.Errorf("--lanes: must be from 1 to %d, not %d", maxLanes, c.Lanes)
	}
	if _, err := receiver.ParseBreak(c.Break); err != nil {
		return fmt.Errorf("--break: %w", err)
	}
	return nil
}

// service is the one that runs already, if that is to be used. Its tokens are no flags: a command line can be read by
// everybody on the machine.
func (c *demoCmd) service() (demo.Service, error) {
	if c.API == "" || c.Page {
		return demo.Service{}, nil
	}
	api, err := client.ParseAPI(c.API)
	if err != nil {
		return demo.Service{}, err
	}
	s := demo.Service{
		API: api, Admin: os.Getenv("REPRISE_ADMIN_TOKEN"), Intake: os.Getenv("REPRISE_INTAKE_TOKEN"), Org: os.Getenv("REPRISE_ORG"),
	}
	if s.Admin == "" {
		return demo.Service{}, errors.New("REPRISE_ADMIN_TOKEN must be set, to a token of an admin for that service")
	}
	s.Intake = cmp.Or(s.Intake, s.Admin)
	return s, nil
}

// Run shows it.
func (c *demoCmd) Run(ctx context.Context, s streams) error {
	service, err := c.service()
	if err != nil {
		return err
	}
	program, err := os.Executable()
	if err != nil {
		return fmt.Errorf("finding reprise itself, to start the service: %w", err)
	}
	show := demo.Run
	if c.Page {
		show = demo.Page
	}
	err = show(ctx, demo.Config{
		Program: program, Entries: c.Entries, From: c.From, Format: demo.Format(c.Format), Break: c.Break, Lanes: c.Lanes, Keep: c.Keep, Service: service,
		Out: s.out, Progress: s.err, Terminal: terminal(s.err), Browser: c.Browser && terminal(s.out), Now: time.Now,
	})
	if err != nil && ctx.Err() != nil {
		return errInterrupted
	}
	return err
}
