package storetest

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"reprise/shared/openapitest"
	"reprise/shared/replay"
	"reprise/shared/webhook"
)

// Stories runs the verbs, PUT to the end of the job, over a backend: as they should go, with every write failing in turn
// (DESIGN.md §8), and the ones in which something else comes in between. Open gives an empty backend. The faults lie
// apart writes apart: 1, unless the backend is so slow that some of the writes must do.
func Stories(t *testing.T, apart int, open func(*testing.T) Backend) {
	all := slices.Concat(stories(), receivers(), producers(), admins(), cancels(), regions(), tests())
	told, failed := 0, make(map[string]bool)
	open = held(t, open)
	for i, s := range all {
		t.Run(s.name, func(t *testing.T) {
			told++
			s.fail(t, begin(i, apart), apart, open, failed)
		})
	}
	if apart == 1 && told == len(all) { // -run may have left some out
		for _, name := range Writes() {
			if !failed[name] {
				t.Errorf("there is no story in which %s fails", name)
			}
		}
	}
	for _, s := range encounters() {
		t.Run(s.name, func(t *testing.T) { s.tell(newWorld(t, open(t), NewFaults(0, NotMade))) })
	}
}

// begin is where the faults of a story begin. Where they lie apart, each story's begin elsewhere: its first writes are those of
// every other, too.
func begin(story, apart int) int { return 1 + (3+story*7)%min(apart, 20) }

// fail tells the tale once for each write in it, from the first-th on, and each way in which that fails, then once with none that
// does; failed collects their names.
func (s tale) fail(t *testing.T, first, apart int, open func(*testing.T) Backend, failed map[string]bool) {
	for n, name := first, "any"; name != ""; n += apart {
		for _, kind := range []Fault{NotMade, AnswerLost, PartlyMade} {
			if kind == PartlyMade && name != "Send" && name != "KeepChunks" && name != "AddCounts" {
				continue // the others are made whole or not at all
			}
			told := false
			name = "" // where -run leaves a write out, it ends there
			t.Run(fmt.Sprintf("%v, write %d", kind, n), func(t *testing.T) {
				told = true
				faults := NewFaults(n, kind)
				s.tell(newWorld(t, open(t), faults))
				name = faults.Name()
				failed[name] = true
			})
			if told && name == "" {
				return // there is no such write, in whatever way it should fail
			}
		}
	}
}

// Disturbed tells the same stories, with nothing failing that a verb could see, over a backend that mends what goes wrong
// below it: each must end as if nothing had been. For every story disturb is called with a number, then with others that lie apart
// from each other, as long as the story has so many writes, and has that write below go wrong; it returns what says its name, empty
// where the story had no such write, and how many writes there were.
func Disturbed(t *testing.T, apart int, open func(*testing.T) Backend, disturb func(n int) (hit func() (name string, writes int))) {
	open = held(t, open)
	for i, s := range slices.Concat(stories(), receivers(), producers(), admins(), cancels(), regions(), tests(), encounters()) {
		first := begin(i, apart)
		for n, writes := first, first; n <= writes; n += apart {
			writes = 0 // where -run leaves a write out, it ends there
			t.Run(fmt.Sprintf("%s, write %d", s.name, n), func(t *testing.T) {
				hit := disturb(n)
				s.tell(newWorld(t, open(t), NewFaults(0, NotMade)))
				var name string
				if name, writes = hit(); t.Failed() {
					t.Logf("it was %s that went wrong", name)
				}
			})
		}
	}
}

// held is open, what is asked over whose backends is held to openapi.yaml.
func held(t *testing.T, open func(*testing.T) Backend) func(*testing.T) Backend {
	file, err := openapitest.Load()
	if err != nil {
		t.Fatal(err)
	}
	return func(t *testing.T) Backend {
		b := open(t)
		b.file = file
		return b
	}
}

type tale struct {
	name string
	tell func(*world)
}

const (
	someEntries = 30
	padding     = 512

	oneSliceEntry = 60 << 10
)

// fill has two bodies produced. A hint that is far too high makes many slices of them.
func (w *world) fill() {
	w.t.Helper()
	var hints []replay.Count
	for hour := w.window.From.Truncate(time.Hour); !hour.After(w.window.To); hour = hour.Add(time.Hour) {
		hints = append(hints, replay.Count{Hour: hour, Entries: 1, Bytes: 3 * replay.BatchLimit})
	}
	w.must(w.backend.AddCounts(w.ctx, w.at, hints))
	all := w.entries(someEntries, strings.Repeat("padding ", padding/8))
	w.produce(1, all[:someEntries/2])
	w.produce(2, all[someEntries/2:])
}

// startOneSlice asks for a minute that holds that many batches: a minute is never cut, so that they are one slice.
func (w *world) startOneSlice(batches int) {
	w.t.Helper()
	w.window.To = w.window.From.Truncate(time.Minute).Add(2*time.Minute - time.Millisecond)
	w.window.From = w.window.To.Add(time.Millisecond - time.Minute)
	w.produce(1, w.entries(batches*replay.BatchLimit/oneSliceEntry, strings.Repeat("padding ", oneSliceEntry/8)))
	w.accepted()
}

// start fills the archive and asks for it: the PUT's answer may be lost, so that a 409 tells of our own job.
func (w *world) start() {
	w.t.Helper()
	w.fill()
	w.accepted()
}

func (w *world) accepted() {
	w.t.Helper()
	if code := w.ask(); code != 202 {
		w.t.Fatalf("PUT answered %d", code)
	}
}

// failed checks how a job failed.
func (w *world) failed(job replay.Job, code string, response int) {
	w.t.Helper()
	if job.Status != replay.Failed || job.Failure.Code != code || job.Failure.ResponseCode != response {
		w.t.Fatalf("the job is %s: %+v, want it to fail as %s (fault: %s)", job.Status, job.Failure, code, w.faults.Name())
	}
	if job.Failure.Detail == "" {
		w.t.Error("a failure without a sentence for a person")
	}
}

// stories are told once for every write that may fail in them, so none may rest on a write to succeed at once.
func stories() []tale {
	return []tale{
		{"every entry arrives", func(w *world) {
			w.start()
			w.delivered(w.run(true, 2*time.Hour))
		}},
		{"the stream never wakes the fan-out: the sweep does", func(w *world) {
			w.start()
			w.must(w.backend.Stream(w.ctx, func(context.Context, replay.Job) error { return nil }))
			w.delivered(w.run(true, 2*time.Hour))
		}},
		{"the messages are lost: the sweep sends the next generation", func(w *world) {
			w.start()
			w.plan()
			w.must(w.backend.Queue.Pump(w.ctx, func(context.Context, replay.Slice) (replay.Next, error) { return replay.Done(), nil }))
			w.delivered(w.run(true, 4*time.Hour))
		}},
		{"the plan can no longer be read: the job fails, with what was sent", func(w *world) {
			w.start()
			w.plan()
			w.store.noPlan = true
			if code := w.insist("GET", jobPath, "application/json", ""); code != 200 {
				w.t.Errorf("GET answered %d", code)
			}
			job := w.run(true, 2*time.Hour)
			w.failed(job, replay.FailUndeliverable, 0)
			if job.Tally.Entries == 0 {
				w.t.Errorf("the tally is %+v, %d entries arrived", job.Tally, len(w.inbox.got))
			}
			w.accepted()
		}},
		{"stored entries are damaged: the job fails, and says from when on", func(w *world) {
			w.store.damage = func() error { return errors.New("a bit flipped") }
			w.startOneSlice(1)
			job := w.run(true, 2*time.Hour)
			w.failed(job, replay.FailUndeliverable, 0)
			if from := job.Failure.Detail; !strings.Contains(from, w.window.From.Format("T15:04")) || len(w.inbox.got) > 0 {
				w.t.Errorf("it says %q, %d entries arrived", from, len(w.inbox.got))
			}
		}},
		{"there is nothing to send", func(w *world) {
			w.accepted()
			w.delivered(w.run(true, 2*time.Hour))
		}},
		{"nobody ever works: the job expires", func(w *world) {
			w.start()
			for range 7 {
				w.plan()
				w.must(w.backend.Queue.Pump(w.ctx, func(context.Context, replay.Slice) (replay.Next, error) { return replay.Done(), nil }))
				_ = w.sweeper.Sweep(w.ctx)
				w.backend.Pass(5 * time.Hour)
			}
			w.failed(w.job(), replay.FailExpired, 0)
		}},
	}
}

// receivers are the stories of what a receiver answers.
func receivers() []tale {
	return []tale{
		{"the receiver fails, wants less, comes back", func(w *world) {
			w.inbox.script = []webhook.Answer{{Code: 503}, {Err: context.DeadlineExceeded}, {Code: 200}, {Code: 413}, {Code: 429, RetryAfter: "90"}, {Code: 200}, {Code: 408}}
			w.start()
			w.delivered(w.run(true, 4*time.Hour))
		}},
		{"the receiver takes little at a time", func(w *world) {
			w.inbox.limit = replay.BatchLimit / 3
			w.startOneSlice(1)
			w.delivered(w.run(true, 2*time.Hour))
		}},
		{"the receiver refuses", func(w *world) {
			w.inbox.always = &webhook.Answer{Code: 401, Message: "401 Unauthorized"}
			w.start()
			w.failed(w.run(true, 2*time.Hour), replay.FailRejected, 401)
		}},
		{"the receiver is gone", func(w *world) {
			w.inbox.always = &webhook.Answer{Code: 410, Message: "410 Gone"}
			w.start()
			w.failed(w.run(true, 2*time.Hour), replay.FailWebhookGone, 410)
			if hook, err := w.backend.Webhook(w.ctx, w.at); err != nil || hook.Enabled {
				w.t.Errorf("the webhook is still on: %v", err)
			}
		}},
		{"the receiver never gets well", func(w *world) {
			w.inbox.always = &webhook.Answer{Code: 500, Message: "500 Internal Server Error"}
			w.start()
			w.failed(w.run(true, 6*time.Hour), replay.FailRetriesExhausted, 500)
		}},
	}
}
