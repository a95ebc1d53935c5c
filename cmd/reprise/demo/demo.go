// Package demo shows the whole way of a replay on this machine, then proves it entry by entry.
package demo

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"time"

	"reprise/cmd/reprise/client"
	"reprise/cmd/reprise/meter"
	"reprise/shared/replay"
)

// ErrWrong is returned when the demo went to its end, where what was received was not what was sent.
var ErrWrong = errors.New("what was received is not what was sent")

// Config is what demo's flags say.
type Config struct {
	Program string // reprise itself: the service, the receiver, the tokens are made with its other commands
	Entries int64  // to generate, at least 2; not looked at with From
	From    string // a file of recorded entries to send instead; empty: generated ones
	Format  Format // of what the receiver gets
	Break   string // what the receiver is to do wrong with one entry; empty: nothing
	Lanes   int    // requests in flight to the receiver; not looked at with Service
	Keep    bool   // the temporary folder, even when all went well
	Service        // one that runs already; without an API: one of the demo's own
	Out     io.Writer
	// Progress is where bars are drawn if Terminal, else lines written now and then.
	Progress io.Writer
	Terminal bool
	Browser  bool // Page is to open one
	Now      func() time.Time
}

// A show is one demo at work.
type show struct {
	Config
	folder             string
	from               source
	service            *service
	hook               *process // the receiver
	intake, delivery   time.Duration
	sent, receivedFile string
}

// Run goes the whole way. It returns nil only if every entry of the range arrived, once, as it was sent, while nothing else did;
// ErrWrong if not. The temporary folder stays where something went wrong.
func Run(ctx context.Context, c Config) error {
	from, err := choose(c, c.Now())
	if err != nil {
		return err
	}
	folder, err := os.MkdirTemp("", "reprise-demo-")
	if err != nil {
		return fmt.Errorf("making a temporary folder: %w: set TMPDIR to a folder that is there and can be written to", err)
	}
	s := &show{
		Config: c, folder: folder, from: from,
		sent: filepath.Join(folder, "sent.ndjson"), receivedFile: filepath.Join(folder, "received."+c.Format.extension()),
	}
	err = s.play(ctx)
	if !c.Keep && (err == nil || ctx.Err() != nil) {
		if err = errors.Join(err, os.RemoveAll(folder)); err == nil {
			s.sayf("\nthe temporary folder was removed; --keep (make demo KEEP=1) keeps it\n")
		}
		return err
	}
	if os.Remove(folder) == nil { // it went wrong before there was anything: a folder that holds something stays
		return err
	}
	s.sayf("\neverything is in %s: what was sent, what was received, the data file, the logs; remove it when you are done\n", folder)
	return err
}

// choose gives the entries: recorded ones, else generated ones of the day, or of the hour, up to now.
func choose(c Config, now time.Time) (source, error) {
	now = now.UTC().Truncate(time.Millisecond)
	if c.From != "" {
		return recorded(c.From, now)
	}
	if c.Entries < 2 {
		return source{}, fmt.Errorf("%d entries: at least 2 are needed, one at either end of the range", c.Entries)
	}
	span := 24 * time.Hour
	if c.API != "" {
		span = time.Hour // what fits between the hours of earlier demos
	}
	return generated(c.Entries, replay.Window{From: now.Add(-span), To: now}), nil
}

func (s *show) play(ctx context.Context) (err error) {
	defer func() { err = errors.Join(err, s.turnOff(ctx), s.hook.stop(), s.service.stop()) }()
	begin := []func(context.Context) error{s.startService, s.startReceiver, s.configure}
	if s.API != "" {
		begin = []func(context.Context) error{s.useService, s.findRoom}
	}
	s.sayf("Below each step is roughly the command that does it by hand; these ports and this folder are gone afterwards.\n\n")
	for _, step := range append(begin, s.send, s.replay) {
		if err := step(ctx); err != nil {
			return err
		}
	}
	return s.prove(ctx)
}

// step says what is being done, with the command that does the same by hand.
func (s *show) step(what, command string) { s.sayf("%s\n    $ %s\n", what, command) }

func (s *show) sayf(format string, args ...any) { _, _ = fmt.Fprintf(s.Out, format, args...) }

// configure points the organization's webhook at the receiver.
func (s *show) configure(ctx context.Context) error {
	s.step("setting the webhook", fmt.Sprintf(
		`curl -X PATCH %s%s -H "Authorization: Bearer $TOKEN" -d '{"endpoint":"http://%s/","authorization":"'"$SECRET"'","log_format":"%s","enabled":true}'`,
		s.service.api, client.WebhookPath, s.hook.Address, s.Format))
	endpoint, format, on := "http://"+s.hook.Address+"/", string(s.Format), true
	_, err := s.service.admin.SetWebhook(ctx, client.Patch{Endpoint: &endpoint, Authorization: &s.service.secret, Format: &format, Enabled: &on})
	s.service.on = err == nil
	return s.explain(err)
}

func (s *show) send(ctx context.Context) error {
	what := fmt.Sprintf("%s generated entries", meter.Commas(s.from.Entries))
	if s.From != "" {
		what = fmt.Sprintf("%s entries of %s, moved in time", meter.Commas(s.from.Entries), s.From)
	}
	s.step(fmt.Sprintf("sending %s, %s to %s, then two that lie a millisecond outside", what, client.Stamp(s.from.Window.From), client.Stamp(s.from.Window.To)),
		fmt.Sprintf(`curl -X POST %s%s -H "Authorization: Bearer $INTAKE_TOKEN" -H "Content-Type: application/x-ndjson" --data-binary @entries.ndjson`,
			s.service.api, client.EventsPath))
	m := meter.New(s.Progress, s.Terminal, "sending", s.from.Entries, s.Now)
	err := send(ctx, s.service.producer, s.from, s.sent, m)
	s.intake = m.End()
	return err
}

// replay asks for the range, then follows the job to its end.
func (s *show) replay(ctx context.Context) error {
	m := meter.New(s.Progress, s.Terminal, "replaying", 0, s.Now)
	if err := s.ask(ctx, "asking for all of them again"); err != nil {
		return err
	}
	s.step("following the replay", fmt.Sprintf(`curl %s%s -H "Authorization: Bearer $TOKEN"`, s.service.api, client.JobPath))
	_, err := s.follow(ctx, m.Set)
	s.delivery = m.End()
	return err
}

// ask is a PUT of the window.
func (s *show) ask(ctx context.Context, what string) error {
	start, end := client.Stamp(s.from.Window.From), client.Stamp(s.from.Window.To)
	s.step(what, fmt.Sprintf(
		`curl -X PUT %s%s -H "Authorization: Bearer $TOKEN" -d '{"start_at":"%s","end_at":"%s"}'`, s.service.api, client.JobPath, start, end))
	_, err := s.service.admin.Replay(ctx, s.from.Window.From, s.from.Window.To)
	return s.explain(err)
}

// follow asks for the job until it is completed; any other end is an error.
func (s *show) follow(ctx context.Context, progress func(entries, estimated int64)) (client.Job, error) {
	for {
		j, err := s.service.admin.Job(ctx, false)
		if err != nil {
			return j, s.explain(err)
		}
		progress(j.Progress.Entries, j.Progress.Estimated)
		switch f := j.Failure; {
		case j.Status.Live():
		case j.Status == replay.Completed:
			return j, nil
		case f != nil:
			return j, fmt.Errorf("the replay %s: %s: %s (the receiver's last answer: %d)", j.Status, f.Code, f.Detail, f.ResponseCode)
		default:
			return j, fmt.Errorf("the replay %s", j.Status)
		}
		select {
		case <-ctx.Done():
			return j, context.Cause(ctx)
		case <-time.After(pollEvery):
		}
	}
}

// pollEvery is how often the job is looked at: often enough for a bar that moves, too seldom to cost anything.
const pollEvery = 200 * time.Millisecond
