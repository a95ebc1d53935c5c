package api

import (
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"iter"
	"log/slog"
	"net/http"
	"strings"
	"sync"
	"time"

	"reprise/shared/auditlog"
	"reprise/shared/chunk"
	"reprise/shared/replay"
	"reprise/shared/webhook"
)

const (
	// recordTime is how long the note of a test's attempt may take.
	recordTime = 5 * time.Second
	// testTime is what a test may take from its POST on, of which that may take 15 s (CONTRACT.md §4).
	testTime = 15*time.Second + recordTime
)

// errTested is the cause of a 429.
var errTested = errors.New("another test of this webhook is under way")

// Tries is what a test of a webhook needs beside the webhook.
type Tries struct {
	Keys   SigningKeys // signs the entry
	Poster Poster
	Host   string // of CEF lines (auditlog.Scribe)
}

// tests is which webhooks are being tested, so that nobody can have this process knock at one from many sides at once, nor
// fill it with requests that wait for a receiver that does not answer.
type tests struct {
	mu    sync.Mutex
	under map[replay.Scope]bool
}

func newTests() *tests { return &tests{under: make(map[replay.Scope]bool)} }

func (t *tests) begin(at replay.Scope) bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.under[at] {
		return false
	}
	t.under[at] = true
	return true
}

func (t *tests) end(at replay.Scope) {
	t.mu.Lock()
	defer t.mu.Unlock()
	delete(t.under, at)
}

// answerView is a receiver's answer to a test.
type answerView struct {
	Code     int    `json:"response_code"`
	Message  string `json:"response_message"`
	Duration int64  `json:"duration_ms"`
}

// silenceView is why there is no answer. Where nothing was sent, it took no time.
type silenceView struct {
	Reason   string `json:"reason"`
	Duration *int64 `json:"duration_ms,omitempty"`
}

// tryHook sends one entry to the webhook as it is configured, enabled or not, and notes it as the webhook's last attempt.
// It never turns the webhook off: who is there to read a 410 can do so himself. No body is needed, and none is read: who has one
// in hand would hold its room for as long as the receiver likes.
func tryHook(r *http.Request, c *caller, hooks Configs, tries Tries) (reply, error) {
	hook, err := hooks.Webhook(r.Context(), c.scope())
	if err != nil {
		return reply{}, fmt.Errorf("reading the webhook: %w", err)
	}
	if hook.Endpoint == "" || strings.TrimSpace(string(hook.Authorization)) == "" {
		return ok(http.StatusOK, silenceView{Reason: "the webhook is not configured: it needs an endpoint and an authorization"})
	}
	key, err := tries.Keys.SigningKey(r.Context())
	if err != nil {
		return reply{}, fmt.Errorf("reading the key for a test entry: %w", err)
	}
	d, err := testDelivery(c, auditlog.Scribe{Format: hook.Written(), Host: tries.Host, Key: key})
	if err != nil {
		return reply{}, err
	}
	if !lasts(r.Context(), testTime) {
		return reply{}, late(errors.New("too little time is left for the test of a webhook"))
	}
	// Whoever hangs up does not break off the POST: what its receiver saw would be noted as a failure.
	work := context.WithoutCancel(r.Context())
	answer := tries.Poster.Post(work, hook, d)
	slog.InfoContext(work, "test", "org", c.Org, "region", c.region, "webhook_id", d.ID, "code", answer.Code, "answer", answer.Message, "took", answer.Took)
	// A crash here leaves a test that nobody heard of. Its note is for people, nothing rests on it: a failure is only logged.
	note, cancel := context.WithTimeout(work, recordTime)
	defer cancel()
	if err := hooks.Attempted(note, hook, answer.Attempt(c.now.Add(answer.Took)), false); err != nil {
		slog.WarnContext(work, "the webhook's test was not recorded", "org", c.Org, "region", c.region, "err", err)
	}
	return ok(http.StatusOK, showTry(answer))
}

// lasts reports whether ctx does not end within d: a function's end would cut the POST off, and nobody be told.
func lasts(ctx context.Context, d time.Duration) bool {
	due, ok := ctx.Deadline()
	if !ok {
		return true
	}
	early, cancel := context.WithDeadline(ctx, due.Add(-d))
	defer cancel()
	return !errors.Is(early.Err(), context.DeadlineExceeded)
}

func showTry(a webhook.Answer) any {
	took := a.Took.Milliseconds()
	switch {
	case a.Refused:
		return silenceView{Reason: "nothing was sent: the " + cmp.Or(a.Message, "endpoint is not one that may be called")}
	case a.Err != nil:
		return silenceView{Reason: cmp.Or(a.Message, "no answer"), Duration: &took}
	default:
		return answerView{a.Code, a.Message, took}
	}
}

// testDelivery is one signed entry on its way, as a replay would send it. The request's trace id makes it, and its
// Webhook-Id, one of a kind.
func testDelivery(c *caller, as auditlog.Scribe) (webhook.Delivery, error) {
	line, err := json.Marshal(map[string]any{
		"event_class_id": "Reprise", "event_vendor": "Reprise", "event_product": "Reprise", "event_version": "1.0", "cef_version": 0,
		"name": "Reprise.Test", "severity": 0, "rt": c.now.UnixMilli(), "principal_name": c.Label, "trace_id": c.trace,
	})
	if err != nil {
		return webhook.Delivery{}, fmt.Errorf("writing a test entry: %w", err)
	}
	entry, err := auditlog.Parse(line, c.Org, c.now)
	if err != nil {
		return webhook.Delivery{}, fmt.Errorf("making a test entry: %w", err)
	}
	chunks, _, err := chunk.Pack(sha256.Sum256(entry.Raw), []auditlog.Entry{entry}, as.Key)
	if err != nil {
		return webhook.Delivery{}, fmt.Errorf("packing a test entry: %w", err)
	}
	window := replay.Window{From: entry.At, To: entry.At}
	for b, err := range chunk.Batches("", window, replay.Cursor{}, replay.BatchLimit, as.Write, each(chunks)) {
		if err != nil {
			return webhook.Delivery{}, fmt.Errorf("packing a test entry: %w", err)
		}
		return webhook.Delivery{ID: b.ID, Region: c.region, Attempt: 1, Entries: b.Tally.Entries, Body: b.Body, At: c.now}, nil
	}
	return webhook.Delivery{}, errors.New("packing a test entry: it is in no batch")
}

func each(chunks []chunk.Chunk) iter.Seq2[chunk.Chunk, error] {
	return func(yield func(chunk.Chunk, error) bool) {
		for _, c := range chunks {
			if !yield(c, nil) {
				return
			}
		}
	}
}
