package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"reflect"
	"strings"
	"syscall"
	"time"

	"github.com/alecthomas/kong"
	"golang.org/x/term"

	"reprise/shared/access"
	"reprise/shared/auditlog"
	"reprise/shared/boot"
	"reprise/shared/egress"
	"reprise/shared/webhook"
)

// cli is the command line: kong reads it from these fields. Every flag has an environment variable, so that a container
// needs no command line.
type cli struct {
	Replay     replayCmd     `cmd:"" group:"Client" help:"Send a range of entries again."`
	Status     statusCmd     `cmd:"" group:"Client" help:"Show how the last replay is."`
	Cancel     cancelCmd     `cmd:"" group:"Client" help:"End a replay."`
	Webhook    webhookCmd    `cmd:"" group:"Client" help:"Show, change and try where replays go."`
	Send       sendCmd       `cmd:"" group:"Client" help:"Send entries of a file to a service."`
	Login      loginCmd      `cmd:"" group:"Client" help:"Keep a token for a service."`
	Logout     logoutCmd     `cmd:"" group:"Client" help:"Forget the token of a service."`
	Profiles   profilesCmd   `cmd:"" group:"Client" help:"Show the services that are kept."`
	Serve      serveCmd      `cmd:"" group:"Service on this machine" help:"Serve the API on this machine, with everything in one file."`
	Token      tokenCmd      `cmd:"" group:"Service on this machine" help:"Make, show and revoke tokens for the API."`
	Keys       keysCmd       `cmd:"" group:"Service on this machine" help:"Make the key that entries are signed with."`
	Demo       demoCmd       `cmd:"" group:"Service on this machine" help:"Show a whole replay on this machine and compare it entry by entry."`
	Listen     listenCmd     `cmd:"" group:"Receivers and checks" help:"Be a webhook that checks what it gets."`
	Verify     verifyCmd     `cmd:"" group:"Receivers and checks" help:"Check the signatures of entries in a file."`
	Completion completionCmd `cmd:"" group:"Others" help:"Print a script that has a shell complete command lines."`
	Version    versionCmd    `cmd:"" group:"Others" help:"Print the version."`

	ShowVersion kong.VersionFlag `name:"version" help:"Print the version."`
}

const about = `Reprise keeps audit entries for seven days and sends a range of them again when a receiver missed some.

Start with "reprise demo", or with "reprise serve --allow-inside" and what it prints; then:

    reprise login
    reprise send entries.ndjson
    reprise listen --tail
    reprise webhook get
    reprise replay --last 1h --follow

Flags, which stand behind the command, win over the environment (each flag's help names its variable). The service, the token and the
region are those of a flag, else of the profile that --profile names, else of the environment, else of the profile that $REPRISE_PROFILE
names, or of the one named default; "reprise login" keeps profiles. Results are on standard output, all else on standard error; colours
are on terminals alone, and not with NO_COLOR.

It exits with 0 when all is done; 1 when something went wrong; 2 when the command line makes no sense; 3 when the replay failed; 4 when
nobody is signed in, or may not do that; 5 when another replay is running; 130 when it was interrupted.`

// streams is where a command reads, where it writes: results to out, whatever is said about them to err.
type streams struct {
	in       io.Reader
	out, err io.Writer
}

// terminal reports whether somebody watches, or types, the stream.
func terminal(stream any) bool {
	f, ok := stream.(*os.File)
	return ok && term.IsTerminal(int(f.Fd()))
}

// run reads the command line, does what it says, and returns the exit code.
func run(ctx context.Context, args []string, stdin io.Reader, stdout, stderr io.Writer) int {
	switch {
	case len(args) == 0:
		args = []string{"--help"}
	case args[0] == "help":
		args = append(args[1:], "--help")
	}
	parser, err := newParser(stdout, stderr)
	if err != nil {
		return complain(stderr, exitFailed, err, "")
	}
	if args[0] == completeCommand {
		printCandidates(stdout, complete(parser.Model, append(args[1:], "")[:max(len(args)-1, 1)], profileNames))
		return exitOK
	}
	parsed, err := parser.Parse(args)
	if err != nil {
		return complain(stderr, exitUsage, err, usageHint(err))
	}
	parsed.BindTo(ctx, (*context.Context)(nil))
	if err := parsed.Run(streams{stdin, stdout, stderr}); err != nil {
		return complain(stderr, codeOf(err), err, hint(err))
	}
	return exitOK
}

// newParser is kong with the whole command line.
func newParser(stdout, stderr io.Writer) (*kong.Kong, error) {
	return kong.New(new(cli), kong.Name("reprise"), kong.Description(about), kong.Writers(stdout, stderr),
		kong.ConfigureHelp(kong.HelpOptions{Compact: true, WrapUpperBound: 110}),
		kong.Vars{"version": egress.Version(), "patience": webhook.Patience.String(), "host": auditlog.DefaultHost},
		kong.ValueFormatter(describe), kong.TypeMapper(reflect.TypeFor[time.Duration](), kong.MapperFunc(duration)))
}

// describe is a flag's help, with its default and its environment variable.
func describe(v *kong.Value) string {
	var notes []string
	if v.HasDefault && v.Default != "" {
		notes = append(notes, "default "+v.Default)
	}
	for _, name := range v.Tag.Envs {
		notes = append(notes, "$"+name)
	}
	if notes == nil {
		return v.Help
	}
	return fmt.Sprintf("%s (%s).", strings.TrimSuffix(v.Help, "."), strings.Join(notes, ", "))
}

// duration reads a flag's time, as kong does, with an error that says how one is written.
func duration(c *kong.DecodeContext, target reflect.Value) error {
	var text string
	if err := c.Scan.PopValueInto("time", &text); err != nil {
		return err
	}
	d, err := time.ParseDuration(text)
	if err != nil {
		return fmt.Errorf("must be a time with its unit, such as 5s or 720h, not %q", text)
	}
	target.SetInt(int64(d))
	return nil
}

func complain(w io.Writer, code int, err error, hint string) int {
	_, _ = fmt.Fprintf(w, "reprise: %s\n", access.Redact(err.Error())) // it may repeat a token given where none belongs
	if hint != "" {
		_, _ = fmt.Fprintln(w, hint)
	}
	return code
}

// usageHint says where the right command line is described.
func usageHint(err error) string {
	command := "reprise"
	var p *kong.ParseError
	if errors.As(err, &p) && p.Context != nil && p.Context.Selected() != nil {
		command = p.Context.Selected().FullPath()
	}
	if command == "reprise" && strings.HasPrefix(err.Error(), "unknown flag") {
		return `Flags belong behind the command, such as "reprise status --api URL"; "reprise --help" shows the commands.`
	}
	return fmt.Sprintf(`Run "%s --help" for the flags, their rules, and examples.`, command)
}

// hint says what to do about an error that does not say so itself.
func hint(err error) string {
	var network *net.OpError
	switch {
	case errors.Is(err, syscall.EADDRINUSE):
		return "Another process listens there: stop it, or choose another port with --address (port 0 takes a free one; behind make it is ADDRESS=HOST:PORT)."
	case errors.Is(err, syscall.EADDRNOTAVAIL):
		return "This machine has no such address: choose one of its own with --address, such as 127.0.0.1:8080."
	case errors.Is(err, syscall.EACCES) && errors.As(err, &network):
		return "Ports below 1024 need a privilege: choose a higher one with --address."
	case strings.HasPrefix(err.Error(), "data file "): // as the store begins what it says
		return "The data file is the one that --data, or REPRISE_DATA, names."
	}
	if todo := advice(err); todo != "" {
		return todo
	}
	return boot.Advice(err)
}
