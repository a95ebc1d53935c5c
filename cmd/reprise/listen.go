package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/url"
	"os"
	"time"

	"reprise/cmd/reprise/tail"
	"reprise/shared/receiver"
)

// listenCmd is `reprise listen`.
type listenCmd struct {
	Address       string        `default:"127.0.0.1:8090" env:"REPRISE_LISTEN_ADDRESS" placeholder:"HOST:PORT" help:"Where to take batches; port 0 takes a free one."`
	JWKS          string        `name:"jwks" default:"http://127.0.0.1:8080/v2/audit-log-webhook/jwks.json" env:"REPRISE_LISTEN_JWKS" placeholder:"URL" help:"Where the keys are that signatures are checked with."`
	Authorization string        `env:"REPRISE_LISTEN_AUTHORIZATION" placeholder:"TEXT" help:"The Authorization header that must come, to the letter; anything else is answered 401. Anything goes if not given."`
	Output        string        `short:"o" env:"REPRISE_LISTEN_OUTPUT" placeholder:"FILE" help:"Append every entry to this file, one per line, before it is acknowledged."`
	Tail          bool          `env:"REPRISE_LISTEN_TAIL" help:"Show each entry on standard output, one line each: time, name, who, what, outcome. The counts then go to standard error."`
	Forward       string        `env:"REPRISE_LISTEN_FORWARD" placeholder:"URL" help:"Pass each batch on to another receiver, as it came, and answer what that one answers."`
	ForwardAuth   string        `name:"forward-authorization" env:"REPRISE_LISTEN_FORWARD_AUTHORIZATION" placeholder:"TEXT" help:"The Authorization header that goes to --forward; what came if not given."`
	Delay         time.Duration `default:"0s" env:"REPRISE_LISTEN_DELAY" placeholder:"TIME" help:"Wait before each answer: a slow receiver."`
	Answer        string        `default:"200" env:"REPRISE_LISTEN_ANSWER" placeholder:"CODES" help:"What to answer, such as 503; or 503x3,200: three times 503, then 200. What is not acknowledged is not taken."`
	Break         string        `env:"REPRISE_LISTEN_BREAK" placeholder:"KIND" help:"Go wrong with one entry, to see that it is found: drop, flip, dup or outside."`
	logs          `embed:""`
}

// Help is examples.
func (listenCmd) Help() string {
	return `It checks that a batch is one gzip member of whole lines, and every line's signature, whatever its format; it counts entries, duplicates and what is
wrong. An entry that came before is a duplicate, also where a second replay sends it again. When it is ended (Ctrl-C) it prints the counts on standard output: as one line of JSON, unless that
is a terminal.
What is refused or wrong is said in the log, each reason once in ten seconds at most.

With --forward a batch is taken only once the other receiver answered with a 2xx; any other answer is the sender's, which tries again or
not. No answer within 12 s is a 504, none at all a 502. What is refused here is not forwarded; a wrong signature is.

Examples:

    reprise listen --tail
    reprise listen --forward http://127.0.0.1:9000/ --forward-authorization "Bearer other"
    reprise listen -o received.ndjson
    reprise listen --authorization "Bearer secret" --delay 2s
    reprise listen --answer 503x3,200                   # refuse three times, then take everything`
}

// Validate names the flag and the rule that it breaks.
func (c *listenCmd) Validate() error {
	if err := checkAddress(c.Address); err != nil {
		return err
	}
	if u, err := url.Parse(c.JWKS); err != nil || u.Host == "" || u.Scheme != "http" && u.Scheme != "https" {
		return fmt.Errorf("--jwks: must be an http or https URL, not %q", c.JWKS)
	}
	if c.Forward != "" {
		if err := checkForward(c.Forward); err != nil {
			return err
		}
	}
	if c.ForwardAuth != "" && c.Forward == "" {
		return errors.New("--forward-authorization: needs --forward")
	}
	if c.Delay < 0 {
		return fmt.Errorf("--delay: must not be less than nothing, not %s", c.Delay)
	}
	if _, _, err := receiver.ParseAnswers(c.Answer); err != nil {
		return fmt.Errorf("--answer: %w", err)
	}
	if _, err := receiver.ParseBreak(c.Break); err != nil {
		return fmt.Errorf("--break: %w", err)
	}
	return nil
}

// Run listens until ctx ends, then prints the summary.
func (c *listenCmd) Run(ctx context.Context, s streams) (err error) {
	line := newCounts(s.err, !c.forPrograms() && terminal(s.err))
	if err := c.logs.start(line.above(s.err)); err != nil {
		return err
	}
	wrong := newComplaints(time.Now)
	options, err := c.options()
	if err != nil {
		return err
	}
	options.Complain = wrong.add
	var outs []io.Writer
	if c.Output != "" {
		f, err := os.OpenFile(c.Output, os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o600)
		if err != nil {
			return fmt.Errorf("--output: %w", err)
		}
		defer func() { err = errors.Join(err, f.Close()) }()
		outs = append(outs, f)
	}
	summary := s.out
	if c.Tail {
		outs = append(outs, tail.Writer{Out: line.above(s.out), Colour: colours(s.out)})
		summary = s.err
	}
	if outs != nil {
		options.Out = io.MultiWriter(outs...)
	}
	line.hook = receiver.New(options)
	if err := c.serve(ctx, line, wrong); err != nil {
		return err
	}
	return line.conclude(summary, !c.forPrograms() && terminal(summary))
}

// options is what the flags say of the receiver, but for where its entries go.
func (c *listenCmd) options() (receiver.Options, error) {
	first, answer, err := receiver.ParseAnswers(c.Answer)
	if err != nil {
		return receiver.Options{}, err
	}
	broken, err := receiver.ParseBreak(c.Break)
	if err != nil {
		return receiver.Options{}, err
	}
	o := receiver.Options{
		Keys: receiver.JWKS{URL: c.JWKS}.Keys, Authorization: c.Authorization,
		Delay: c.Delay, First: first, Answer: answer, Break: broken,
	}
	if c.Forward != "" {
		o.Forward = newForwarder(c.Forward, c.ForwardAuth).pass
	}
	return o, nil
}

// lastWord is how long the batches in hand may take once the receiver is to end; their sender sends them again.
const lastWord = 5 * time.Second

// serve takes batches until ctx ends, and lets those in hand finish.
func (c *listenCmd) serve(ctx context.Context, line *counts, wrong *complaints) error {
	listener, err := net.Listen("tcp", c.Address)
	if err != nil {
		return err
	}
	server := &http.Server{
		Handler: line.hook, ReadHeaderTimeout: 10 * time.Second, IdleTimeout: 2 * time.Minute,
		ErrorLog: slog.NewLogLogger(slog.Default().Handler(), slog.LevelDebug),
	}
	slog.InfoContext(ctx, "listening", "address", listener.Addr().String(), "jwks", c.JWKS)
	served := make(chan error, 1)
	go func() { served <- server.Serve(listener) }()
	for ctx.Err() == nil {
		select {
		case err := <-served:
			return err
		case <-ctx.Done():
		case <-time.After(time.Second):
			line.draw()
			wrong.say(ctx, false)
		}
	}
	last, cancel := context.WithTimeout(context.WithoutCancel(ctx), lastWord)
	defer cancel()
	err = server.Shutdown(last)
	wrong.say(ctx, true)
	line.end()
	if err != nil {
		slog.WarnContext(ctx, "left batches unanswered: their sender will send them again", "err", err)
		return server.Close()
	}
	return nil
}
