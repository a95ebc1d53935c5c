package samples

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/oklog/ulid/v2"

	"reprise/shared/access"
	"reprise/shared/auditlog"
	"reprise/shared/dynamo"
	"reprise/shared/intake"
	"reprise/shared/replay"
	"reprise/shared/webhook"
)

// What the samples speak of. The secrets are in the events for everybody to read: no other table than a sample's own has them.
const (
	org           = "b065b594-6afc-4658-9101-5d9cf3f36b7b" // as in CONTRACT.md §5
	region        = "us"
	adminSecret   = access.Prefix + "sample-admin-no-secret-of-anybody"
	intakeSecret  = access.Prefix + "sample-intake-no-secret-of-anybody"
	authorization = "Bearer sample-of-a-receivers-secret"
	seed          = "a signing key that all may know." // 32 bytes
	lanes         = 4
)

// tables is all of them by one clock.
type tables struct {
	*dynamo.Jobs
	*dynamo.Slices
	*dynamo.Entries
	*dynamo.Counts
	*dynamo.Webhooks
	*dynamo.Tokens
	*dynamo.Keys
}

// world is the tables of one sample before it comes.
type world struct {
	db       *dynamodb.Client
	names    map[string]string // of tables, by logical id
	now      time.Time
	receiver string // URL
	job      string // id of the sample's job: DynamoDB takes the same id in another table within ten minutes for a mistake
}

func (w world) at(now time.Time) tables {
	clock, newID := func() time.Time { return now }, func() string { return ulid.MustNew(ulid.Timestamp(now), ulid.DefaultEntropy()).String() }
	return tables{
		dynamo.NewJobs(w.db, w.names["JobsTable"], clock, newID), dynamo.NewSlices(w.db, w.names["SlicesTable"], clock, newID),
		dynamo.NewEntries(w.db, w.names["EntriesTable"]), dynamo.NewCounts(w.db, w.names["CountsTable"]),
		dynamo.NewWebhooks(w.db, w.names["WebhooksTable"], newID), dynamo.NewTokens(w.db, w.names["TokensTable"]), dynamo.NewKeys(w.db, w.names["KeysTable"]),
	}
}

// The job of the samples asks for all of their entries, and was asked for five minutes ago.
func (w world) scope() replay.Scope   { return replay.Scope{Org: org, Region: region} }
func (w world) fence() replay.Fence   { return replay.Fence{Scope: w.scope(), JobID: w.job} }
func (w world) window() replay.Window { return replay.Window{From: w.ago("2h"), To: w.ago("1h")} }
func (w world) asked() time.Time      { return w.ago("5m") }
func (w world) ago(d string) time.Time {
	ago, err := time.ParseDuration(d)
	if err != nil {
		panic(err) // a mistake in this file
	}
	return w.now.Add(-ago)
}

func (w world) signingKey() (auditlog.Key, error) {
	return auditlog.NewKey(strings.NewReader(seed), w.ago("48h"))
}

// build makes what every sample has (tokens, a signing key, a webhook of region us, nothing of region eu), then what the one
// of that name needs.
func (w world) build(ctx context.Context, sample string) error {
	past := w.at(w.ago("48h"))
	for secret, role := range map[string]access.Role{adminSecret: access.Admin, intakeSecret: access.Intake} {
		if err := past.SaveToken(ctx, access.Token{
			Hash: access.HashOf(secret), Principal: access.Principal{Org: org, Role: role, Label: "sample " + string(role)}, Made: w.ago("48h"),
		}); err != nil {
			return err
		}
	}
	key, err := w.signingKey()
	if err != nil {
		return err
	}
	if err := past.AddKey(ctx, key); err != nil {
		return err
	}
	if err := past.SaveWebhook(ctx, webhook.Config{
		Scope: w.scope(), Version: 1, Endpoint: w.receiver, Authorization: authorization, Enabled: true, Format: auditlog.JSON, UpdatedAt: w.ago("48h"),
	}); err != nil {
		return err
	}
	for _, step := range w.ways()[sample] {
		if err := step(ctx); err != nil {
			return fmt.Errorf("making the world of %s: %w", sample, err)
		}
	}
	return nil
}

// way is how a world comes about.
type way = []func(context.Context) error

// ways is that of every sample that needs more than each has.
func (w world) ways() map[string]way {
	accepted := way{w.takeEntries, w.accept}
	pending := slices.Concat(accepted, way{w.plan})
	running := slices.Concat(pending, way{w.start})
	halfway := slices.Concat(running, way{w.advance})
	return map[string]way{
		"put-replay-job/put-conflict":        running,
		"put-replay-job/put-global-conflict": running,
		"get-replay-job/get-running":         halfway,
		"get-replay-job/get-failed":          slices.Concat(pending, way{w.fail}),
		"get-replay-job/get-slices":          halfway,
		"get-replay-job/get-global":          halfway,
		"get-replay-job/get-v3":              halfway,
		"get-replay-job/estimate":            {w.takeEntries},
		"get-replay-job/estimate-global":     {w.takeEntries},
		"cancel-replay-job/cancel-running":   halfway,
		"cancel-replay-job/cancel-global":    accepted,
		"fan-out/stream-accepted":            accepted,
		"fan-out/stream-poison":              accepted,
		"deliver/slice-message":              pending,
		"deliver/slice-cef":                  slices.Concat(pending, way{w.asCEF}),
		"deliver/slice-continuation":         halfway,
		"deliver/slice-unreadable":           pending,
		"dead-letter/dead-letter":            running,
		"dead-letter/dead-letter-newer":      running,
		"dead-letter/dead-letter-jobless":    running,
		"sweep/sweep-tick":                   accepted,
		"webhook/webhook-status-v3":          {w.tried},
	}
}

// Worlds names the samples whose worlds have more than every world.
func Worlds() []string { return slices.Sorted(maps.Keys(world{}.ways())) }

// takeEntries stores one at either end of the window, and one within.
func (w world) takeEntries(ctx context.Context) error {
	past := w.at(w.ago("1h"))
	var all []auditlog.Entry
	for name, ago := range map[string]string{"first": "2h", "second": "90m", "third": "1h"} {
		line := fmt.Sprintf(`{"event_class_id":"sample","name":"Ingress","trace_id":%q,"rt":%d}`, name, w.ago(ago).UnixMilli())
		entry, err := auditlog.Parse([]byte(line), org, w.ago("1h"))
		if err != nil {
			return err
		}
		all = append(all, entry)
	}
	return intake.New(past, past, past).Take(ctx, w.scope(), sha256.Sum256([]byte("sample")), all)
}

func (w world) accept(ctx context.Context) error {
	return w.at(w.asked()).Accept(ctx, replay.NewJob(w.fence(), "sample admin", w.window(), w.asked()))
}

func (w world) plan(ctx context.Context) error {
	store := w.at(w.asked())
	counts, err := store.CountsIn(ctx, w.scope(), w.window())
	if err != nil {
		return err
	}
	job, err := store.Job(ctx, w.scope())
	if err != nil {
		return err
	}
	if _, err := store.RecordPlan(ctx, replay.Cut(job, counts, lanes)); err != nil {
		return err
	}
	return store.Pend(ctx, w.fence())
}

func (w world) start(ctx context.Context) error {
	store := w.at(w.asked())
	if err := store.Run(ctx, w.fence()); err != nil {
		return err
	}
	plan, err := store.Plan(ctx, w.fence())
	if err != nil {
		return err
	}
	_, err = store.Try(ctx, plan.Slices[0])
	return err
}

// advance has the first chunk acknowledged.
func (w world) advance(ctx context.Context) error {
	store := w.at(w.asked())
	plan, err := store.Plan(ctx, w.fence())
	if err != nil {
		return err
	}
	all, err := store.Progress(ctx, w.fence())
	if err != nil {
		return err
	}
	for c, err := range store.Chunks(ctx, w.scope(), w.window(), replay.Cursor{}) {
		if err != nil {
			return err
		}
		to, got := replay.Cursor{Chunk: c.Key, Line: c.Entries}, replay.Tally{Batches: 1, Entries: int64(c.Entries), Bytes: int64(c.Bytes)}
		return store.Advance(ctx, plan.Slices[0], all[0].Step(to, got, w.asked()))
	}
	return errors.New("there are no entries")
}

// tried has the webhook's last attempt fail.
func (w world) tried(ctx context.Context) error {
	store := w.at(w.asked())
	hook, err := store.Webhook(ctx, w.scope())
	if err != nil {
		return err
	}
	return store.Attempted(ctx, hook, webhook.Attempt{At: w.asked(), Code: 503, Message: "Service Unavailable"}, false)
}

// asCEF has the webhook want its entries as cef.
func (w world) asCEF(ctx context.Context) error {
	store := w.at(w.ago("1h"))
	c, err := store.Webhook(ctx, w.scope())
	if err != nil {
		return err
	}
	c, err = c.Apply(webhook.Patch{Format: new("cef")}, w.ago("1h"))
	if err != nil {
		return err
	}
	return store.SaveWebhook(ctx, c)
}

func (w world) fail(ctx context.Context) error {
	return w.at(w.asked()).Fail(ctx, w.fence(), replay.Failure{Code: replay.FailRejected, Detail: "the receiver answered 401", ResponseCode: 401}, replay.Tally{})
}
