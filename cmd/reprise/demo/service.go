package demo

import (
	"context"
	"crypto/rand"
	"fmt"
	"path/filepath"
	"strconv"

	"reprise/cmd/reprise/client"
)

// org is the organization of the demo; it looks like the ones of the documentation.
const org = "b065b594-6afc-4658-9101-5d9cf3f36b7b"

// A service is where the API is, with what is needed to use it.
type service struct {
	api      string
	admin    *client.Client
	producer *client.Client // may only send entries
	secret   string         // the Authorization that the webhook sends
	org      string         // whose tokens they are; empty: not known
	on       bool           // the webhook is
	process  *process       // nil where the service was there before
}

func (s *service) stop() error {
	if s == nil {
		return nil
	}
	return s.process.stop()
}

// startService starts a service of the demo's own, and makes two tokens for it.
func (s *show) startService(ctx context.Context) error {
	data := filepath.Join(s.folder, "reprise.db")
	args := []string{"serve", "--address", "127.0.0.1:0", "--data", data, "--lanes", strconv.Itoa(s.Lanes), "--allow-inside"}
	s.step("starting the service on a free port, with a new data file", fmt.Sprintf("reprise serve --address 127.0.0.1:0 --data %s --lanes %d --allow-inside", data, s.Lanes))
	p, err := start(ctx, s.folder, "serve", "serving", s.Program, nil, append(args, "--log-format", "json")...)
	if err != nil {
		return err
	}
	s.service = &service{process: p, api: "http://" + p.Address, secret: "Bearer " + rand.Text(), org: org}
	token := func(role string) (*client.Client, error) {
		args := []string{"token", "create", "--data", data, "--org", org, "--role", role, "--label", "demo"}
		secret, err := run(ctx, s.Program, args...)
		return client.New(client.Config{API: s.service.api, Token: secret, InFlight: inFlight, Now: s.Now}), err
	}
	s.step("making a token for an admin", fmt.Sprintf("TOKEN=$(reprise token create --data %s --org %s --role admin --label demo)", data, org))
	if s.service.admin, err = token("admin"); err != nil {
		return err
	}
	s.step("making a token for the producer of entries", fmt.Sprintf("INTAKE_TOKEN=$(reprise token create --data %s --org %s --role intake --label demo)", data, org))
	s.service.producer, err = token("intake")
	return err
}

// startReceiver starts the webhook that will get the replay.
func (s *show) startReceiver(ctx context.Context) error {
	jwks := s.service.api + client.KeysPath
	args := []string{"listen", "--address", "127.0.0.1:0", "--jwks", jwks, "--output", s.receivedFile}
	command := fmt.Sprintf(`reprise listen --address 127.0.0.1:0 --jwks %s --authorization "$SECRET" --output %s`, jwks, s.receivedFile)
	what := "starting a receiver that checks every signature"
	if s.Break != "" {
		args = append(args, "--break", s.Break)
		command += " --break " + s.Break
		what += fmt.Sprintf(", and goes wrong with one entry (%s)", s.Break)
	}
	s.step(what, command)
	var err error
	// By the environment: a command line can be read by everybody on the machine.
	s.hook, err = start(ctx, s.folder, "listen", "listening", s.Program, []string{"REPRISE_LISTEN_AUTHORIZATION=" + s.service.secret},
		append(args, "--log-format", "json")...)
	return err
}
