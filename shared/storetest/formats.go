package storetest

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"reprise/shared/auditlog"
	"reprise/shared/replay"
	"reprise/shared/webhook"
)

// formats: what a webhook gets that wants its entries written otherwise than they are stored.
func formats() []tale {
	var all []tale
	for _, f := range auditlog.Formats() {
		if f == auditlog.JSON {
			continue // as it is stored: every other story's
		}
		all = append(all, tale{fmt.Sprintf("every entry arrives as %s, however little the receiver takes at a time", f), func(w *world) {
			w.configure(func(c *webhook.Config) { c.Format = f })
			w.inbox.limit = replay.BatchLimit / 3
			w.startOneSlice(1)
			w.delivered(w.run(false, time.Hour))
			w.cameAs(f)
		}})
	}
	return slices.Concat(all, changes(), []tale{
		{"after a rotation entries of before are signed with the new key where they are written anew", func(w *world) {
			w.configure(func(c *webhook.Config) { c.Format = auditlog.CEF })
			w.startOneSlice(1)
			key, err := auditlog.NewKey(strings.NewReader(strings.Repeat("n", 64)), w.backend.Now().Add(time.Second))
			w.must(err)
			w.must(w.backend.AddKey(w.ctx, key))
			w.inbox.keys = func() []auditlog.PublicKey { return []auditlog.PublicKey{key.Public()} }
			w.delivered(w.run(false, time.Hour))
			w.cameAs(auditlog.CEF)
		}},
		{"a webhook that was saved before there was a choice gets json", func(w *world) {
			w.configure(func(c *webhook.Config) { c.Format = "" })
			w.startOneSlice(1)
			w.delivered(w.run(false, time.Hour))
			w.cameAs(auditlog.JSON)
		}},
		{"an entry that is too large for its receiver fails the job, which names it", func(w *world) {
			w.configure(func(c *webhook.Config) { c.Format = auditlog.CPS })
			w.window.To = w.window.From.Add(time.Minute)
			all := w.entries(1, strings.Repeat("padding ", 100))
			w.produce(1, all)
			w.accepted()
			w.inbox.limit = len(all[0].Raw)
			job := w.run(false, time.Hour)
			w.failed(job, replay.FailEntryTooLarge, 413)
			want := fmt.Sprintf("the receiver answered 413 Content Too Large to a batch of a single entry: the one of %s, of %d bytes",
				all[0].At.Format("2006-01-02T15:04:05.000Z"), len(`{"event":`)+len(all[0].Raw)+auditlog.SignatureSize+len("}\n"))
			if job.Failure.Detail != want {
				w.t.Errorf("it says %q, want %q", job.Failure.Detail, want)
			}
		}},
	})
}

// changes: a webhook that is told in mid job to want another format.
func changes() []tale {
	return []tale{
		{"a format that is changed in mid job is that of the next batch", func(w *world) {
			w.startOneSlice(3)
			w.inbox.during = func(webhook.Delivery) { w.patch(`{"log_format": "cef"}`) }
			w.delivered(w.run(false, time.Hour))
			w.cameAs(auditlog.CEF, auditlog.JSON)
		}},
		{"a batch that is tried again in another format has the same Webhook-Id", func(w *world) {
			w.inbox.script = []webhook.Answer{{Code: 503}}
			w.window.To = w.window.From.Add(time.Minute)
			w.produce(1, w.entries(10, ""))
			w.accepted()
			var ids []string
			w.inbox.during = func(d webhook.Delivery) {
				ids = append(ids, d.ID)
				w.patch(`{"log_format": "cps"}`)
				w.inbox.during = func(d webhook.Delivery) { ids = append(ids, d.ID) }
			}
			w.delivered(w.run(false, time.Hour))
			w.cameAs(auditlog.CPS)
			if len(ids) != 2 || ids[0] != ids[1] {
				w.t.Errorf("the batch was sent as %v", ids)
			}
		}},
	}
}

// cameAs checks which formats the lines had that were acknowledged.
func (w *world) cameAs(want ...auditlog.Format) {
	w.t.Helper()
	if got := slices.Sorted(maps.Keys(w.inbox.came)); !slices.Equal(got, want) {
		w.t.Errorf("lines came as %v, want %v", w.inbox.came, want)
	}
}
