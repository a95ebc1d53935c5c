package sweep_test

import (
	"bytes"
	"context"
	"crypto/rand"
	"errors"
	"log/slog"
	"strings"
	"testing"
	"time"

	"reprise/shared/fanout"
	"reprise/shared/replay"
	"reprise/shared/settle"
	"reprise/shared/simtest"
	"reprise/shared/sweep"
)

var errUnread = errors.New("the stored job: it is written in schema 2, this program knows 1")

// jobs is a store in which one organization's job cannot be read.
type jobs struct {
	*simtest.Store
	unread string
}

func (j jobs) Job(ctx context.Context, at replay.Scope) (replay.Job, error) {
	if at.Org == j.unread {
		return replay.Job{}, errUnread
	}
	return j.Store.Job(ctx, at)
}

func TestOneJobsTroubleIsLoggedByItsNameAndKeepsTheOthersFromNothing(t *testing.T) {
	now := time.Date(2026, 11, 24, 12, 0, 0, 0, time.UTC)
	clock := func() time.Time { return now }
	store := simtest.NewTables().As(clock, rand.Text)
	queue := simtest.NewQueue(clock)
	clerk := settle.New(store, store)
	fan := fanout.New(store, store, store, queue, clerk, 4)
	for _, org := range []string{"acme", "broken", "zenith"} {
		f := replay.Fence{Scope: replay.Scope{Org: org, Region: "us"}, JobID: org}
		if err := store.Accept(t.Context(), replay.NewJob(f, "ops", replay.Window{From: now, To: now}, now)); err != nil {
			t.Fatal(err)
		}
	}
	now = now.Add(3 * time.Minute) // nobody fanned them out
	var log bytes.Buffer
	defer slog.SetDefault(slog.Default())
	slog.SetDefault(slog.New(slog.NewTextHandler(&log, nil)))

	err := sweep.New(jobs{store, "broken"}, store, queue, clerk, fan.Out, clock).Sweep(t.Context())
	if !errors.Is(err, errUnread) || err.Error() != "1 live jobs were not looked after, the first for: "+errUnread.Error() {
		t.Errorf("it says %v", err)
	}
	if _, line, _ := strings.Cut(log.String(), " "); line != `level=ERROR msg="a live job was not looked after: the next sweep tries again" org=broken region=us err="`+errUnread.Error()+"\"\n" {
		t.Errorf("the log says %q", line)
	}
	for _, org := range []string{"acme", "zenith"} {
		if job, err := store.Job(t.Context(), replay.Scope{Org: org, Region: "us"}); err != nil || job.Status != replay.Completed {
			t.Errorf("the job of %s is %s: %v", org, job.Status, err)
		}
	}
}
