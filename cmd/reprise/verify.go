package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/url"
	"os"

	"reprise/cmd/reprise/lines"
	"reprise/cmd/reprise/meter"
	"reprise/cmd/reprise/signatures"
	"reprise/cmd/reprise/words"
	"reprise/shared/auditlog"
	"reprise/shared/receiver"
)

// verifyCmd is `reprise verify`.
type verifyCmd struct {
	File   string `arg:"" placeholder:"FILE" help:"The entries, one per line, gzipped or not; - is standard input."`
	JWKS   string `name:"jwks" env:"REPRISE_JWKS" placeholder:"FILE|URL" help:"Where the keys are that signatures are checked with: a file, or an http or https URL. It must be given."`
	Output string `short:"o" default:"table" enum:"table,json" env:"REPRISE_OUTPUT" placeholder:"FORMAT" help:"How the result is shown: table, or json for programs."`
}

// Help is examples.
func (verifyCmd) Help() string {
	return `It checks the signature of every line, whatever its format (json, cef or cps), against all keys of the JWKS. Blank lines, the white space around
a line and carriage returns are not looked at. It exits 0 only if there is a line and every line verifies; the first lines that do not are named with their numbers.

The keys are published by the service that signed, to anybody. Kept in a file they are enough to verify for good, offline.

Examples:

    curl -fsS -o jwks.json http://127.0.0.1:8080/v2/audit-log-webhook/jwks.json
    reprise verify received.ndjson --jwks jwks.json
    reprise verify received.ndjson --jwks http://127.0.0.1:8080/v2/audit-log-webhook/jwks.json
    reprise verify archive.ndjson.gz --jwks jwks.json --output json
    zcat archive-*.gz | reprise verify - --jwks jwks.json`
}

// Validate names the flag and the rule that it breaks.
func (c *verifyCmd) Validate() error {
	switch {
	case c.File == "":
		return errors.New("<file>: must name a file, or be - for standard input")
	case c.JWKS == "":
		return errors.New("--jwks: must name the file of the keys, or be their URL; this gets the file from a service on this machine:\n" +
			"curl -fsS -o jwks.json " + localAPI + "/v2/audit-log-webhook/jwks.json")
	}
	return nil
}

// Run checks the file.
func (c *verifyCmd) Run(ctx context.Context, s streams) error {
	keys, err := readJWKS(ctx, c.JWKS)
	if err != nil {
		return err
	}
	in, name, err := openEntries(ctx, c.File, s.in)
	if err != nil {
		return err
	}
	defer in.Close()
	r, err := signatures.Check(ctx, lines.Read(in, name), keys)
	if err != nil {
		return err
	}
	if err := c.show(s.out, r); err != nil {
		return err
	}
	switch bad := r.Lines - r.Verified; {
	case r.Lines == 0:
		return fmt.Errorf("%s holds no entries: there is nothing to verify", name)
	case bad > 0:
		return fmt.Errorf("%s: %s of %s not verify", name, meter.Commas(bad), words.Count(r.Lines, "line")+does(bad))
	}
	return nil
}

func does(n int64) string {
	if n == 1 {
		return " does"
	}
	return " do"
}

func (c *verifyCmd) show(out io.Writer, r signatures.Result) error {
	if c.Output == "json" {
		return json.NewEncoder(out).Encode(r)
	}
	text := fmt.Sprintf("%s: %s verified", words.Count(r.Lines, "line"), meter.Commas(r.Verified))
	for _, part := range []struct {
		n    int64
		what string
	}{{r.Wrong, "with a wrong signature"}, {r.Unsigned, "without a signature"}, {r.Unknown, "of no known format"}} {
		if part.n > 0 {
			text += fmt.Sprintf(", %s %s", meter.Commas(part.n), part.what)
		}
	}
	text += "\n"
	for _, p := range r.First {
		text += fmt.Sprintf("line %d: %s\n", p.Line, p.Why)
	}
	if more := r.Lines - r.Verified - int64(len(r.First)); more > 0 {
		text += fmt.Sprintf("and %s more\n", meter.Commas(more))
	}
	_, err := io.WriteString(out, text)
	return err
}

// maxJWKS bounds a file of keys, in bytes: some 8,000.
const maxJWKS = 1 << 20

// readJWKS is the keys of a file or a URL, one at least.
func readJWKS(ctx context.Context, where string) (keys []auditlog.PublicKey, err error) {
	if u, e := url.Parse(where); e == nil && u.Host != "" && (u.Scheme == "http" || u.Scheme == "https") {
		keys, err = receiver.JWKS{URL: where}.Keys(ctx)
	} else {
		keys, err = readJWKSFile(where)
	}
	if err == nil && len(keys) == 0 {
		err = fmt.Errorf("%s holds no Ed25519 key", where)
	}
	if err != nil {
		return nil, fmt.Errorf("--jwks: %w", err)
	}
	return keys, nil
}

func readJWKSFile(file string) ([]auditlog.PublicKey, error) {
	f, err := os.Open(file)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	text, err := io.ReadAll(io.LimitReader(f, maxJWKS+1))
	if err != nil {
		return nil, err
	}
	if len(text) > maxJWKS {
		return nil, fmt.Errorf("%s is longer than %d bytes: it is no JWKS", file, maxJWKS)
	}
	keys, err := auditlog.ParseJWKS(text)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", file, err)
	}
	return keys, nil
}
