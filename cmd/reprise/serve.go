package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"os"
	"slices"
	"strconv"
	"strings"
	"time"

	"reprise/cmd/reprise/client"
	"reprise/shared/auditlog"
	"reprise/shared/egress"
	"reprise/shared/local"
	"reprise/shared/replay"
)

// maxLanes bounds --lanes: a job has at most that many slices, so more lanes would idle (DESIGN.md §5).
const maxLanes = replay.MaxSlices

// serveCmd is `reprise serve`.
type serveCmd struct {
	Address       string        `default:"127.0.0.1:8080" env:"REPRISE_ADDRESS" placeholder:"HOST:PORT" help:"Where to take requests; port 0 takes a free one."`
	Data          string        `default:"data/reprise.db" env:"REPRISE_DATA" placeholder:"FILE" help:"The data file; it is made if it is not there, readable by its owner alone."`
	Domain        string        `default:"localhost" env:"REPRISE_DOMAIN" placeholder:"NAME" help:"What a request's host must end in for its first label to name a region, as in us.localhost; empty: anything."`
	Regions       []string      `default:"us,eu" env:"REPRISE_REGIONS" placeholder:"A,B" help:"The regions that are served."`
	DefaultRegion string        `env:"REPRISE_DEFAULT_REGION" placeholder:"REGION" help:"The region of a request whose host names none; the first of --regions if not given."`
	Lanes         int           `default:"4" env:"REPRISE_LANES" placeholder:"N" help:"How many requests a replay may have in flight to its webhook, 1 to 32; 1 keeps all entries in order of time."`
	Patience      time.Duration `default:"${patience}" env:"REPRISE_PATIENCE" placeholder:"TIME" help:"How long a batch is tried before the replay fails."`
	CEFHost       string        `name:"cef-host" default:"${host}" env:"REPRISE_CEF_HOST" placeholder:"NAME" help:"What entries that are sent as cef name as the host that they come from."`
	AllowInside   bool          `env:"REPRISE_ALLOW_INSIDE" help:"Let webhooks be http and on this machine or network: for trying things out, never for customers' webhooks."`
	WebhookPorts  string        `env:"REPRISE_WEBHOOK_PORTS" placeholder:"N,N" help:"The ports that webhooks may be on: 443 if none is given, with --allow-inside any."`
	Profile       string        `hidden:"" env:"REPRISE_PPROF" placeholder:"FOLDER" help:"Write a CPU and a heap profile there when it ends."`
	logs          `embed:""`
}

// Help is examples.
func (serveCmd) Help() string {
	return `Examples:

    reprise serve
    reprise serve --allow-inside                        # webhooks of this machine, such as "reprise listen"
    reprise serve --address 127.0.0.1:0 --log-format json
    reprise serve --webhook-ports 443,8443
    REPRISE_DATA=/var/lib/reprise/reprise.db reprise serve --regions eu --domain audit.example.com

SIGINT and SIGTERM end it once the requests and the batches in hand are finished.`
}

// Validate names the flag and the rule that it breaks.
func (c *serveCmd) Validate() error {
	if err := checkAddress(c.Address); err != nil {
		return err
	}
	if c.Data == "" {
		return errors.New("--data: must name a file")
	}
	if c.Lanes < 1 || c.Lanes > maxLanes {
		return fmt.Errorf("--lanes: must be from 1 to %d, not %d", maxLanes, c.Lanes)
	}
	if c.Patience <= 0 {
		return fmt.Errorf("--patience: must be more than nothing, not %s", c.Patience)
	}
	if err := auditlog.CheckHost(c.CEFHost); err != nil {
		return fmt.Errorf("--cef-host: %w", err)
	}
	if _, err := egress.ParsePorts(c.WebhookPorts); err != nil {
		return fmt.Errorf("--webhook-ports: %w", err)
	}
	if err := replay.CheckDomain(c.Domain); err != nil {
		return fmt.Errorf("--domain: %w", err)
	}
	if err := replay.CheckRegions(c.Regions); err != nil {
		return fmt.Errorf("--regions: %w", err)
	}
	if c.DefaultRegion != "" && !slices.Contains(c.Regions, c.DefaultRegion) {
		return fmt.Errorf("--default-region: %q is none of --regions %s", c.DefaultRegion, strings.Join(c.Regions, ","))
	}
	return nil
}

// Run serves until ctx ends.
func (c *serveCmd) Run(ctx context.Context, s streams) error {
	if err := c.logs.start(s.err); err != nil {
		return err
	}
	ports, err := egress.ParsePorts(c.WebhookPorts)
	if err != nil {
		return fmt.Errorf("--webhook-ports: %w", err)
	}
	regions := replay.Regions{Known: c.Regions, Default: c.DefaultRegion, Domain: c.Domain}
	if regions.Default == "" {
		regions.Default = c.Regions[0]
	}
	config := local.Config{
		Address: c.Address, File: c.Data, Regions: regions,
		Guard: egress.Guard{AllowInside: c.AllowInside, AllowHTTP: c.AllowInside, Ports: ports},
		Lanes: c.Lanes, Patience: c.Patience, CEFHost: c.CEFHost, Version: egress.Version(),
		Ready: func(address string) {
			slog.InfoContext(ctx, "serving", "address", address, "data", c.Data, "regions", c.Regions, "version", egress.Version())
			if !c.forPrograms() {
				_, _ = fmt.Fprint(s.err, c.welcome(os.Args[0], address))
			}
		},
	}
	return profiled(ctx, c.Profile, func(ctx context.Context) error { return local.Run(ctx, config) })
}

// welcome is a first replay, step by step, each to be pasted into bash, as README.md goes it; program is how reprise was called.
func (c *serveCmd) welcome(program, address string) string {
	program, data := quote(program), quote(c.Data)
	begin, received := "In another terminal, from this folder:", ""
	endpoint, whose := "https://audit.example.com/", `: a receiver of yours, by https ("serve --allow-inside" takes one here)`
	if c.AllowInside {
		endpoint, whose = "http://127.0.0.1:8090/", ""
		received = ", and see the entries in the second terminal"
		begin = fmt.Sprintf(`In a second terminal, from this folder, a receiver that checks what it gets:

  %s listen --tail --authorization "Bearer its-secret"%s

In a third, from this folder:`, program, unless("http://"+address == localAPI, " --jwks http://"+address+client.KeysPath))
	}
	return fmt.Sprintf(`
Reprise serves on http://%[1]s with its data in %[2]s; Ctrl-C ends it. A first replay:

%[4]s

  # a token for an admin, and where the commands are to use it
  export REPRISE_TOKEN=$(%[3]s token create --data %[2]s --org my-organization --role admin --label me)%[8]s

  # an entry of now
  echo '{"event_class_id":"shop","name":"Ingress","rt":'$(date +%%s)000'}' | %[3]s send -

  # where entries are to be sent again%[5]s
  echo "Bearer its-secret" | %[3]s webhook set --endpoint %[6]s --authorization-from - --enable

  # all entries of the last hour again%[7]s
  %[3]s replay --last 1h --follow

The same on a page: open http://%[1]s/ and paste the token that "echo $REPRISE_TOKEN" shows.

`, address, data, program, begin, whose, endpoint, received, unless("http://"+address == localAPI, " REPRISE_API=http://"+address))
}

// unless is the text, or nothing where that is what a command takes anyway.
func unless(anyway bool, text string) string {
	if anyway {
		return ""
	}
	return text
}

// quote is s as one word of a shell.
func quote(s string) string {
	const plain = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789/._-+,:@%"
	if s != "" && strings.Trim(s, plain) == "" {
		return s
	}
	return "'" + strings.ReplaceAll(s, "'", `'\''`) + "'"
}

func checkAddress(address string) error {
	_, port, err := net.SplitHostPort(address)
	if err != nil {
		return fmt.Errorf("--address: must be HOST:PORT, such as 127.0.0.1:8080, not %q", address)
	}
	if _, err := strconv.ParseUint(port, 10, 16); err != nil {
		return fmt.Errorf("--address: the port must be a number from 0 to 65535, not %q", port)
	}
	return nil
}
