package demo

import (
	"cmp"
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"reprise/cmd/reprise/client"
	"reprise/cmd/reprise/meter"
	"reprise/shared/replay"
)

const (
	// pageAddress is where the page is, unless another listens there.
	pageAddress = "127.0.0.1:8080"
	// PageEntries is how many entries the page needs at least: with fewer its long replay would be over before somebody has looked.
	PageEntries = 20_000
	// pageDays is how far back its entries go.
	pageDays = 3 * 24 * time.Hour
)

// A scene is a region of the page, with what is to be seen in its card.
type scene struct {
	region   string
	percent  int64         // of all entries
	receiver []string      // flags of its listen
	span     time.Duration // what is asked for again, up to now; 0: the webhook is not set, nothing is asked for
	status   replay.Status // what the replay comes to, and stays
	shows    string
}

// scenes are every state that a card can be in for longer than a moment.
func scenes() []scene {
	const delay = "12s" // below the 15 s after which a batch counts as not taken
	return []scene{
		{
			region: "us", percent: 20, span: 24 * time.Hour, status: replay.Completed,
			shows: `Active. The last day was sent again: completed. "Send test entry" is answered 200.`,
		},
		{
			region: "eu", percent: 60, receiver: []string{"--delay", delay}, span: pageDays, status: replay.Running,
			shows: `Active, with a slow receiver (` + delay + ` a batch): three days are on their way for some minutes. Cancel it, or ask for more and see the 409.`,
		},
		{
			region: "ap", percent: 15, receiver: []string{"--answer", "401"}, span: pageDays, status: replay.Failed,
			shows: `Inactive. Its receiver answers 401: the replay failed, and the card says why and what to do.`,
		},
		{region: "au", percent: 5, shows: `Unconfigured. A receiver waits at %s: enter that as Endpoint, any Authorization header, switch Enabled on, Save.`},
	}
}

// A page is a show without an end.
type page struct {
	*show
	token string // the admin's
}

// Page serves the page on this machine, with entries, webhooks and replays in every state, until ctx ends: then nothing of it
// is left. Of the Config it looks at what is neither of one replay nor of a service that runs already.
func Page(ctx context.Context, c Config) (err error) {
	folder, err := os.MkdirTemp("", "reprise-page-")
	if err != nil {
		return fmt.Errorf("making a temporary folder: %w: set TMPDIR to a folder that is there and can be written to", err)
	}
	s := &page{show: &show{Config: c, folder: folder}}
	var receivers []*process
	defer func() {
		for _, p := range receivers {
			p.kill()
		}
		if s.service != nil {
			s.service.process.kill()
		}
		if gone := os.RemoveAll(folder); ctx.Err() != nil {
			err = gone // that it was told to end is no error, whatever it was at
		} else {
			err = errors.Join(err, gone)
		}
	}()
	all := scenes()
	if err := s.servePage(ctx, all); err != nil {
		return err
	}
	for i := range all {
		hook, err := s.begin(ctx, &all[i])
		if hook != nil {
			receivers = append(receivers, hook)
		}
		if err != nil {
			return fmt.Errorf("region %s: %w", all[i].region, err)
		}
	}
	for _, scene := range all {
		if err := s.await(ctx, scene); err != nil {
			return fmt.Errorf("region %s: %w", scene.region, err)
		}
	}
	s.present(all)
	if s.Browser && !openBrowser(s.service.api+"/", os.Getenv) {
		s.sayf("\nNo browser was found to open: enter the address in one, or set BROWSER.\n")
	}
	select {
	case <-ctx.Done():
		return nil
	case <-s.service.process.ended:
		return fmt.Errorf("the service ended by itself: %w\n%s", cmp.Or(s.service.process.err, errors.New("exit status 0")), tail(s.service.process.log))
	}
}

// servePage starts the service at the address that people know, or at a free one, with a token for an admin.
func (s *page) servePage(ctx context.Context, all []scene) error {
	address := pageAddress
	if l, err := net.Listen("tcp", address); err != nil {
		address = "127.0.0.1:0"
	} else if err := l.Close(); err != nil {
		return err
	}
	var regions []string
	for _, scene := range all {
		regions = append(regions, scene.region)
	}
	data := filepath.Join(s.folder, "reprise.db")
	p, err := start(ctx, s.folder, "serve", "serving", s.Program, nil, "serve", "--address", address, "--data", data,
		"--regions", strings.Join(regions, ","), "--lanes", strconv.Itoa(s.Lanes), "--allow-inside", "--log-format", "json")
	if err != nil {
		return err
	}
	s.service = &service{process: p, api: "http://" + p.Address}
	s.token, err = run(ctx, s.Program, "token", "create", "--data", data, "--org", org, "--role", "admin", "--label", "page")
	s.service.admin = client.New(client.Config{API: s.service.api, Token: s.token, InFlight: inFlight, Now: s.Now})
	return err
}

// begin has a region's receiver, its entries, its webhook and its replay, each where the scene has one. The receiver that it
// returns runs, also where there is an error.
func (s *page) begin(ctx context.Context, scene *scene) (*process, error) {
	secret := "Bearer " + rand.Text()
	var asks []string
	if scene.span != 0 {
		asks = []string{"REPRISE_LISTEN_AUTHORIZATION=" + secret}
	}
	hook, err := start(ctx, s.folder, "listen-"+scene.region, "listening", s.Program, asks,
		append([]string{"listen", "--address", "127.0.0.1:0", "--jwks", s.service.api + client.KeysPath, "--log-format", "json"}, scene.receiver...)...)
	if err != nil {
		return nil, err
	}
	endpoint := "http://" + hook.Address + "/"
	admin := s.service.admin.In(scene.region)
	now := s.Now().UTC().Truncate(time.Millisecond)
	from := generated(s.Entries*scene.percent/100, replay.Window{From: now.Add(-pageDays), To: now})
	m := meter.New(s.Progress, s.Terminal, "sending", from.Entries, s.Now)
	err = send(ctx, admin, from, filepath.Join(s.folder, scene.region+".ndjson"), m)
	m.End()
	if err != nil || scene.span == 0 {
		scene.shows = fmt.Sprintf(scene.shows, endpoint)
		return hook, err
	}
	on := true
	if _, err := admin.SetWebhook(ctx, client.Patch{Endpoint: &endpoint, Authorization: &secret, Enabled: &on}); err != nil {
		return hook, err
	}
	_, err = admin.Replay(ctx, now.Add(-scene.span), now)
	return hook, err
}

// await waits until a region's replay is what its scene wants; what can no longer become that is an error.
func (s *page) await(ctx context.Context, scene scene) error {
	for scene.span != 0 {
		j, err := s.service.admin.In(scene.region).Job(ctx, false)
		if err != nil {
			return err
		}
		if j.Status == scene.status {
			return nil
		}
		if !j.Status.Live() {
			return fmt.Errorf("the replay is %s, and was to be %s", j.Status, scene.status)
		}
		select {
		case <-ctx.Done():
			return context.Cause(ctx)
		case <-time.After(pollEvery):
		}
	}
	return nil
}

// present says where the page is, and what is to be seen there. The token is shown here and nowhere else: it is in no URL,
// and no file is left that holds it.
func (s *page) present(all []scene) {
	s.sayf("The page, with demo data: %s/\n\nSign in with this token, which is good until this ends:\n\n    %s\n\nWhat is to be seen:\n\n", s.service.api, s.token)
	for _, scene := range all {
		s.sayf("    %s  %s\n", scene.region, scene.shows)
	}
	s.sayf("\nCtrl-C ends it, and leaves nothing behind.\n")
}
