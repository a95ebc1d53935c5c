package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"os"
	"slices"
	"text/tabwriter"
	"time"

	"github.com/alecthomas/kong"

	"reprise/cmd/reprise/client"
)

// loginCmd is `reprise login`.
type loginCmd struct {
	API     string `name:"api" env:"REPRISE_API" placeholder:"URL" help:"The service; the profile's if not given, else http://127.0.0.1:8080."`
	Region  string `env:"REPRISE_REGION" placeholder:"NAME" help:"The region to ask if a command does not say one; the profile's if not given."`
	Profile string `default:"default" env:"REPRISE_PROFILE" placeholder:"NAME" help:"Under which name it is kept."`
	given   given
}

// AfterApply is kong's hook.
func (c *loginCmd) AfterApply(k *kong.Context) error {
	c.given = onCommandLine(k)
	return nil
}

// Help is examples.
func (loginCmd) Help() string {
	return `It asks for the secret of a token, without showing it, or reads it from standard input; tries it; and keeps it in the configuration file,
which REPRISE_CONFIG names (if not, config.yaml in the folder reprise of your configurations), readable by you alone.
A command uses what its flags say, else the profile that --profile names, else the environment, else the profile that $REPRISE_PROFILE
names, or default.

Examples:

    reprise login
    reprise login --api https://us.api.example.com --profile prod
    reprise token create --org acme --role admin --label me | reprise login`
}

// Run signs in.
func (c *loginCmd) Run(ctx context.Context, s streams) error {
	where, err := c.profile()
	if err != nil {
		return err
	}
	token, err := readSecret(ctx, s, "Token for "+where.API+": ")
	if err != nil {
		return err
	}
	if err := client.CheckToken(token); err != nil {
		return &verdict{kind: errUsage, text: "the token " + err.Error()}
	}
	where.Token = token
	at := client.New(client.Config{API: where.API, Token: token, Region: where.Region, Now: time.Now})
	// A body without entries stores nothing (CONTRACT.md §6), and every role may send it.
	if _, err := at.Send(ctx, nil, false); err != nil && !onlyGlobal(err, where.Region) {
		return c.refused(err, where.API)
	}
	kept, err := kept() // anew: while it was typed another may have signed in elsewhere
	if err != nil {
		return err
	}
	kept.Profiles[c.Profile] = where
	if err := kept.save(); err != nil {
		return err
	}
	_, err = fmt.Fprintf(s.err, "Signed in to %s; profile %s of %s keeps it.\n", where.API, c.Profile, kept.path)
	if err == nil && os.Getenv("REPRISE_TOKEN") != "" { // else the next command would be refused, and signing in again would not help
		_, err = fmt.Fprintf(s.err, "REPRISE_TOKEN is set and wins over it: unset that, or say --profile %s.\n", c.Profile)
	}
	return err
}

// refused says why nothing is kept.
func (c *loginCmd) refused(err error, api string) error {
	var refused *client.Refusal
	if errors.As(err, &refused) && refused.Status == http.StatusUnauthorized {
		return &verdict{
			errSignedOut, fmt.Sprintf("%s does not know this token, or it is revoked or expired: nothing is kept", api),
			`"reprise token create" makes one where the service runs, and shows it once.`,
		}
	}
	return fmt.Errorf("nothing is kept: %w", err)
}

// onlyGlobal: the token was taken, where the intake does not take global (CONTRACT.md §1).
func onlyGlobal(err error, region string) bool {
	var refused *client.Refusal
	return region == "global" && errors.As(err, &refused) && len(refused.Invalid) == 1 && refused.Invalid[0].Field == "region"
}

// profile is what is to be kept, yet without the token.
func (c *loginCmd) profile() (profile, error) {
	kept, err := kept()
	if err != nil {
		return profile{}, err
	}
	old := kept.Profiles[c.Profile]
	api, err := c.given.api(c.API, old.API)
	if err != nil {
		return profile{}, err
	}
	region, _ := c.given.first("region", c.Region, old.Region, "")
	return profile{API: api, Region: region}, nil
}

// logoutCmd is `reprise logout`.
type logoutCmd struct {
	Profile string `default:"default" env:"REPRISE_PROFILE" placeholder:"NAME" help:"Whose token is forgotten."`
}

// Help is examples.
func (logoutCmd) Help() string {
	return `The token stays good: "reprise token revoke", where the service runs, ends it.

Examples:

    reprise logout
    reprise logout --profile prod`
}

// Run forgets.
func (c *logoutCmd) Run(s streams) error {
	kept, err := kept()
	if err != nil {
		return err
	}
	if _, ok := kept.Profiles[c.Profile]; !ok {
		if _, err := kept.named(c.Profile); err != nil {
			return err
		}
		_, err = fmt.Fprintf(s.err, "Nobody is signed in: %s has no profile %s.\n", kept.path, c.Profile)
		return err
	}
	delete(kept.Profiles, c.Profile)
	if err := kept.save(); err != nil {
		return err
	}
	_, err = fmt.Fprintf(s.err, "Profile %s is no longer in %s.\n", c.Profile, kept.path)
	return err
}

// profilesCmd is `reprise profiles`.
type profilesCmd struct {
	shape `embed:""`
}

// Help is examples.
func (profilesCmd) Help() string {
	return `Never a token: only whether there is one.

Examples:

    reprise profiles
    reprise profiles --output json`
}

// Run shows them.
func (c *profilesCmd) Run(s streams) error {
	kept, err := kept()
	if err != nil {
		return err
	}
	type shown struct {
		Name   string `json:"profile"`
		API    string `json:"api"`
		Region string `json:"region,omitempty"`
		Token  bool   `json:"signed_in"`
	}
	all := []shown{}
	for _, name := range slices.Sorted(maps.Keys(kept.Profiles)) {
		p := kept.Profiles[name]
		all = append(all, shown{name, cmp.Or(p.API, localAPI), p.Region, p.Token != ""})
	}
	if c.json() {
		return writeJSON(s.out, all)
	}
	if len(all) == 0 {
		_, err := fmt.Fprintf(s.err, "There is no profile in %s: \"reprise login\" makes one.\n", kept.path)
		return err
	}
	table := tabwriter.NewWriter(s.out, 0, 0, 2, ' ', 0)
	_, _ = fmt.Fprintln(table, "PROFILE\tSERVICE\tREGION\tSIGNED IN") // Flush tells
	for _, p := range all {
		_, _ = fmt.Fprintf(table, "%s\t%s\t%s\t%s\n", p.Name, p.API, cmp.Or(p.Region, "-"), yes(p.Token))
	}
	return table.Flush()
}
