package storetest

import (
	"context"
	"crypto/rand"
	"fmt"
	"maps"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"testing"
	"time"

	"reprise/shared/access"
	"reprise/shared/api"
	"reprise/shared/auditlog"
	"reprise/shared/deliver"
	"reprise/shared/egress"
	"reprise/shared/fanout"
	"reprise/shared/intake"
	"reprise/shared/openapitest"
	"reprise/shared/queuetest"
	"reprise/shared/replay"
	"reprise/shared/settle"
	"reprise/shared/sweep"
	"reprise/shared/webhook"
)

// Backend is a store with its stream and a queue whose time the stories move.
type Backend struct {
	Store
	Queue queuetest.Queue
	// Stream hands the newly accepted jobs over that were not handled yet, in order; it stops at the first failure,
	// and comes back to that one at the next call.
	Stream func(ctx context.Context, out func(context.Context, replay.Job) error) error
	// Pass lets time pass for the queue, the store and now alike.
	Pass func(time.Duration)
	Now  func() time.Time

	file *openapitest.File
}

// world is one organization with a producer, an admin and a receiver around a backend whose writes may fail.
type world struct {
	t       *testing.T
	ctx     context.Context
	at      replay.Scope
	backend Backend
	faults  *Faults
	inbox   *inbox
	desk    *intake.Desk
	fan     *fanout.Fan
	courier *deliver.Courier
	clerk   *settle.Clerk
	sweeper *sweep.Sweeper
	api     http.Handler
	store   *FaultyStore
	token   string
	asks    string // the region that requests are about: at's, or global
	window  replay.Window
	sent    map[string]int // canonical entry → how often the producer was told 202 for it
	doubted map[string]int // canonical entry → how often it was sent by a producer that was told nothing good, and gave up
	times   map[string]time.Time
	serial  int
}

const jobPath = "/v2/audit-log-replay-job"

// lanes is how many requests a job may have in flight.
const lanes = 2

// newWorld wires every verb as local and the functions do. The setting up itself never fails. Organization, token and job ids
// were never used before, so that a backend may keep the same tables for many stories, all but the one of the jobs.
func newWorld(t *testing.T, b Backend, faults *Faults) *world {
	w := &world{
		t: t, ctx: t.Context(), at: replay.Scope{Org: rand.Text(), Region: "us"}, backend: b, faults: faults,
		inbox: newInbox(t), sent: make(map[string]int), doubted: make(map[string]int), times: make(map[string]time.Time),
		store: faults.Store(b.Store), asks: "us",
	}
	w.inbox.keys = func() []auditlog.PublicKey {
		keys, err := b.PublicKeys(w.ctx)
		w.must(err)
		return keys
	}
	store, queue := w.store, faults.Queue(b.Queue)
	w.clerk = settle.New(store, store)
	w.fan = fanout.New(store, store, store, queue, w.clerk, lanes)
	w.courier = deliver.New(store, store, store, store, store, w.inbox, w.clerk, deliver.Settings{Patience: 4 * time.Minute, Host: auditlog.DefaultHost}, b.Now, func() float64 { return 0.5 })
	w.sweeper = sweep.New(store, store, queue, w.clerk, w.fan.Out, b.Now)
	w.desk = intake.New(store, store, store)
	id := rand.Text // never used anywhere before: a backend may remember ids longer than its rows
	door := api.NewDoor(b.Store, replay.Regions{Known: []string{"us", "eu"}, Default: "us"}, b.Now, id)
	w.api = api.Route(map[string]http.Handler{
		"put-replay-job":    api.PutReplayJob(door, store, store, id),
		"get-replay-job":    api.GetReplayJob(door, store, store, store, lanes),
		"cancel-replay-job": api.CancelReplayJob(door, store, w.clerk),
		"webhook":           api.Webhook(door, store, egress.Guard{}, api.Tries{Keys: store, Poster: w.inbox}),
		"intake":            api.Intake(door, w.desk),
		"default-route":     api.Nowhere(door),
	})
	w.api = b.file.Handler(w.api, func(err error) { t.Error(err) })

	key, err := auditlog.NewKey(strings.NewReader(strings.Repeat("k", 64)), b.Now())
	w.must(err)
	w.must(b.AddKey(w.ctx, key))
	secret, token, err := access.Mint(rand.Reader, access.Principal{Org: w.at.Org, Role: access.Admin, Label: "ops"}, time.Time{}, b.Now())
	w.must(err)
	w.token = secret
	w.must(b.SaveToken(w.ctx, token))
	w.enable()
	now := b.Now().UTC().Truncate(time.Millisecond)
	w.window = replay.Window{From: now.Add(-2 * time.Hour), To: now.Add(-time.Minute)}
	return w
}

func (w *world) must(err error) {
	w.t.Helper()
	if err != nil {
		w.t.Fatal(err)
	}
}

// enable gives the region a webhook.
func (w *world) enable() {
	w.configure(func(c *webhook.Config) {
		c.Endpoint, c.Authorization, c.Enabled, c.Format = "https://siem.example/in", "Bearer x", true, auditlog.JSON
	})
}

// configure changes the webhook as a PATCH does.
func (w *world) configure(change func(*webhook.Config)) {
	c, err := w.backend.Webhook(w.ctx, w.at)
	w.must(err)
	c.Version++
	c.UpdatedAt = w.backend.Now().UTC().Truncate(time.Millisecond)
	change(&c)
	w.must(w.backend.SaveWebhook(w.ctx, c))
}

// entries are n entries, evenly over the window and its both ends.
func (w *world) entries(n int, padding string) []auditlog.Entry {
	all := make([]auditlog.Entry, n)
	for i := range all {
		at := w.window.From.Add(w.window.To.Sub(w.window.From) * time.Duration(i) / time.Duration(max(1, n-1)))
		line := fmt.Sprintf(`{"event_class_id":"konnect","name":"Authz.test","rt":%d,"trace_id":%d,"padding":"%s"}`, at.UnixMilli(), w.serial+i, padding)
		e, err := auditlog.Parse([]byte(line), w.at.Org, w.backend.Now())
		w.must(err)
		all[i] = e
		w.inbox.traces[strconv.Itoa(w.serial+i)] = string(e.Raw)
	}
	w.serial += n
	return all
}

// produce sends one body until it is acknowledged, as a producer does.
func (w *world) produce(body byte, entries []auditlog.Entry) {
	for try := 0; w.desk.Take(w.ctx, w.at, [32]byte{body}, entries) != nil; try++ {
		if try > 5 {
			w.t.Fatal("the intake never answers 202")
		}
	}
	w.acknowledged(entries)
}

// acknowledged is what the producer was told 202 for: from then on it is owed to the receiver.
func (w *world) acknowledged(entries []auditlog.Entry) {
	for _, e := range entries {
		w.sent[string(e.Raw)]++
		w.times[string(e.Raw)] = e.At
	}
}

// call sends a request once.
func (w *world) call(method, path, kind, body string) (code int) {
	return w.request(method, path, kind, body).Code
}

func (w *world) request(method, path, kind, body string) *httptest.ResponseRecorder {
	r := httptest.NewRequestWithContext(w.ctx, method, "http://"+w.asks+".localhost"+path, strings.NewReader(body))
	r.Header.Set("Authorization", "Bearer "+w.token)
	r.Header.Set("Content-Type", kind)
	rec := httptest.NewRecorder()
	w.api.ServeHTTP(rec, r)
	return rec
}

// insist calls until the answer is no 5xx, as a careful client does.
func (w *world) insist(method, path, kind, body string) (code int) {
	w.t.Helper()
	for range 6 {
		if code = w.call(method, path, kind, body); code < 500 {
			return code
		}
	}
	w.t.Fatalf("%s %s is never answered", method, path)
	return 0
}

// ask sends the PUT.
func (w *world) ask() (code int) {
	w.t.Helper()
	body := fmt.Sprintf(`{"start_at":%q,"end_at":%q}`, w.window.From.Format(time.RFC3339Nano), w.window.To.Format(time.RFC3339Nano))
	return w.insist(http.MethodPut, jobPath, "application/json", body)
}

// job is what is stored now.
func (w *world) job() replay.Job {
	w.t.Helper()
	job, err := w.backend.Job(w.ctx, w.at)
	w.must(err)
	return job
}

// plan lets the stream call the fan-out once. Its error is the stream's business: it comes again.
func (w *world) plan() { _ = w.backend.Stream(w.ctx, w.fan.Out) }

// pump lets the queue call the delivery for everything that is visible.
func (w *world) pump() { w.must(w.backend.Queue.Pump(w.ctx, w.courier.Deliver)) }

// run lets everything do its work, time pass, until the job has ended; the sweep comes only if asked for.
func (w *world) run(swept bool, bound time.Duration) replay.Job {
	w.t.Helper()
	for passed := time.Duration(0); passed < bound; passed += time.Minute {
		w.plan()
		w.pump()
		if swept {
			_ = w.sweeper.Sweep(w.ctx)
		}
		if job := w.job(); !job.Status.Live() {
			w.pump() // what is left on the queue is taken away
			return job
		}
		w.backend.Pass(time.Minute)
	}
	job := w.job()
	rows, err := w.backend.Progress(w.ctx, job.Fence)
	w.must(err)
	w.t.Fatalf("the job is still %s after %v (fault: %s)\nrows: %+v", job.Status, bound, w.faults.Name(), rows)
	return replay.Job{}
}

// delivered checks entry by entry that a completed job kept its promise.
func (w *world) delivered(job replay.Job) {
	w.t.Helper()
	if job.Status != replay.Completed {
		w.t.Fatalf("the job is %s: %+v (fault: %s)", job.Status, job.Failure, w.faults.Name())
	}
	w.inbox.holds(w.sent, w.doubted, w.faults)
	arrived := 0
	for _, n := range w.inbox.got {
		arrived += n
	}
	if job.Tally.Entries != int64(arrived) {
		w.t.Errorf("the tally has %d entries of %d (fault: %s)", job.Tally.Entries, arrived, w.faults.Name())
	}
}

// stored counts the entries that lie in the archive.
func (w *world) stored() (n int64) {
	for c, err := range w.backend.Chunks(w.ctx, w.at, w.window, replay.Cursor{}) {
		w.must(err)
		n += int64(c.Entries)
	}
	return n
}

// counted sums the hints.
func (w *world) counted() (n int64) {
	counts, err := w.backend.CountsIn(w.ctx, w.at, w.window)
	w.must(err)
	for _, c := range counts {
		n += c.Entries
	}
	return n
}

// expectOnly forgets what was sent outside of a window.
func (w *world) expectOnly(window replay.Window) {
	maps.DeleteFunc(w.sent, func(raw string, _ int) bool { return !window.Holds(w.times[raw]) })
	if len(w.sent) == 0 {
		w.t.Fatal("the window holds nothing")
	}
}
