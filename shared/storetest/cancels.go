package storetest

import (
	"encoding/json"
	"net/http"
	"time"

	"reprise/shared/replay"
	"reprise/shared/webhook"
)

// cancels are the stories of a DELETE while writes fail: the job ends as cancelled, delivers nothing but a batch in flight,
// and the next one delivers all.
func cancels() []tale {
	cancelled := func(w *world, posted int) {
		w.t.Helper()
		job := w.run(true, 2*time.Hour)
		w.failed(job, replay.FailCancelled, 0)
		if job.Failure.Detail != "cancelled by ops" {
			w.t.Errorf("it says %q", job.Failure.Detail)
		}
		if n := w.inbox.jobs[job.JobID]; n != posted {
			w.t.Errorf("%d batches were posted, want %d (fault: %s)", n, posted, w.faults.Name())
		}
		w.inbox.forget()
		w.accepted()
		w.delivered(w.run(true, 2*time.Hour))
	}
	return []tale{
		{"an admin cancels a job that nobody has planned", func(w *world) {
			w.start()
			w.cancel()
			cancelled(w, 0)
		}},
		{"an admin cancels a job that waits in the queue", func(w *world) {
			w.start()
			w.plan()
			w.cancel()
			cancelled(w, 0)
		}},
		{"an admin cancels in mid job", func(w *world) {
			w.start()
			w.inbox.during = func(webhook.Delivery) { w.cancel() }
			cancelled(w, 1)
		}},
	}
}

// cancelEncounters are what a DELETE meets at one certain moment.
func cancelEncounters() []tale {
	return []tale{
		{"a DELETE of no job is not found", func(w *world) { w.cannotCancel() }},
		{"a DELETE while the last batch is in flight cancels, the batch counts", func(w *world) {
			w.produce(1, w.entries(10, ""))
			w.accepted()
			w.inbox.during = func(webhook.Delivery) { w.cancel() }
			job := w.run(false, time.Hour)
			w.failed(job, replay.FailCancelled, 0)
			if v := w.shows(); v.Status != replay.Failed || v.Progress.Entries != int64(len(w.sent)) || len(w.inbox.got) != len(w.sent) {
				w.t.Errorf("GET shows %+v, %d of %d entries arrived", v.Progress, len(w.inbox.got), len(w.sent))
			}
		}},
		{"a 410 to the last batch of a cancelled job fails the next job, too", func(w *world) {
			w.start()
			w.inbox.script = []webhook.Answer{{Code: 410}}
			w.inbox.during = func(webhook.Delivery) {
				w.cancel()
				w.accepted()
			}
			w.failed(w.run(false, time.Hour), replay.FailWebhookGone, 410)
			if len(w.inbox.got) > 0 || len(w.inbox.jobs) != 1 {
				w.t.Errorf("%d entries arrived, %d jobs posted", len(w.inbox.got), len(w.inbox.jobs))
			}
		}},
		{"a DELETE that finds every slice done completes, and is not found", func(w *world) {
			w.start()
			w.allSent()
			w.cannotCancel()
			if job := w.job(); job.Status != replay.Completed {
				w.t.Errorf("the job is %s", job.Status)
			}
		}},
		{"a DELETE that comes again finds nothing, and changes nothing", func(w *world) {
			w.start()
			w.plan()
			w.cancel()
			job := w.job()
			w.backend.Pass(time.Minute)
			w.cannotCancel()
			if again := w.job(); again != job {
				w.t.Errorf("the job was %+v, it is %+v", job, again)
			}
			w.failed(job, replay.FailCancelled, 0)
		}},
	}
}

// views are what an admin sees of a job, cancelled or under way.
func views() []tale {
	return []tale{
		{"a fan-out of a cancelled job sends nothing", func(w *world) {
			w.start()
			job := w.job()
			w.cancel()
			w.must(w.fan.Out(w.ctx, job))
			w.failed(w.run(false, time.Hour), replay.FailCancelled, 0)
			if n := len(w.inbox.jobs); n != 0 {
				w.t.Errorf("%d jobs posted batches", n)
			}
		}},
		{"GET shows what was acknowledged, never what is on its way, and never less than before", func(w *world) {
			w.start()
			var look func(webhook.Delivery)
			looks := 0
			look = func(webhook.Delivery) {
				looks++
				if v := w.shows(); v.Progress.Entries != int64(len(w.inbox.got)) {
					w.t.Errorf("GET shows %d entries while %d have arrived", v.Progress.Entries, len(w.inbox.got))
				}
				w.inbox.during = look
			}
			w.inbox.during = look
			w.delivered(w.run(false, time.Hour))
			if v := w.shows(); v.Progress.Entries != int64(len(w.sent)) || looks < 2 {
				w.t.Errorf("at the end GET shows %d entries of %d, after %d batches", v.Progress.Entries, len(w.sent), looks)
			}
		}},
	}
}

// cancel has an admin send a DELETE until it is answered. Only a fault may have made the first one work without an answer.
func (w *world) cancel() {
	w.t.Helper()
	switch code := w.insist(http.MethodDelete, jobPath, "", ""); {
	case code == http.StatusNoContent:
	case code == http.StatusNotFound && w.faults.Hit():
	default:
		w.t.Errorf("DELETE answered %d", code)
	}
}

// cannotCancel is a DELETE where there is nothing to cancel.
func (w *world) cannotCancel() {
	w.t.Helper()
	if code := w.call(http.MethodDelete, jobPath, "", ""); code != http.StatusNotFound {
		w.t.Errorf("DELETE answered %d", code)
	}
}

// view is what GET shows of one region's job.
type view struct {
	Status   replay.Status
	Progress struct {
		Entries int64
		Slices  []struct {
			Entries int64
			Done    bool
		}
	}
}

// shows is what GET shows now, slices and all; these must add up.
func (w *world) shows() (v view) {
	w.t.Helper()
	rec := w.request(http.MethodGet, jobPath+"?detail=slices", "", "")
	if rec.Code != http.StatusOK {
		w.t.Fatalf("GET answered %d %s", rec.Code, rec.Body)
	}
	w.must(json.Unmarshal(rec.Body.Bytes(), &v))
	var sum int64
	for _, s := range v.Progress.Slices {
		sum += s.Entries
	}
	if v.Progress.Slices != nil && sum != v.Progress.Entries {
		w.t.Errorf("the slices have %d entries of %d", sum, v.Progress.Entries)
	}
	return v
}
