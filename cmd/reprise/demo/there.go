package demo

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"os"
	"time"

	random "math/rand/v2"

	"reprise/cmd/reprise/client"
	"reprise/cmd/reprise/words"
)

// Service is one that runs already, with two tokens of one organization.
type Service struct {
	API    string // its base, such as http://127.0.0.1:8080
	Admin  string // token
	Intake string // token; the admin's may do
	Org    string // whose tokens they are; empty: not known, so that only all entries having the same is checked
}

// useService looks whether the service is there, takes the tokens, and has a webhook that may be replaced.
func (s *show) useService(ctx context.Context) error {
	s.step("using the service at "+s.API, "TOKEN=$REPRISE_ADMIN_TOKEN INTAKE_TOKEN=$REPRISE_INTAKE_TOKEN")
	with := func(token string) *client.Client {
		return client.New(client.Config{API: s.API, Token: token, InFlight: inFlight, Now: s.Now})
	}
	s.service = &service{api: s.API, secret: "Bearer " + rand.Text(), org: s.Org, admin: with(s.Admin), producer: with(s.Intake)}
	j, err := s.service.admin.Job(ctx, false)
	if err != nil {
		return s.explain(err)
	}
	if j.Status.Live() {
		return fmt.Errorf("a replay of this organization is %s: let it end first, or take the tokens of another organization", j.Status)
	}
	hook, err := s.service.admin.Webhook(ctx)
	if err != nil {
		return s.explain(err)
	}
	if u, err := url.Parse(hook.Endpoint); err != nil || hook.Endpoint != client.Unconfigured && !net.ParseIP(u.Hostname()).IsLoopback() {
		return fmt.Errorf("this organization has a webhook, %s, which the demo would replace: take the tokens of an organization that is made for it", hook.Endpoint)
	}
	// A body without entries stores nothing (CONTRACT.md §6): only the token is tried.
	_, err = s.service.producer.Send(ctx, nil, false)
	return s.explain(err)
}

// maxRanges is how many ranges are tried: where that many hold entries, all may.
const maxRanges = 10

// findRoom chooses a range that holds no entry, at random within the days that can be replayed. A range that holds what an
// earlier demo sent, or anybody else, would bring that, too, and nobody could tell it from what the service made up. That
// there is nothing is shown by a replay, which ends without one entry.
func (s *show) findRoom(ctx context.Context) error {
	span := s.from.Window.To.Sub(s.from.Window.From)
	for range maxRanges {
		from, err := choose(s.Config, s.Now().Add(-random.N(max(longest-span, 1))))
		if err != nil {
			return err
		}
		s.from = from
		for _, step := range []func(context.Context) error{s.startReceiver, s.configure} {
			if err := step(ctx); err != nil {
				return err
			}
		}
		if err := s.ask(ctx, "looking whether a range of time is free, by a replay that must bring nothing"); err != nil {
			return err
		}
		j, err := s.follow(ctx, func(int64, int64) {})
		if err != nil || j.Progress.Entries == 0 {
			return err
		}
		s.sayf("  it is not: %s came\n", words.Count(j.Progress.Entries, "entry"))
		if err := errors.Join(s.hook.stop(), os.Remove(s.receivedFile)); err != nil {
			return err
		}
	}
	return fmt.Errorf("%d ranges of %s hold entries already: take the tokens of an organization that has none", maxRanges, span)
}

// turnOff leaves a service that goes on without a webhook that is no longer there; a replay that is not over ends by that.
func (s *show) turnOff(ctx context.Context) error {
	if s.API == "" || s.service == nil || !s.service.on {
		return nil
	}
	s.service.on = false
	last, cancel := context.WithTimeout(context.WithoutCancel(ctx), 10*time.Second)
	defer cancel()
	off := false
	if _, err := s.service.admin.SetWebhook(last, client.Patch{Enabled: &off}); err != nil {
		return fmt.Errorf("turning the webhook off again: %w", err)
	}
	return nil
}

// Explained is an error of a service that was there before, with what to do about it.
type Explained struct {
	error
	Todo string
}

// Unwrap is the error itself.
func (e *Explained) Unwrap() error { return e.error }

// explain says what to do about an error of a service that was there before.
func (s *show) explain(err error) error {
	var refused *client.Refusal
	if s.API == "" || err == nil || errors.Is(err, context.Canceled) {
		return err
	}
	if !errors.As(err, &refused) {
		return &Explained{fmt.Errorf("the service at %s cannot be used: %w", s.API, err), "Is it running (make local, or reprise serve --allow-inside), and is that its address?"}
	}
	todo := ""
	switch code := refused.Status; {
	case code == http.StatusUnauthorized, code == http.StatusForbidden:
		todo = "REPRISE_ADMIN_TOKEN must be the token of an admin, REPRISE_INTAKE_TOKEN one that may send entries, both of one organization, made for this service: reprise token create"
	case code == http.StatusBadRequest && refused.What == "PATCH "+client.WebhookPath:
		todo = "The receiver listens on this machine, by http: does the service allow that (reprise serve --allow-inside; make local does)?"
	case code == http.StatusConflict:
		todo = "Another replay of this organization was begun meanwhile: let it end first, or take the tokens of another organization"
	case code == http.StatusNotFound, code == http.StatusMethodNotAllowed:
		todo = "Is it the API of Reprise, without a path behind its host?"
	default:
		return err
	}
	return &Explained{err, todo}
}
