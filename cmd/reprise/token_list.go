package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"text/tabwriter"
	"time"

	"reprise/shared/access"
	"reprise/shared/sqlite"
)

// tokenListCmd is `reprise token list`.
type tokenListCmd struct {
	tokenPlace `embed:""`
	Org        string `env:"REPRISE_ORG" placeholder:"ORG" help:"The organization whose tokens are shown; all of a data file if not given."`
	Output     string `short:"o" default:"table" enum:"table,json" env:"REPRISE_OUTPUT" placeholder:"FORMAT" help:"How they are shown: table, or json for programs."`
}

// Help is examples.
func (tokenListCmd) Help() string {
	return `Examples:

    reprise token list
    reprise token list --org my-organization --output json
    reprise token list --store dynamodb --table my-stack-tokens --org my-organization

Nothing that is shown opens a door: the id is the beginning of the SHA-256 of the secret, by which a token that leaked is found:

    printf %s "$TOKEN" | sha256sum | cut -c1-12`
}

// Validate names the flag and the rule that it breaks.
func (c *tokenListCmd) Validate() error {
	if err := c.check(); err != nil {
		return err
	}
	return c.needsOrg(c.Org)
}

// needsOrg: no key of the table leads to the tokens of all organizations, and to read all of a table is no matter of moments.
func (p tokenPlace) needsOrg(org string) error {
	if p.Store == inTables && org == "" {
		return fmt.Errorf("--org: must be given with --store %s", inTables)
	}
	return nil
}

// Run shows them.
func (c *tokenListCmd) Run(ctx context.Context, s streams) (err error) {
	store, err := c.open(ctx, true)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, store.close()) }()
	all, err := tokensOf(ctx, store.at, c.Org)
	if err != nil {
		return err
	}
	if c.Output == "json" {
		return writeJSON(s.out, shownTokens(all))
	}
	if len(all) == 0 {
		_, err := fmt.Fprintf(s.err, "There is no token in %s%s.\n", c.name(), of(c.Org))
		return err
	}
	return writeTable(s.out, all)
}

// tokensOf is the organization's, or everybody's where none is named, which only a data file tells.
func tokensOf(ctx context.Context, at tokens, org string) ([]access.Token, error) {
	if file, ok := at.(*sqlite.Store); ok && org == "" {
		return file.AllTokens(ctx)
	}
	return at.TokensOf(ctx, org)
}

func of(org string) string {
	if org == "" {
		return ""
	}
	return " of organization " + org
}

func writeTable(w io.Writer, all []access.Token) error {
	at := func(t time.Time, never string) string {
		if t.IsZero() {
			return never
		}
		return t.Format(time.RFC3339)
	}
	table := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	_, _ = fmt.Fprintln(table, "ID\tORGANIZATION\tROLE\tLABEL\tMADE\tEXPIRES\tREVOKED") // Flush tells
	for _, t := range all {
		_, _ = fmt.Fprintf(table, "%s\t%s\t%s\t%s\t%s\t%s\t%s\n", t.Hash.ID(), t.Org, t.Role, t.Label, at(t.Made, "-"), at(t.Expires, "never"), at(t.Revoked, "no"))
	}
	return table.Flush()
}

// shownToken is a token as --output json has it; a time that is not there is left out.
type shownToken struct {
	ID      string      `json:"id"`
	Org     string      `json:"org_id"`
	Role    access.Role `json:"role"`
	Label   string      `json:"label"`
	Made    time.Time   `json:"made_at,omitzero"`
	Expires time.Time   `json:"expires_at,omitzero"`
	Revoked time.Time   `json:"revoked_at,omitzero"`
}

func shownTokens(all []access.Token) []shownToken {
	shown := []shownToken{} // none is [], not null
	for _, t := range all {
		shown = append(shown, shownToken{t.Hash.ID(), t.Org, t.Role, t.Label, t.Made, t.Expires, t.Revoked})
	}
	return shown
}
