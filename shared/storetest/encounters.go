package storetest

import (
	"context"
	"errors"
	"slices"
	"time"

	"reprise/shared/replay"
	"reprise/shared/webhook"
)

// encounters are the stories in which something comes in between at one certain moment. The sweep stays away from them,
// so that nothing heals what should not have been hurt.
func encounters() []tale {
	return slices.Concat(replacements(), cancelEncounters(), views(), endings(), losses(), interruptions(), copies(), burials(), intakes(), formats())
}

// replacements: what a second PUT meets.
func replacements() []tale {
	return []tale{
		{"a PUT over an accepted job replaces it: the first delivers nothing", func(w *world) {
			w.start()
			first := w.job()
			w.accepted()
			w.onlyLast(first)
		}},
		{"a PUT over a pending job replaces it: the first delivers nothing", func(w *world) {
			w.start()
			w.plan()
			first := w.job()
			if first.Status != replay.Pending {
				w.t.Fatalf("the planned job is %s", first.Status)
			}
			w.accepted()
			w.onlyLast(first)
		}},
		{"a PUT over a running job is a conflict", func(w *world) {
			w.start()
			w.inbox.during = func(webhook.Delivery) {
				if code := w.ask(); code != 409 {
					w.t.Errorf("PUT answered %d", code)
				}
			}
			w.delivered(w.run(false, time.Hour))
			if w.inbox.during != nil {
				w.t.Error("nothing was posted")
			}
		}},
		{"a fan-out of a replaced job sends nothing", func(w *world) {
			w.start()
			first := w.job()
			w.accepted()
			w.must(w.fan.Out(w.ctx, first))
			w.must(w.backend.Queue.Pump(w.ctx, func(_ context.Context, s replay.Slice) (replay.Next, error) {
				w.t.Errorf("slice %d of job %s is on the queue", s.N, s.JobID)
				return replay.Done(), nil
			}))
		}},
		{"a fan-out that finds its own job running sends all again", func(w *world) {
			w.start()
			job := w.job()
			w.plan()
			// As if only the first slice's message had been sent before the crash.
			w.must(w.backend.Queue.Pump(w.ctx, func(ctx context.Context, s replay.Slice) (replay.Next, error) {
				if s.N == 0 {
					return w.courier.Deliver(ctx, s)
				}
				return replay.Done(), nil
			}))
			if w.job().Status != replay.Running {
				w.t.Fatalf("the job is %s", w.job().Status)
			}
			w.backend.Pass(6 * time.Minute) // a queue forgets what it has seen after five
			w.must(w.fan.Out(w.ctx, job))
			w.delivered(w.run(false, time.Hour))
		}},
	}
}

// endings: a job that ends, or a webhook that changes, while a batch is in flight.
func endings() []tale {
	return []tale{
		{"after a job was ended no further batch starts", func(w *world) {
			w.startOneSlice(3)
			w.inbox.during = func(webhook.Delivery) { w.cancel() }
			job := w.run(false, time.Hour)
			w.failed(job, replay.FailCancelled, 0)
			if n := w.inbox.jobs[job.JobID]; n != 1 {
				w.t.Errorf("%d batches were posted, the one in flight may be", n)
			}
		}},
		{"a batch of an ended job does not ride on the next job's status", func(w *world) {
			w.startOneSlice(3)
			first := w.job()
			w.inbox.during = func(webhook.Delivery) {
				w.cancel()
				w.accepted()
				w.plan()
				w.must(w.backend.Run(w.ctx, w.job().Fence))
			}
			w.run(false, time.Hour)
			if n := w.inbox.jobs[first.JobID]; n != 1 {
				w.t.Errorf("%d batches of the ended job were posted, the one in flight may be", n)
			}
		}},
		{"a webhook that is disabled in mid job fails it", func(w *world) {
			w.startOneSlice(3)
			w.inbox.during = func(webhook.Delivery) { w.configure(func(c *webhook.Config) { c.Enabled = false }) }
			w.failed(w.run(false, time.Hour), replay.FailWebhookDisabled, 0)
		}},
		{"a webhook that was changed has all of the patience again", func(w *world) {
			w.inbox.always = &webhook.Answer{Code: 503}
			w.startOneSlice(3)
			for range 3 { // of four minutes
				w.plan()
				w.pump()
				w.backend.Pass(time.Minute)
			}
			w.configure(func(c *webhook.Config) { c.Endpoint = "https://other.example/" })
			w.backend.Pass(2 * time.Minute)
			w.inbox.always, w.inbox.script = nil, []webhook.Answer{{Code: 503}}
			w.delivered(w.run(false, time.Hour))
		}},
		{"a 410 to a webhook that was changed since turns nothing off, ends nobody's job", func(w *world) {
			w.inbox.script = []webhook.Answer{{Code: 410}}
			w.startOneSlice(3)
			w.inbox.during = func(webhook.Delivery) { w.configure(func(c *webhook.Config) { c.Endpoint = "https://other.example/" }) }
			w.delivered(w.run(false, time.Hour))
			if hook, err := w.backend.Webhook(w.ctx, w.at); err != nil || !hook.Enabled {
				w.t.Errorf("the new webhook is off: %v", err)
			}
		}},
	}
}

// losses: a deliver whose slice somebody else was given.
func losses() []tale {
	return []tale{
		{"who loses a slice leaves its message", func(w *world) {
			w.startOneSlice(3)
			w.inbox.during = w.takeFirst
			job := w.run(false, time.Hour)
			w.inbox.again = 0 // the batch whose cursor was lost came twice, under one id
			w.delivered(job)
		}},
		{"a final no to who has lost the slice ends nobody's job", func(w *world) {
			w.inbox.script = []webhook.Answer{{Code: 401}}
			w.startOneSlice(3)
			w.inbox.during = w.takeFirst
			w.delivered(w.run(false, time.Hour))
		}},
		{"damage that is met by who has lost the slice ends nobody's job", func(w *world) {
			w.startOneSlice(3)
			met := false
			w.store.damage = func() error {
				if met {
					return nil // who has the slice reads what was restored
				}
				met = true
				w.takeFirst(webhook.Delivery{Job: w.job().JobID})
				return errors.New("a bit flipped")
			}
			w.delivered(w.run(false, time.Hour))
			if !met {
				w.t.Error("nothing was read")
			}
		}},
	}
}

// interruptions: a deliver that is stopped, or never gets on.
func interruptions() []tale {
	return []tale{
		{"a stop finishes the batch in hand, starts no other", func(w *world) {
			w.startOneSlice(3)
			w.plan()
			ctx, stop := context.WithCancel(w.ctx)
			w.inbox.during = func(webhook.Delivery) { stop() }
			w.must(w.backend.Queue.Pump(w.ctx, func(_ context.Context, s replay.Slice) (replay.Next, error) {
				next, err := w.courier.Deliver(ctx, s)
				if next != replay.Again(0) {
					w.t.Errorf("a stopped deliver says %+v", next)
				}
				return replay.Again(time.Second), err
			}))
			rows, err := w.backend.Progress(w.ctx, w.job().Fence)
			w.must(err)
			if sum := replay.Sum(rows); sum.Batches != 1 || len(w.inbox.got) != int(sum.Entries) {
				w.t.Errorf("one batch was in hand: %+v recorded, %d entries arrived", sum, len(w.inbox.got))
			}
			w.backend.Pass(time.Minute)
			w.delivered(w.run(false, time.Hour))
		}},
		{"short of time nothing is started", func(w *world) {
			w.start()
			w.plan()
			plan, err := w.backend.Plan(w.ctx, w.job().Fence)
			w.must(err)
			ctx, cancel := context.WithDeadline(w.ctx, w.backend.Now().Add(5*time.Second))
			defer cancel()
			if next, err := w.courier.Deliver(ctx, plan.Slices[0]); err != nil || next != replay.Again(0) || len(w.inbox.jobs) > 0 {
				w.t.Errorf("got %+v, %v, %d posts", next, err, len(w.inbox.jobs))
			}
		}},
		{"a slice that is started ten times in vain fails the job", func(w *world) {
			w.start()
			w.plan()
			plan, err := w.backend.Plan(w.ctx, w.job().Fence)
			w.must(err)
			for range replay.MaxStarts {
				_, err := w.backend.Try(w.ctx, plan.Slices[0])
				w.must(err)
			}
			w.failed(w.run(false, time.Hour), replay.FailUndeliverable, 0)
		}},
	}
}

// copies: a message that comes although another of its slice has been, or waits.
func copies() []tale {
	return []tale{
		{"a receiver that said when to come again is left alone by a copy of the message, too", func(w *world) {
			w.inbox.script = []webhook.Answer{{Code: 429, RetryAfter: "600"}}
			w.startOneSlice(3)
			w.plan()
			w.pump()
			plan, err := w.backend.Plan(w.ctx, w.job().Fence)
			w.must(err)
			w.backend.Pass(2 * time.Minute) // the message as of a deliver that died before it could hide it for longer
			next, err := w.courier.Deliver(w.ctx, plan.Slices[0])
			w.must(err)
			if n := w.inbox.jobs[plan.JobID]; n != 1 || !next.Again || next.After < 7*time.Minute || next.After > 10*time.Minute {
				w.t.Errorf("%d batches were posted, the copy is to come again: %+v", n, next)
			}
			w.configure(func(c *webhook.Config) { c.Endpoint = "https://other.example/" }) // who has asked for nothing
			w.must2(w.courier.Deliver(w.ctx, plan.Slices[0]))
			w.delivered(w.run(false, time.Hour))
		}},
	}
}

// burials: the ends that settle makes.
func burials() []tale {
	return []tale{
		{"a dead letter fails its job, unless all is done", func(w *world) {
			w.start()
			w.plan()
			slice := replay.Slice{Fence: w.job().Fence} // a dead letter names its job at least
			w.delivered(w.run(false, time.Hour))
			w.must2(w.clerk.Bury(w.ctx, slice))
			w.delivered(w.job())
			w.accepted()
			w.must2(w.clerk.Bury(w.ctx, replay.Slice{Fence: w.job().Fence}))
			w.failed(w.job(), replay.FailUndeliverable, 0)
		}},
		{"a dead letter fails a job whose plan can no longer be read", func(w *world) {
			w.start()
			w.plan()
			w.store.noPlan = true
			w.must2(w.clerk.Bury(w.ctx, replay.Slice{Fence: w.job().Fence}))
			w.failed(w.job(), replay.FailUndeliverable, 0)
		}},
		{"an end that finds every slice done completes", func(w *world) {
			w.start()
			w.allSent()
			if failed, err := w.clerk.End(w.ctx, w.job().Fence, replay.Failure{Code: replay.FailCancelled}); err != nil || failed || w.job().Status != replay.Completed {
				w.t.Errorf("failed %v, %v; the job is %s", failed, err, w.job().Status)
			}
		}},
	}
}

// intakes: what the intake leaves behind.
func intakes() []tale {
	return []tale{
		{"an intake that dies between its writes leaves a hint that is too high, never too low", func(w *world) {
			all := w.entries(someEntries, "")
			for n := 1; ; n++ {
				w.faults.Arm(n, NotMade)
				if w.desk.Take(w.ctx, w.at, [32]byte{byte(n)}, all) == nil {
					break
				}
				if counted, stored := w.counted(), w.stored(); counted < stored {
					w.t.Fatalf("after a failed %s %d entries lie stored and %d were counted", w.faults.Name(), stored, counted)
				}
			}
		}},
		{"the same body again is stored once, equal entries in one body are all kept", func(w *world) {
			all := w.entries(10, "")
			all = append(all, all...)
			w.produce(1, all)
			w.must(w.desk.Take(w.ctx, w.at, [32]byte{1}, all))
			w.accepted()
			w.delivered(w.run(false, time.Hour))
		}},
		{"nothing outside the window arrives", func(w *world) {
			w.fill()
			all := w.window
			w.window = replay.Window{From: all.From.Add(30*time.Minute + time.Millisecond), To: all.To.Add(-30*time.Minute - time.Millisecond)}
			w.expectOnly(w.window)
			w.accepted()
			w.delivered(w.run(false, time.Hour))
		}},
	}
}

// allSent plans the job and marks every slice done; the job itself is still running, as after a crash before its end.
func (w *world) allSent() {
	w.t.Helper()
	w.plan()
	job := w.job()
	w.must(w.backend.Run(w.ctx, job.Fence))
	plan, err := w.backend.Plan(w.ctx, job.Fence)
	w.must(err)
	for _, s := range plan.Slices {
		p, err := w.backend.Try(w.ctx, s)
		w.must(err)
		w.must(w.backend.Advance(w.ctx, s, p.End(w.backend.Now())))
	}
}

// onlyLast runs the last job to its end, and checks that the one before delivered nothing.
func (w *world) onlyLast(first replay.Job) {
	w.t.Helper()
	last := w.job()
	if last.JobID == first.JobID {
		w.t.Fatal("the second PUT replaced nothing")
	}
	w.must(w.fan.Out(w.ctx, first)) // the fan-out of the first was held back until now
	w.delivered(w.run(false, time.Hour))
	if n := w.inbox.jobs[first.JobID]; n != 0 {
		w.t.Errorf("the replaced job posted %d batches", n)
	}
}

// takeFirst is another deliver that takes the first slice, then dies; its message is the very one at work.
func (w *world) takeFirst(d webhook.Delivery) {
	plan, err := w.backend.Plan(w.ctx, replay.Fence{Scope: w.at, JobID: d.Job})
	w.must(err)
	_, err = w.backend.Try(w.ctx, plan.Slices[0])
	w.must(err)
}

func (w *world) must2(_ replay.Next, err error) {
	w.t.Helper()
	w.must(err)
}
