package egress

import (
	"bytes"
	"compress/gzip"
	"crypto/x509"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"reprise/shared/auditlog"
	"reprise/shared/deliver"
	"reprise/shared/fanout"
	"reprise/shared/intake"
	"reprise/shared/queuetest"
	"reprise/shared/replay"
	"reprise/shared/settle"
	"reprise/shared/sqlite"
	"reprise/shared/webhook"
)

// reply is what a receiver does with a POST whose body it has read.
type reply = http.HandlerFunc

// post is a POST as it came in.
type post struct {
	header http.Header
	path   string
	body   []byte   // as it was sent
	lines  []string // each without its end
}

func (p post) id() string { return p.header.Get("Webhook-Id") }

// trip is a replay of one slice: what cuts, queues and delivers is the real thing, over a real store, by real connections.
// Only the receiver and the time are the test's: a wait is over when it says so.
type trip struct {
	t       *testing.T
	at      replay.Scope
	clock   *queuetest.Clock
	store   *sqlite.Store
	queue   *sqlite.Queue
	client  *Client
	courier *deliver.Courier
	fence   replay.Fence
	sent    []string        // what the producer sent, without signatures
	waits   []time.Duration // between one pump and the next
	random  float64         // what the jitter is made of: 0.5

	mu     sync.Mutex
	got    []post
	script []reply // used up first; then 200
}

// newTrip has that many entries of about that many bytes asked for; the answers to its first POSTs are the script's.
func newTrip(t *testing.T, entries, size int, script ...reply) *trip {
	t.Parallel()
	w := &trip{
		t: t, at: replay.Scope{Org: "o", Region: "eu"}, random: 0.5, script: script,
		clock: queuetest.NewClock(time.Date(2025, 6, 18, 21, 0, 0, 0, time.UTC)),
	}
	store, err := sqlite.Open(filepath.Join(t.TempDir(), "trip.db"), w.clock.Now)
	w.must(err)
	t.Cleanup(func() { w.must(store.Close()) })
	w.store, w.queue = store, store.Queue()
	w.client = New(Guard{AllowInside: true, AllowHTTP: true}, "1.2.3", time.Now)
	t.Cleanup(w.client.Close)
	clerk := settle.New(store, store)
	w.courier = deliver.New(store, store, store, store, store, w.client, clerk, deliver.Settings{Patience: webhook.Patience, Host: auditlog.DefaultHost}, w.clock.Now, func() float64 { return w.random })
	fan := fanout.New(store, store, store, w.queue, clerk, 1)

	key, err := auditlog.NewKey(strings.NewReader(strings.Repeat("k", 64)), w.clock.Now())
	w.must(err)
	w.must(store.AddKey(t.Context(), key))
	endpoint := serve(t, w.take).URL + "/in?team=a%20b"
	w.change(func(c *webhook.Config) {
		c.Endpoint, c.Authorization, c.Enabled, c.Format = endpoint, secret, true, auditlog.JSON
	})
	// A minute is never cut: one slice, so that what comes after what is certain.
	window := replay.Window{From: w.clock.Now().Add(-10 * time.Minute), To: w.clock.Now().Add(-9*time.Minute - time.Millisecond)}
	w.produce(window, entries, size)
	w.fence = replay.Fence{Scope: w.at, JobID: "01JY2M7Q8V0000000000000000"}
	w.must(store.Accept(t.Context(), replay.NewJob(w.fence, "ops", window, w.clock.Now())))
	w.must(store.PumpAccepted(t.Context(), fan.Out))
	return w
}

func (w *trip) must(err error) {
	w.t.Helper()
	if err != nil {
		w.t.Fatal(err)
	}
}

// produce stores entries a millisecond apart, as one request's; up to nine are of the same length.
func (w *trip) produce(in replay.Window, n, size int) {
	var all []auditlog.Entry
	for i := range n {
		line := fmt.Sprintf(`{"event_class_id":"konnect","name":"Authz.test","rt":%d,"trace_id":%d,"padding":%q}`,
			in.From.Add(time.Duration(i+1)*time.Millisecond).UnixMilli(), i, strings.Repeat("p", size))
		e, err := auditlog.Parse([]byte(line), w.at.Org, w.clock.Now())
		w.must(err)
		all = append(all, e)
		w.sent = append(w.sent, string(e.Raw))
	}
	w.must(intake.New(w.store, w.store, w.store).Take(w.t.Context(), w.at, [32]byte{1}, all))
}

// change saves the webhook as a PATCH does.
func (w *trip) change(what func(*webhook.Config)) {
	w.t.Helper()
	c := w.hook()
	c.Version++
	c.UpdatedAt = w.clock.Now()
	what(&c)
	w.must(w.store.SaveWebhook(w.t.Context(), c))
}

func (w *trip) hook() webhook.Config {
	w.t.Helper()
	c, err := w.store.Webhook(w.t.Context(), w.at)
	w.must(err)
	return c
}

func (w *trip) job() replay.Job {
	w.t.Helper()
	job, err := w.store.Job(w.t.Context(), w.at)
	w.must(err)
	return job
}

// take is the receiver: it reads all of a POST, holds it to CONTRACT.md §4, then replies.
func (w *trip) take(rw http.ResponseWriter, r *http.Request) {
	p := post{header: r.Header, path: r.URL.RequestURI()}
	var err error
	if p.body, err = io.ReadAll(r.Body); err != nil {
		w.t.Errorf("reading a body: %v", err)
	}
	rest := bytes.NewReader(p.body)
	text := member(w.t, rest)
	if rest.Len() > 0 || len(text) > 1<<20 || !strings.HasSuffix(text, "\n") {
		w.t.Errorf("a batch of %d bytes, %d bytes behind its gzip member", len(text), rest.Len())
	}
	p.lines = strings.Split(strings.TrimSuffix(text, "\n"), "\n")
	w.mu.Lock()
	w.got = append(w.got, p)
	var say reply
	if len(w.script) > 0 {
		say, w.script = w.script[0], w.script[1:]
	}
	w.mu.Unlock()
	if say != nil {
		say(rw, r)
	}
}

// member reads one gzip member and nothing behind it.
func member(t *testing.T, from *bytes.Reader) string {
	z, err := gzip.NewReader(from)
	if err != nil {
		t.Error(err)
		return ""
	}
	z.Multistream(false)
	text, err := io.ReadAll(z)
	if err != nil {
		t.Error(err)
	}
	return string(text)
}

// posts is what came in until now.
func (w *trip) posts() []post {
	w.mu.Lock()
	defer w.mu.Unlock()
	return append([]post(nil), w.got...)
}

// pump delivers what may be delivered now.
func (w *trip) pump() { w.must(w.queue.Pump(w.t.Context(), w.courier.Deliver)) }

// run lets time pass until the job has ended. Nobody may come before a wait is over.
func (w *trip) run() replay.Job {
	w.t.Helper()
	for range 100 {
		w.pump()
		job := w.job()
		if !job.Status.Live() {
			return job
		}
		rows, err := w.store.Progress(w.t.Context(), w.fence)
		w.must(err)
		wait := rows[0].Due.Sub(w.clock.Now())
		w.waits = append(w.waits, wait)
		w.clock.Pass(wait - time.Millisecond)
		before := len(w.posts())
		w.pump()
		if n := len(w.posts()); n != before {
			w.t.Errorf("%d POSTs came before a wait of %v was over", n-before, wait)
		}
		w.clock.Pass(time.Millisecond)
	}
	w.t.Fatalf("the job is still %s after %v", w.job().Status, w.waits)
	return replay.Job{}
}

// delivered runs it, and holds what was acknowledged to what was sent: all of it, once, in order.
func (w *trip) delivered(acknowledged ...int) {
	w.t.Helper()
	job := w.run()
	if job.Status != replay.Completed || job.Tally.Entries != int64(len(w.sent)) {
		w.t.Fatalf("the job is %s with %+v: %+v", job.Status, job.Tally, job.Failure)
	}
	posts := w.posts()
	var lines []string
	for _, n := range acknowledged {
		for _, line := range posts[n-1].lines {
			raw, _, _ := strings.Cut(line, `,"sig":"`)
			lines = append(lines, raw+"}")
		}
	}
	if got, want := strings.Join(lines, "\n"), strings.Join(w.sent, "\n"); got != want {
		w.t.Errorf("%d of %d entries were acknowledged", len(lines), len(w.sent))
	}
}

// failed runs it, and holds the job to a failure after that many POSTs.
func (w *trip) failed(posts int, want replay.Failure) {
	w.t.Helper()
	job := w.run()
	if job.Status != replay.Failed || job.Failure != want || len(w.posts()) != posts {
		w.t.Errorf("the job is %s after %d POSTs, want %d:\n got %+v\nwant %+v", job.Status, len(w.posts()), posts, job.Failure, want)
	}
}

// says is an answer of that status, with headers if any: name, value, name, value.
func says(code int, header ...string) reply {
	return func(rw http.ResponseWriter, _ *http.Request) {
		for i := 0; i < len(header); i += 2 {
			rw.Header().Add(header[i], header[i+1])
		}
		rw.WriteHeader(code)
	}
}

// hangsUp has the connection closed by what it does with it.
func hangsUp(do func(*net.TCPConn)) reply {
	return func(rw http.ResponseWriter, _ *http.Request) {
		conn, _, err := http.NewResponseController(rw).Hijack()
		if err != nil {
			panic(err)
		}
		do(conn.(*net.TCPConn))
		_ = conn.Close()
	}
}

// again is a script that says the same n times.
func again(n int, r reply) []reply {
	all := make([]reply, n)
	for i := range all {
		all[i] = r
	}
	return all
}

// secure is another receiver, with TLS, whose authority is known or not; the webhook leads there from now on.
func (w *trip) secure(set func(*httptest.Server), known bool) {
	s := httptest.NewUnstartedServer(http.HandlerFunc(w.take))
	s.Config.ErrorLog = quiet()
	set(s)
	s.StartTLS()
	w.t.Cleanup(s.Close)
	if known {
		w.client.strict.TLSClientConfig.RootCAs = x509.NewCertPool()
		w.client.strict.TLSClientConfig.RootCAs.AddCert(s.Certificate())
	}
	w.change(func(c *webhook.Config) { c.Endpoint = s.URL + "/in" })
}

// port is the receiver's.
func (w *trip) port() uint16 {
	u, err := url.Parse(w.hook().Endpoint)
	w.must(err)
	port, err := strconv.ParseUint(u.Port(), 10, 16)
	w.must(err)
	return uint16(port)
}

// trap is a receiver that nobody may call.
func trap(t *testing.T) string {
	return serve(t, func(_ http.ResponseWriter, r *http.Request) { t.Errorf("%s %s came to the trap", r.Method, r.URL) }).URL
}
