package dynamo_test

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"reprise/shared/access"
	"reprise/shared/auditlog"
	"reprise/shared/chunk"
	"reprise/shared/replay"
	"reprise/shared/stack"
	"reprise/shared/storetest"
	"reprise/shared/webhook"
)

// noon is where these tests' clocks stand.
func noon() time.Time { return time.Date(2040, 3, 1, 12, 0, 0, 0, time.UTC) }

// scene is a job of its own with a slice that was tried and a webhook.
type scene struct {
	storetest.Store
	job   replay.Job
	slice replay.Slice
	tried replay.Progress
	hook  webhook.Config
}

func newScene(t *testing.T, s storetest.Store, status replay.Status) scene {
	t.Helper()
	w := replay.Window{From: noon().Add(-time.Hour), To: noon()}
	sc := scene{Store: s, job: replay.NewJob(replay.Fence{Scope: replay.Scope{Org: rand.Text(), Region: "eu"}, JobID: rand.Text()}, "ops", w, noon())}
	sc.slice = replay.Slice{Fence: sc.job.Fence, Window: w}
	sc.hook = webhook.Config{Scope: sc.job.Scope, Version: 1, Endpoint: "https://siem.example", Enabled: true}
	ctx, f := t.Context(), sc.job.Fence
	steps := []func() error{
		func() error { return s.SaveWebhook(ctx, sc.hook) },
		func() (err error) { sc.tried, err = s.Try(ctx, sc.slice); return err },
		func() error { return s.Accept(ctx, sc.job) },
		func() error { return s.Pend(ctx, f) },
		func() error { return s.Run(ctx, f) },
	}
	for _, step := range steps[:map[replay.Status]int{replay.Unconfigured: 2, replay.Accepted: 3, replay.Pending: 4, replay.Running: 5}[status]] {
		if err := step(); err != nil {
			t.Fatal(err)
		}
	}
	return sc
}

// reached is an error unless the job is in that status.
func (sc scene) reached(ctx context.Context, want replay.Status) error {
	job, err := sc.Job(ctx, sc.job.Scope)
	if err == nil && job.Status != want {
		err = fmt.Errorf("the job is %s", job.Status)
	}
	return err
}

// stands is an error unless the slice's row is that one.
func (sc scene) stands(ctx context.Context, want replay.Progress) error {
	all, err := sc.Progress(ctx, sc.job.Fence)
	return errors.Join(err, differ([]replay.Progress{want}, all))
}

func differ[T any](want, got T) error {
	if diff := cmp.Diff(want, got, cmpopts.EquateEmpty()); diff != "" {
		return fmt.Errorf("(-want +got):\n%s", diff)
	}
	return nil
}

// aWrite is a write and what must be true after it, once it said that it was made.
type aWrite struct {
	name  string
	from  replay.Status
	write func(context.Context, scene) error
}

func moves() []aWrite {
	moving := func(name string, from, to replay.Status, move func(context.Context, scene) error) aWrite {
		return aWrite{name, from, func(ctx context.Context, sc scene) error {
			if err := move(ctx, sc); err != nil {
				return err
			}
			return sc.reached(ctx, to)
		}}
	}
	tally := replay.Tally{Batches: 1, Entries: 2, Bytes: 3}
	return []aWrite{
		moving("Accept", replay.Unconfigured, replay.Accepted, func(ctx context.Context, sc scene) error { return sc.Accept(ctx, sc.job) }),
		moving("Accept over another", replay.Accepted, replay.Accepted, func(ctx context.Context, sc scene) error {
			sc.job.JobID = rand.Text()
			return sc.Accept(ctx, sc.job)
		}),
		moving("Pend", replay.Accepted, replay.Pending, func(ctx context.Context, sc scene) error { return sc.Pend(ctx, sc.job.Fence) }),
		moving("Run", replay.Pending, replay.Running, func(ctx context.Context, sc scene) error { return sc.Run(ctx, sc.job.Fence) }),
		moving("Complete", replay.Running, replay.Completed, func(ctx context.Context, sc scene) error { return sc.Complete(ctx, sc.job.Fence, tally) }),
		moving("Fail", replay.Running, replay.Failed, func(ctx context.Context, sc scene) error {
			return sc.Fail(ctx, sc.job.Fence, replay.Failure{Code: replay.FailCancelled, Detail: "asked for"}, tally)
		}),
	}
}

func steps() []aWrite {
	return []aWrite{
		{"RecordPlan", replay.Accepted, func(ctx context.Context, sc scene) error {
			want := replay.Plan{Fence: sc.job.Fence, Lanes: 1, Recorded: noon(), Slices: []replay.Slice{sc.slice}}
			got, err := sc.RecordPlan(ctx, want)
			return errors.Join(err, differ(want, got))
		}},
		{"Try", replay.Running, func(ctx context.Context, sc scene) error {
			p, err := sc.Try(ctx, sc.slice)
			return errors.Join(err, differ(sc.tried.Start(noon()), p), sc.stands(ctx, p))
		}},
		{"Advance", replay.Running, func(ctx context.Context, sc scene) error {
			p := sc.tried.Step(replay.Cursor{Chunk: "2214000000000-0", Line: 7}, replay.Tally{Batches: 1, Entries: 7, Bytes: 700}, noon())
			return errors.Join(sc.Advance(ctx, sc.slice, p), sc.stands(ctx, p))
		}},
		{"the last Advance", replay.Running, func(ctx context.Context, sc scene) error {
			p := sc.tried.End(noon())
			return errors.Join(sc.Advance(ctx, sc.slice, p), sc.stands(ctx, p))
		}},
		{"Resend", replay.Running, func(ctx context.Context, sc scene) error {
			generation, err := sc.Resend(ctx, sc.slice, sc.tried)
			return errors.Join(err, differ(1, generation), sc.stands(ctx, sc.tried.Resend(noon())))
		}},
		{"Resend of what nobody tried", replay.Running, func(ctx context.Context, sc scene) error {
			sc.slice.N = 1
			generation, err := sc.Resend(ctx, sc.slice, replay.Progress{N: 1})
			return errors.Join(err, differ(1, generation))
		}},
	}
}

func others() []aWrite {
	keep := func(n, size int) func(context.Context, scene) error {
		return func(ctx context.Context, sc scene) error {
			var all, got []chunk.Chunk
			for i := range n {
				at := noon().Add(time.Duration(i) * time.Second)
				c := chunk.Chunk{Key: fmt.Sprintf("%d-%032x", at.UnixMilli(), i), First: at, Last: at, Entries: 1, Bytes: size, Deflate: make([]byte, size)}
				all = append(all, c)
			}
			err := sc.KeepChunks(ctx, sc.job.Scope, all)
			w := replay.Window{From: noon(), To: noon().Add(time.Hour)}
			for c, e := range sc.Chunks(ctx, sc.job.Scope, w, replay.Cursor{}) {
				got, err = append(got, c), errors.Join(err, e)
			}
			return errors.Join(err, differ(all, got))
		}
	}
	return []aWrite{
		{"SaveWebhook", replay.Accepted, func(ctx context.Context, sc scene) error {
			sc.hook.Version++
			got, err := webhook.Config{}, sc.SaveWebhook(ctx, sc.hook)
			if err == nil {
				got, err = sc.Webhook(ctx, sc.job.Scope)
			}
			return errors.Join(err, differ(sc.hook, got))
		}},
		{"Attempted, a 410", replay.Accepted, func(ctx context.Context, sc scene) error {
			want := sc.hook
			want.Version, want.Enabled, want.Gone = sc.hook.Version+1, false, true // made a second time, it meets the next version
			want.Last = webhook.Attempt{At: noon(), Code: 410, Message: "410 Gone"}
			err := sc.Attempted(ctx, sc.hook, want.Last, true)
			got, e := sc.Webhook(ctx, sc.job.Scope)
			return errors.Join(err, e, differ(want, got))
		}},
		{"KeepChunks, one by one", replay.Accepted, keep(2, 5<<10)},
		{"KeepChunks, together", replay.Accepted, keep(40, 100)},
		{"AddCounts", replay.Accepted, func(ctx context.Context, sc scene) error {
			err := sc.AddCounts(ctx, sc.job.Scope, []replay.Count{{Hour: noon(), Entries: 1, Bytes: 2}})
			got, e := sc.CountsIn(ctx, sc.job.Scope, replay.Window{From: noon(), To: noon()})
			if err = errors.Join(err, e); err == nil && (len(got) != 1 || got[0].Entries < 1 || got[0].Bytes < 2) {
				err = fmt.Errorf("counted: %+v", got)
			}
			return err
		}},
		{"SaveToken", replay.Accepted, func(ctx context.Context, sc scene) error {
			want := access.Token{Hash: sha256.Sum256([]byte(sc.job.JobID)), Principal: access.Principal{Org: "o", Role: access.Admin}, Made: noon()}
			err := sc.SaveToken(ctx, want)
			got, e := sc.Token(ctx, want.Hash)
			return errors.Join(err, e, differ(want, got))
		}},
		{"AddKey", replay.Accepted, func(ctx context.Context, sc scene) error {
			key, err := auditlog.NewKey(rand.Reader, noon())
			err = errors.Join(err, sc.AddKey(ctx, key))
			got, e := sc.SigningKey(ctx)
			return errors.Join(err, e, differ(key, got))
		}},
	}
}

func TestAWriteThatTheSDKMakesAgainIsOneWrite(t *testing.T) {
	direct := client(t)
	names := tables(t, "KeysTable")
	db, proxy := proxied(t, impatient)
	s, behind := storeOf(direct, names, noon, rand.Text), storeOf(db, names, noon, rand.Text)
	for _, all := range [][]aWrite{moves(), steps(), others()} {
		for _, w := range all {
			for _, way := range stack.Faults() {
				t.Run(fmt.Sprintf("%s, %v", w.name, way), func(t *testing.T) {
					sc := newScene(t, s, w.from)
					sc.Store = behind
					proxy.Arm(1, 1, way, write)
					defer proxy.Arm(0, 0, 0, nil)
					if err := w.write(t.Context(), sc); err != nil {
						t.Error(err)
					}
					if len(proxy.Hit()) != 1 || proxy.Seen() < 2 {
						t.Errorf("%v went wrong of %d", proxy.Hit(), proxy.Seen())
					}
				})
			}
		}
	}
}

func TestAThrottlingIsWaitedForAsLongAsTheContextLasts(t *testing.T) {
	names := tables(t, "KeysTable")
	db, proxy := proxied(t)
	s := storeOf(db, names, noon, rand.Text)
	for _, way := range []stack.Fault{stack.Throttled, stack.Conflicting, stack.Failed} {
		sc := newScene(t, s, replay.Unconfigured)
		proxy.Arm(1, 6, way, write) // twice as often as an SDK asks
		if err := sc.Accept(t.Context(), sc.job); err != nil || proxy.Seen() != 7 {
			t.Errorf("%v six times: after %d requests %v", way, proxy.Seen(), err)
		}
		asked := 0
		ctx, cancel := context.WithCancel(t.Context())
		proxy.Arm(1, 1_000_000, way, func(operation, body string) string {
			name := write(operation, body)
			if name != "" {
				asked++
			}
			if asked == 7 { // twice as often as an SDK asks
				cancel()
			}
			return name
		})
		err := sc.Pend(ctx, sc.job.Fence)
		cancel()
		if !errors.Is(err, context.Canceled) || errors.Is(err, replay.ErrConflict) || proxy.Seen() != 7 {
			t.Errorf("%v for ever: after %d requests %v", way, proxy.Seen(), err)
		}
		proxy.Arm(0, 0, 0, nil)
	}
}
