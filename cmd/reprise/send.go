package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"iter"
	"os"
	"time"

	"reprise/cmd/reprise/bodies"
	"reprise/cmd/reprise/client"
	"reprise/cmd/reprise/lines"
	"reprise/cmd/reprise/meter"
	"reprise/cmd/reprise/words"
)

// sendCmd is `reprise send`.
type sendCmd struct {
	File    string `arg:"" placeholder:"FILE" help:"The entries, one JSON object per line, gzipped or not; - is standard input."`
	Output  string `short:"o" default:"table" enum:"table,json" env:"REPRISE_OUTPUT" placeholder:"FORMAT" help:"How the result is shown: table, or json for programs."`
	service `embed:""`
}

// Help is examples.
func (sendCmd) Help() string {
	return `It sends the entries in their order, in requests of at most 4 MiB and 10,000 entries, each again where the service could not take it.
Where an entry is refused nothing of its request is stored; its line in the file is named, and how many lines before it were accepted.
The same file again stores nothing twice, as long as it is the same: a changed one may be cut into other requests, whose entries are new
ones. So send from a repaired file only what is behind the last line that was accepted; the error says how.

Examples:

    reprise send entries.ndjson
    reprise send access.ndjson.gz --region eu --output json
    jq -c '.[]' array.json | reprise send - --api https://us.api.example.com`
}

// Validate names the flag and the rule that it breaks.
func (c *sendCmd) Validate() error {
	if c.File == "" {
		return errors.New("<file>: must name a file, or be - for standard input")
	}
	return nil
}

// sent is how far it came.
type sent struct {
	Accepted int64 `json:"accepted"` // entries
	Requests int64 `json:"requests"`
	last     int64 // the last line that was accepted
}

// Run sends one request after the other, so that what was accepted is the file's beginning.
func (c *sendCmd) Run(ctx context.Context, s streams) error {
	to, err := c.client()
	if err != nil {
		return err
	}
	total, err := count(ctx, c.File)
	if err != nil {
		return err
	}
	in, name, err := openEntries(ctx, c.File, s.in)
	if err != nil {
		return err
	}
	defer in.Close()
	m := meter.New(s.err, total > 0 && terminal(s.err), "sending", total, time.Now)
	done, err := send(ctx, to, lines.Read(in, name), m)
	m.End()
	if err != nil {
		err = done.stopped(c.File, name, err)
	}
	if c.Output == "json" {
		return errors.Join(err, json.NewEncoder(s.out).Encode(done))
	}
	if err != nil {
		return err
	}
	_, err = fmt.Fprintf(s.out, "%s accepted in %s\n", words.Count(done.Accepted, "entry"), words.Count(done.Requests, "request"))
	return err
}

// count is how many entries a file has, for its progress to be told of all; 0 where it can be read once only.
func count(ctx context.Context, file string) (n int64, err error) {
	info, err := os.Stat(file)
	if file == "-" || err == nil && !info.Mode().IsRegular() {
		return 0, nil
	}
	for _, err := range lines.Of(file) {
		if err == nil {
			err = context.Cause(ctx)
		}
		if err != nil {
			return 0, err
		}
		n++
	}
	return n, nil
}

func send(ctx context.Context, to *client.Client, all iter.Seq2[lines.Line, error], m *meter.Meter) (done sent, err error) {
	for b, err := range bodies.Of(all) {
		if err != nil {
			return done, err
		}
		if done.last == 0 && bytes.HasPrefix(b.Text, []byte("[")) {
			return done, errors.New(`line 1: it is a JSON array, where one object per line is needed: jq -c ".[]" makes these of it`)
		}
		n, err := to.Send(ctx, b.Text, false)
		if err != nil {
			return done, inItsFile(err, b)
		}
		done.Accepted += n
		done.Requests++
		done.last = b.Lines[len(b.Lines)-1]
		m.Add(n)
	}
	return done, nil
}

// openEntries is the file that a command was given, or standard input until ctx ends, with what to call it.
func openEntries(ctx context.Context, file string, stdin io.Reader) (io.ReadCloser, string, error) {
	if file == "-" {
		return io.NopCloser(&interruptible{ctx: ctx, from: stdin}), "standard input", nil
	}
	f, err := os.Open(file)
	return f, file, err
}
