package main

import (
	"cmp"
	"fmt"
	"time"

	"github.com/alecthomas/kong"

	"reprise/cmd/reprise/client"
)

// localAPI is where `reprise serve` listens if nothing else is said.
const localAPI = "http://127.0.0.1:8080"

// service is the flags of every command that asks the API.
type service struct {
	API     string `name:"api" env:"REPRISE_API" placeholder:"URL" help:"The service, such as https://us.api.example.com; the profile's if not given, else http://127.0.0.1:8080."`
	Token   string `env:"REPRISE_TOKEN" placeholder:"TEXT" help:"The secret of a token. A command line can be read by everybody on the machine: the environment, or reprise login, is better."`
	Region  string `env:"REPRISE_REGION" placeholder:"NAME" help:"The region, such as us; the profile's if not given, else the one that the service's host means, or its default."`
	Profile string `env:"REPRISE_PROFILE" placeholder:"NAME" help:"The profile of the configuration file to use, which wins over the environment; default if not given."`
	given   given
}

// AfterApply is kong's hook.
func (s *service) AfterApply(c *kong.Context) error {
	s.given = onCommandLine(c)
	return nil
}

// client connects to what the flags and the profile say; whoever is not signed in is told how to.
func (s *service) client() (*client.Client, error) {
	where, from, err := s.place()
	if err != nil {
		return nil, err
	}
	if where.Token == "" {
		return nil, &verdict{
			errSignedOut, fmt.Sprintf("there is no token for %s", where.API),
			`Sign in with "reprise login --api ` + where.API + `", or set REPRISE_TOKEN; "reprise token create" makes one where the service runs.`,
		}
	}
	if err := client.CheckToken(where.Token); err != nil {
		return nil, &verdict{kind: errUsage, text: from + ": " + err.Error()}
	}
	return client.New(client.Config{API: where.API, Token: where.Token, TokenFrom: from, Region: where.Region, InFlight: inFlight, Now: time.Now}), nil
}

// inFlight is how many requests a command has on their way at once, at most.
const inFlight = 4

// place is the service, the token and the region that are meant, and from where the token is. What a profile says is of its own
// service: where another is named, neither the profile's token nor its region goes there.
func (s *service) place() (p profile, from string, err error) {
	c, err := kept()
	if err != nil {
		return profile{}, "", err
	}
	kept, err := c.named(s.Profile)
	if err != nil {
		return profile{}, "", err
	}
	own := "profile " + cmp.Or(s.Profile, defaultProfile)
	api, err := s.given.api(s.API, kept.API)
	if err != nil {
		return profile{}, "", err
	}
	if its, _ := client.ParseAPI(kept.API); its != api {
		kept = profile{}
	}
	token, from := s.given.first("token", s.Token, kept.Token, own)
	region, _ := s.given.first("region", s.Region, kept.Region, own)
	return profile{API: api, Token: token, Region: region}, from, nil
}
