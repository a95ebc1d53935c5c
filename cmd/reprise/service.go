package main

import (
	"cmp"
	"fmt"
	"time"

	"reprise/cmd/reprise/client"
)

// localAPI is where `reprise serve` listens if nothing else is said.
const localAPI = "http://127.0.0.1:8080"

// service is the flags of every command that asks the API. A flag goes before the environment, which goes before the profile.
type service struct {
	API     string `name:"api" env:"REPRISE_API" placeholder:"URL" help:"The service, such as https://us.api.example.com; the profile's if not given, else http://127.0.0.1:8080."`
	Token   string `env:"REPRISE_TOKEN" placeholder:"TEXT" help:"The secret of a token. A command line can be read by everybody on the machine: the environment, or reprise login, is better."`
	Region  string `env:"REPRISE_REGION" placeholder:"NAME" help:"The region, such as us; the profile's if not given, else the one that the service's host means, or its default."`
	Profile string `env:"REPRISE_PROFILE" placeholder:"NAME" help:"The profile of the configuration file to use; default if not given."`
}

// client connects to what the flags and the profile say; whoever is not signed in is told how to.
func (s *service) client() (*client.Client, error) {
	where, err := s.place()
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
		return nil, &verdict{kind: errUsage, text: "--token: " + err.Error()}
	}
	return client.New(client.Config{API: where.API, Token: where.Token, Region: where.Region, InFlight: inFlight, Now: time.Now}), nil
}

// inFlight is how many requests a command has on their way at once, at most.
const inFlight = 4

// place is the service, the token and the region that are meant. What a profile says is of its own service: where another is
// named, neither the profile's token nor its region goes there.
func (s *service) place() (profile, error) {
	c, err := kept()
	if err != nil {
		return profile{}, err
	}
	kept, err := c.named(s.Profile)
	if err != nil {
		return profile{}, err
	}
	api, err := client.ParseAPI(cmp.Or(s.API, kept.API, localAPI))
	if err != nil {
		return profile{}, &verdict{kind: errUsage, text: "--api: " + err.Error()}
	}
	if own, _ := client.ParseAPI(kept.API); own != api {
		kept = profile{}
	}
	return profile{API: api, Token: cmp.Or(s.Token, kept.Token), Region: cmp.Or(s.Region, kept.Region)}, nil
}
