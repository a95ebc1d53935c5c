package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/url"
	"os"
	"time"

	"reprise/shared/receiver"
)

// listenCmd is `reprise listen`.
type listenCmd struct {
	Address       string        `default:"127.0.0.1:8090" env:"REPRISE_LISTEN_ADDRESS" placeholder:"HOST:PORT" help:"Where to take batches; port 0 takes a free one."`
	JWKS          string        `name:"jwks" default:"http://127.0.0.1:8080/v2/audit-log-webhook/jwks.json" env:"REPRISE_LISTEN_JWKS" placeholder:"URL" help:"Where the keys are that signatures are checked with."`
	Authorization string        `env:"REPRISE_LISTEN_AUTHORIZATION" placeholder:"TEXT" help:"The Authorization header that must come, to the letter; anything else is answered 401. Anything goes if not given."`
	Output        string        `short:"o" env:"REPRISE_LISTEN_OUTPUT" placeholder:"FILE" help:"Append every entry to this file, one per line, before it is acknowledged."`
	Delay         time.Duration `default:"0s" env:"REPRISE_LISTEN_DELAY" placeholder:"TIME" help:"Wait before each answer: a slow receiver."`
	Answer        string        `default:"200" env:"REPRISE_LISTEN_ANSWER" placeholder:"CODES" help:"What to answer, such as 503; or 503x3,200: three times 503, then 200. What is not acknowledged is not taken."`
	Break         string        `hidden:"" env:"REPRISE_LISTEN_BREAK" help:"Go wrong with one entry: drop, flip, dup or outside."`
	logs          `embed:""`
}

// Help is examples.
func (listenCmd) Help() string {
	return `It checks that a batch is one gzip member of whole lines, and every line's signature, whatever its format; it counts entries, duplicates and what is
wrong. An entry that came before is a duplicate, also where a second replay sends it again. When it is ended (Ctrl-C) it prints the counts as one line of JSON on standard output.

Examples:

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
	if err := c.logs.start(s.err); err != nil {
		return err
	}
	first, answer, err := receiver.ParseAnswers(c.Answer)
	if err != nil {
		return err
	}
	broken, err := receiver.ParseBreak(c.Break)
	if err != nil {
		return err
	}
	options := receiver.Options{
		Keys: receiver.JWKS{URL: c.JWKS}.Keys, Authorization: c.Authorization,
		Delay: c.Delay, First: first, Answer: answer, Break: broken,
	}
	if c.Output != "" {
		f, err := os.OpenFile(c.Output, os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o600)
		if err != nil {
			return fmt.Errorf("--output: %w", err)
		}
		defer func() { err = errors.Join(err, f.Close()) }()
		options.Out = f
	}
	hook := receiver.New(options)
	if err := c.serve(ctx, hook, s.err); err != nil {
		return err
	}
	return json.NewEncoder(s.out).Encode(hook.Summary())
}

// lastWord is how long the batches in hand may take once the receiver is to end; their sender sends them again.
const lastWord = 5 * time.Second

// serve takes batches until ctx ends, and lets those in hand finish.
func (c *listenCmd) serve(ctx context.Context, hook *receiver.Receiver, stderr io.Writer) error {
	listener, err := net.Listen("tcp", c.Address)
	if err != nil {
		return err
	}
	server := &http.Server{
		Handler: hook, ReadHeaderTimeout: 10 * time.Second, IdleTimeout: 2 * time.Minute,
		ErrorLog: slog.NewLogLogger(slog.Default().Handler(), slog.LevelDebug),
	}
	slog.InfoContext(ctx, "listening", "address", listener.Addr().String(), "jwks", c.JWKS)
	served := make(chan error, 1)
	go func() { served <- server.Serve(listener) }()
	counts := newCounts(hook, stderr, !c.forPrograms() && terminal(stderr))
	for ctx.Err() == nil {
		select {
		case err := <-served:
			return err
		case <-ctx.Done():
		case <-time.After(time.Second):
			counts.draw()
		}
	}
	counts.end()
	last, cancel := context.WithTimeout(context.WithoutCancel(ctx), lastWord)
	defer cancel()
	if err := server.Shutdown(last); err != nil {
		slog.WarnContext(ctx, "left batches unanswered: their sender will send them again", "err", err)
		return server.Close()
	}
	return nil
}
