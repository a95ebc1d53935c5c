package storetest

import (
	"net/http"
	"time"

	"reprise/shared/replay"
	"reprise/shared/webhook"
)

// regions are the stories of requests for all regions at once while writes fail. A PUT is for all or none.
func regions() []tale {
	return []tale{
		{"a PUT for all regions brings the entries of each", func(w *world) {
			w.fillBoth()
			w.everywhere(w.accepted)
			w.bothDelivered()
		}},
		{"a PUT for all regions while one runs changes nothing in any", func(w *world) {
			w.fillBoth()
			w.elsewhere(w.accepted)
			w.accepted()
			w.inbox.during = func(webhook.Delivery) { // one of them runs, the other does whatever it does
				mine, other := w.job(), w.jobElsewhere()
				w.everywhere(func() {
					if code := w.ask(); code != http.StatusConflict {
						w.t.Errorf("PUT answered %d", code)
					}
				})
				if w.job() != mine || w.jobElsewhere() != other {
					w.t.Errorf("the jobs were %+v and %+v, they are %+v and %+v", mine, other, w.job(), w.jobElsewhere())
				}
			}
			w.bothDelivered()
			if w.inbox.during != nil {
				w.t.Error("nothing was posted")
			}
		}},
		{"a DELETE for all regions cancels each, and the next PUT brings all", func(w *world) {
			w.fillBoth()
			w.everywhere(w.accepted)
			w.plan()
			w.everywhere(w.cancel)
			w.failed(w.run(true, 2*time.Hour), replay.FailCancelled, 0)
			w.elsewhere(func() { w.failed(w.run(true, 2*time.Hour), replay.FailCancelled, 0) })
			if n := len(w.inbox.jobs); n != 0 {
				w.t.Errorf("%d jobs posted batches", n)
			}
			w.everywhere(w.accepted)
			w.bothDelivered()
		}},
	}
}

// fillBoth has entries produced in this region and in another, which is given a webhook, too.
func (w *world) fillBoth() {
	w.t.Helper()
	w.fill()
	w.elsewhere(func() {
		w.enable()
		w.fill()
	})
}

// elsewhere does something in the other region.
func (w *world) elsewhere(do func()) {
	at, asks := w.at.Region, w.asks
	w.at.Region, w.asks = "eu", "eu"
	do()
	w.at.Region, w.asks = at, asks
}

// everywhere asks for something in all regions.
func (w *world) everywhere(do func()) {
	asks := w.asks
	w.asks = replay.GlobalRegion
	do()
	w.asks = asks
}

func (w *world) jobElsewhere() (job replay.Job) {
	w.t.Helper()
	w.elsewhere(func() { job = w.job() })
	return job
}

// bothDelivered runs both regions' jobs to their end: each completes, and together they brought all that was sent.
func (w *world) bothDelivered() {
	w.t.Helper()
	here := w.run(true, 2*time.Hour)
	var there replay.Job
	w.elsewhere(func() { there = w.run(true, 2*time.Hour) })
	if there.Status != replay.Completed {
		w.t.Fatalf("the other region's job is %s: %+v (fault: %s)", there.Status, there.Failure, w.faults.Name())
	}
	here.Tally = here.Tally.Add(there.Tally)
	w.delivered(here)
}
