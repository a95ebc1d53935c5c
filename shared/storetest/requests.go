package storetest

import (
	"crypto/rand"
	"maps"
	"net/http"
	"strings"
	"time"

	"reprise/shared/access"
	"reprise/shared/auditlog"
	"reprise/shared/replay"
	"reprise/shared/webhook"
)

// producers are stories of the intake while writes fail: what was acknowledged arrives; what was not may, but never twice
// under different Webhook-Ids.
func producers() []tale {
	return []tale{
		{"one producer gives up, another does not, the first comes back", func(w *world) {
			all := w.entries(someEntries, "")
			first, second := all[:someEntries/2], all[someEntries/2:]
			if w.send(first) == http.StatusAccepted {
				w.acknowledged(first)
			} else {
				w.doubt(first)
			}
			w.persist(second)
			w.accepted()
			w.delivered(w.run(true, 2*time.Hour))

			// The same body again: what is there of it is not stored twice.
			if len(w.doubted) > 0 {
				clear(w.doubted)
				w.persist(first)
			}
			w.inbox.forget()
			w.accepted()
			w.delivered(w.run(true, 2*time.Hour))
		}},
		{"a producer gives up, nobody comes back", func(w *world) {
			all := w.entries(someEntries, "")
			if w.send(all) == http.StatusAccepted {
				w.acknowledged(all)
			} else {
				w.doubt(all)
			}
			w.accepted()
			w.delivered(w.run(true, 2*time.Hour))
		}},
	}
}

// admins are stories of what else comes in from outside while writes fail.
func admins() []tale {
	return []tale{
		{"an admin turns the webhook off before a batch, then on again", func(w *world) {
			w.start()
			w.patch(`{"enabled": false}`)
			w.failed(w.run(true, 2*time.Hour), replay.FailWebhookDisabled, 0)
			w.patch(`{"enabled": true, "endpoint": "https://other.example/in"}`)
			if hook, err := w.backend.Webhook(w.ctx, w.at); err != nil || !hook.Enabled || hook.Endpoint != "https://other.example/in" || hook.Authorization != "Bearer x" {
				w.t.Errorf("the webhook is %+v (%v)", hook, err)
			}
			w.accepted()
			w.delivered(w.run(true, 2*time.Hour))
		}},
		{"the key and the token are changed", func(w *world) {
			w.change()
			w.start()
			w.delivered(w.run(true, 2*time.Hour))
			keys, err := w.backend.PublicKeys(w.ctx)
			w.must(err)
			if current, err := w.backend.SigningKey(w.ctx); err != nil || len(keys) != 2 || keys[0].ID != current.ID {
				w.t.Errorf("%d public keys are there, the current one is %s (%v)", len(keys), current.ID, err)
			}
		}},
		{"a dead letter ends its job", func(w *world) {
			w.start()
			w.plan()
			w.repeat("the burial", func() error {
				_, err := w.clerk.Bury(w.ctx, replay.Slice{Fence: w.job().Fence})
				return err
			})
			w.failed(w.job(), replay.FailUndeliverable, 0)
			w.accepted()
			w.delivered(w.run(true, 2*time.Hour))
		}},
	}
}

// tests are stories of an admin who has the webhook tested: the receiver's answer says nothing of anybody's job.
func tests() []tale {
	return []tale{
		{"an admin tests the webhook: the answer counts, its note may be lost", func(w *world) {
			w.start()
			w.inbox.script = []webhook.Answer{{Code: 410, Message: "410 Gone"}, {Code: 410}, {Code: 410}, {Code: 410}, {Code: 410}, {Code: 410}}
			w.test()
			w.inbox.script = nil
			w.delivered(w.run(true, 2*time.Hour)) // a 410 to a test turns nothing off
		}},
		{"a webhook that is disabled after a test was answered 410 is no webhook that is gone", func(w *world) {
			w.start()
			w.inbox.script = []webhook.Answer{{Code: 410}, {Code: 410}, {Code: 410}, {Code: 410}, {Code: 410}, {Code: 410}}
			w.test()
			w.patch(`{"enabled": false}`)
			w.failed(w.run(true, 2*time.Hour), replay.FailWebhookDisabled, 0)
		}},
		{"a webhook that is gone is tested, and its job is ended by the 410", func(w *world) {
			w.inbox.always = &webhook.Answer{Code: 410}
			w.start()
			for gone, n := false, 0; !gone && n < 60; n++ { // where a write failed, the job may still run then
				w.backend.Pass(time.Minute)
				w.plan()
				w.pump()
				hook, err := w.backend.Webhook(w.ctx, w.at)
				w.must(err)
				gone = hook.Gone
			}
			w.inbox.always = nil
			w.test()
			w.failed(w.run(true, 2*time.Hour), replay.FailWebhookGone, 410)
		}},
	}
}

// send posts the entries as one body, once.
func (w *world) send(entries []auditlog.Entry) (code int) {
	return w.call(http.MethodPost, "/v2/audit-log-events", "application/x-ndjson", lines(entries))
}

// persist posts them until they are acknowledged.
func (w *world) persist(entries []auditlog.Entry) {
	w.t.Helper()
	if code := w.insist(http.MethodPost, "/v2/audit-log-events", "application/x-ndjson", lines(entries)); code != http.StatusAccepted {
		w.t.Fatalf("the intake answered %d", code)
	}
	w.acknowledged(entries)
}

func lines(entries []auditlog.Entry) string {
	var b strings.Builder
	for _, e := range entries {
		b.Write(e.Raw)
		b.WriteByte('\n')
	}
	return b.String()
}

// doubt is what was sent, yet not acknowledged: it may arrive or not. Only a fault leaves anything so.
func (w *world) doubt(entries []auditlog.Entry) {
	w.t.Helper()
	if !w.faults.Hit() {
		w.t.Fatal("the intake refused a good body")
	}
	for _, e := range entries {
		w.doubted[string(e.Raw)]++
	}
}

// test has the webhook tested. The receiver's test entry is nobody's entry.
func (w *world) test() {
	w.t.Helper()
	before := maps.Clone(w.inbox.got)
	if code := w.insist(http.MethodPost, "/v2/audit-log-webhook/test", "", ""); code != http.StatusOK {
		w.t.Fatalf("the test answered %d", code)
	}
	w.inbox.got = before
}

func (w *world) patch(body string) {
	w.t.Helper()
	if code := w.insist(http.MethodPatch, "/v2/audit-log-webhook", "application/json", body); code != http.StatusOK {
		w.t.Fatalf("PATCH answered %d", code)
	}
}

// change adds a key, saves a new token and revokes the old one, which is no good from then on.
func (w *world) change() {
	now := w.backend.Now()
	key, err := auditlog.NewKey(strings.NewReader(strings.Repeat("n", 64)), now)
	w.must(err)
	w.repeat("adding a key", func() error { return w.store.AddKey(w.ctx, key) })
	who := access.Principal{Org: w.at.Org, Role: access.Admin, Label: "new ops"}
	secret, token, err := access.Mint(rand.Reader, who, time.Time{}, now)
	w.must(err)
	w.repeat("saving a token", func() error { return w.store.SaveToken(w.ctx, token) })
	w.repeat("revoking a token", func() error { return w.store.RevokeToken(w.ctx, access.HashOf(w.token), now) })
	w.backend.Pass(2 * time.Minute) // a token is remembered for one
	if code := w.ask(); code != http.StatusUnauthorized {
		w.t.Errorf("with the revoked token the PUT answers %d", code)
	}
	w.token = secret
}

// repeat does something until it works.
func (w *world) repeat(what string, do func() error) {
	w.t.Helper()
	var err error
	for range 6 {
		if err = do(); err == nil {
			return
		}
	}
	w.t.Fatalf("%s never works: %v", what, err)
}
