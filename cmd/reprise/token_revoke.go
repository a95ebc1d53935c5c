package main

import (
	"context"
	"encoding/hex"
	"errors"
	"fmt"
	"regexp"
	"strings"
	"time"

	"reprise/shared/access"
)

// tokenRevokeCmd is `reprise token revoke`.
type tokenRevokeCmd struct {
	tokenPlace `embed:""`
	Org        string `env:"REPRISE_ORG" placeholder:"ORG" help:"The token's organization; with --data it need not be given."`
	ID         string `arg:"" placeholder:"ID" help:"The token's id, as \"token list\" shows it."`
}

// Help is examples.
func (tokenRevokeCmd) Help() string {
	return `A service remembers a token for a minute, and takes it that long after it was revoked. To revoke one again changes nothing.

Examples:

    reprise token revoke 0f1e2d3c4b5a
    reprise token revoke --store dynamodb --table my-stack-tokens --org my-organization 0f1e2d3c4b5a

The id of a token that leaked:

    printf %s "$TOKEN" | sha256sum | cut -c1-12`
}

// Validate names what breaks a rule, and never repeats an ID, which may be a secret by mistake.
func (c *tokenRevokeCmd) Validate() error {
	if err := c.check(); err != nil {
		return err
	}
	if strings.HasPrefix(c.ID, access.Prefix) {
		return errors.New("<id>: a secret was given, which others on this machine may have read now: revoke it by its id")
	}
	if ok, _ := regexp.MatchString("^[0-9a-f]{12,64}$", c.ID); !ok {
		return errors.New("<id>: must be the 12 hexadecimal digits that \"token list\" shows, or more of the SHA-256 of the token's secret")
	}
	return c.needsOrg(c.Org)
}

// Run revokes it.
func (c *tokenRevokeCmd) Run(ctx context.Context, s streams) (err error) {
	store, err := c.open(ctx, true)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, store.close()) }()
	token, err := c.find(ctx, store.at)
	if err != nil {
		return err
	}
	if !token.Revoked.IsZero() {
		_, err := fmt.Fprintf(s.err, "Token %q of organization %s was revoked already, at %s: nothing was changed.\n", token.Label, token.Org, token.Revoked.Format(time.RFC3339))
		return err
	}
	if err := store.at.RevokeToken(ctx, token.Hash, time.Now().UTC().Truncate(time.Millisecond)); err != nil {
		return err
	}
	_, err = fmt.Fprintf(s.err, "Token %q of organization %s, role %s, in %s is revoked: a service that has seen it in the last minute may take it until that is over.\n",
		token.Label, token.Org, token.Role, c.name())
	return err
}

// find is the one token that the ID names.
func (c *tokenRevokeCmd) find(ctx context.Context, at tokens) (access.Token, error) {
	all, err := tokensOf(ctx, at, c.Org)
	if err != nil {
		return access.Token{}, err
	}
	var found []access.Token
	for _, t := range all {
		if strings.HasPrefix(hex.EncodeToString(t.Hash[:]), c.ID) {
			found = append(found, t)
		}
	}
	switch len(found) {
	case 0:
		return access.Token{}, fmt.Errorf("no token %s in %s%s: \"reprise token list\" shows those there are", c.ID, c.name(), of(c.Org))
	case 1:
		return found[0], nil
	default:
		return access.Token{}, fmt.Errorf("%s names %d tokens in %s%s: give more digits of the SHA-256 of the token's secret", c.ID, len(found), c.name(), of(c.Org))
	}
}
