package main

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"reprise/shared/access"
	"reprise/shared/boot"
	"reprise/shared/sqlite"
)

// tokenCmd is `reprise token`.
type tokenCmd struct {
	Create tokenCreateCmd `cmd:"" help:"Make a token; its secret is printed once and kept nowhere."`
	List   tokenListCmd   `cmd:"" help:"Show whose tokens there are; never a secret."`
	Revoke tokenRevokeCmd `cmd:"" help:"Take a token back, for good."`
}

// Help is examples.
func (tokenCmd) Help() string {
	return `Examples:

    reprise token create --org my-organization --role admin --label me
    reprise token list
    reprise token revoke 0123456789ab`
}

// tokens is what these commands do (storetest.Desk).
type tokens interface {
	SaveToken(context.Context, access.Token) error
	TokensOf(ctx context.Context, org string) ([]access.Token, error)
	RevokeToken(ctx context.Context, h access.Hash, at time.Time) error
}

// tokenPlace is where tokens are.
type tokenPlace struct {
	place `embed:""`
	Table string `env:"TOKENS_TABLE" placeholder:"TABLE" help:"The table of tokens, with --store dynamodb."`
}

func (p tokenPlace) check() error { return p.place.check(p.Table) }

func (p tokenPlace) name() string { return p.place.name(p.Table) }

func (p tokenPlace) open(ctx context.Context, mustBeThere bool) (opened[tokens], error) {
	return open(ctx, p.place, p.Table, mustBeThere,
		func(s *sqlite.Store) tokens { return s },
		func(ctx context.Context, table string) (tokens, error) { return boot.OperatorTokens(ctx, table) })
}

// tokenCreateCmd is `reprise token create`.
type tokenCreateCmd struct {
	tokenPlace `embed:""`
	Org        string        `required:"" env:"REPRISE_ORG" placeholder:"ORG" help:"The organization that the token speaks for."`
	Role       string        `required:"" env:"REPRISE_ROLE" placeholder:"ROLE" help:"What the token allows: admin (all of it) or intake (only to send entries)."`
	Label      string        `required:"" env:"REPRISE_LABEL" placeholder:"TEXT" help:"Whose token it is; replays show it under requested_by."`
	Expires    time.Duration `env:"REPRISE_EXPIRES" placeholder:"TIME" help:"After what time the token stops to work, such as 720h; never if not given."`
}

// Help is examples.
func (tokenCreateCmd) Help() string {
	return `Examples:

    TOKEN=$(reprise token create --org my-organization --role admin --label me)
    reprise token create --org my-organization --role intake --label gateway --expires 720h > token.txt
    reprise token create --store dynamodb --table my-stack-tokens --org my-organization --role admin --label me

The secret is the only thing on standard output.`
}

// maxName bounds --org and --label, in bytes: enough for a UUID or an e-mail address.
const maxName = 200

// Validate names the flag and the rule that it breaks.
func (c *tokenCreateCmd) Validate() error {
	if err := c.check(); err != nil {
		return err
	}
	var missing []string
	for _, f := range []struct{ flag, value string }{{"--org", c.Org}, {"--role", c.Role}, {"--label", c.Label}} {
		if f.value == "" {
			missing = append(missing, f.flag)
		}
	}
	if missing != nil {
		return fmt.Errorf("%s: must be given", strings.Join(missing, ", ")) // here, since kong asks after their values first
	}
	if _, err := access.ParseRole(c.Role); err != nil {
		return fmt.Errorf("--role: %w", err)
	}
	if c.Expires < 0 {
		return fmt.Errorf("--expires: must not be before now: %s", c.Expires)
	}
	for _, f := range []struct{ flag, value string }{{"--org", c.Org}, {"--label", c.Label}} {
		switch {
		case strings.TrimSpace(f.value) == "":
			return fmt.Errorf("%s: must not be blank", f.flag)
		case len(f.value) > maxName:
			return fmt.Errorf("%s: must be at most %d bytes", f.flag, maxName)
		case strings.ContainsRune(f.value, utf8.RuneError): // what stands for bytes that are none, whichever they were
			return fmt.Errorf("%s: must be UTF-8: %q", f.flag, f.value)
		case strings.ContainsFunc(f.value, func(r rune) bool { return !unicode.IsPrint(r) }):
			return fmt.Errorf("%s: must be printable: %q", f.flag, f.value)
		}
	}
	return nil
}

// Run makes the token.
func (c *tokenCreateCmd) Run(ctx context.Context, s streams) (err error) {
	role, err := access.ParseRole(c.Role)
	if err != nil {
		return err
	}
	store, err := c.open(ctx, false)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, store.close()) }()
	now := time.Now().UTC().Truncate(time.Millisecond)
	var expires time.Time
	until := "it does not expire"
	if c.Expires > 0 {
		expires = now.Add(c.Expires)
		until = "it expires at " + expires.Format(time.RFC3339)
	}
	secret, token, err := access.Mint(rand.Reader, access.Principal{Org: c.Org, Label: c.Label, Role: role}, expires, now)
	if err != nil {
		return err
	}
	if err := store.at.SaveToken(ctx, token); err != nil {
		return fmt.Errorf("saving the token: %w", err)
	}
	if _, err := fmt.Fprintln(s.out, secret); err != nil {
		return fmt.Errorf("printing the token's secret, which is lost now: make another: %w", err)
	}
	_, _ = fmt.Fprintf(s.err, "Token %q of organization %s, role %s, in %s; %s. Its secret is shown this once and kept nowhere; its id is %s.\n",
		c.Label, c.Org, role, c.name(), until, token.Hash.ID())
	if store.made {
		c.tellMade(s.err, "token")
	}
	return nil
}
