package egress

import (
	"context"
	"crypto/tls"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"reprise/shared/replay"
	"reprise/shared/webhook"
)

// sizes is how many entries each POST brought, and the attempt it called itself.
func (w *trip) sizes() (all []string) {
	for _, p := range w.posts() {
		all = append(all, fmt.Sprintf("%d by %s", len(p.lines), p.header.Get("Reprise-Attempt")))
	}
	return all
}

// refuses answers 413 to a batch that is not to its liking.
func (w *trip) refuses(batch func(lines []string) bool) {
	small := func(rw http.ResponseWriter, _ *http.Request) {
		all := w.posts()
		if batch(all[len(all)-1].lines) {
			rw.WriteHeader(413)
		}
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	w.script = append(w.script, again(20, small)...)
}

func TestABatchOf413IsHalvedUntilItIsTakenAndStaysSmall(t *testing.T) {
	w := newTrip(t, 8, 10_000)
	w.refuses(func(lines []string) bool { return len(lines) > 2 })
	w.delivered(3, 4, 5, 6)
	if d := cmp.Diff([]string{"8 by 1", "4 by 1", "2 by 1", "2 by 1", "2 by 1", "2 by 1"}, w.sizes()); d != "" || w.waits != nil {
		t.Errorf("waits %v (-want +got):\n%s", w.waits, d)
	}
	ids := make(map[string]bool)
	for _, p := range w.posts() {
		ids[p.id()] = true
	}
	if len(ids) != 6 {
		t.Errorf("%d batches have %d ids", len(w.posts()), len(ids))
	}
}

func TestABatchThatWasHalvedIsTriedAgainAsItIs(t *testing.T) {
	w := newTrip(t, 8, 10_000, says(413, "Retry-After", "600"), says(503), says(503))
	w.delivered(4, 5)
	if d := cmp.Diff([]string{"8 by 1", "4 by 1", "4 by 2", "4 by 3", "4 by 1"}, w.sizes()); d != "" {
		t.Error(d)
	}
	if d := cmp.Diff([]time.Duration{4250 * time.Millisecond, 8 * time.Second}, w.waits); d != "" {
		t.Error(d)
	}
}

func TestA413ToASingleEntryFailsTheJobAndNamesTheEntry(t *testing.T) {
	w := newTrip(t, 8, 10_000)
	w.refuses(func(lines []string) bool { return strings.Contains(strings.Join(lines, "\n"), `"trace_id":5`) })
	w.failed(6, replay.Failure{
		Code: replay.FailEntryTooLarge, ResponseCode: 413,
		Detail: "the receiver answered 413 Content Too Large to a batch of a single entry: the one of 2025-06-18T20:50:00.006Z, of 10240 bytes",
	})
	if d := cmp.Diff([]string{"8 by 1", "4 by 1", "4 by 1", "2 by 1", "1 by 1", "1 by 1"}, w.sizes()); d != "" || w.job().Tally.Entries != 5 {
		t.Errorf("%+v (-want +got):\n%s", w.job().Tally, d)
	}
	if !w.hook().Enabled {
		t.Error("the webhook is off")
	}
}

func TestAnyOtherAnswerFailsTheJobAtOnceAndSaysWhy(t *testing.T) {
	for _, answered := range []string{
		"300", "301 Moved Permanently", "302 Found", "303", "304", "305", "307 Temporary Redirect", "308 Permanent Redirect", "399",
		"400 Bad Request", "401 Unauthorized", "402", "403 Forbidden", "404 Not Found", "405 Method Not Allowed", "406", "407", "409", "411", "412", "414",
		"415 Unsupported Media Type", "416", "417", "418", "421", "422 Unprocessable Content", "423", "424", "426", "428", "431", "451", "499", "600", "999",
	} {
		t.Run(answered, func(t *testing.T) {
			var code int
			if _, err := fmt.Sscan(answered, &code); err != nil {
				t.Fatal(err)
			}
			w := newTrip(t, 3, 100, says(code, "Location", trap(t)+"/elsewhere", "Retry-After", "1"))
			w.failed(1, replay.Failure{Code: replay.FailRejected, Detail: "the receiver answered " + answered, ResponseCode: code})
			if hook := w.hook(); !hook.Enabled || hook.Last.OK || hook.Last.Code != code {
				t.Errorf("the webhook is %+v", hook)
			}
		})
	}
}

func TestAFinalAnswerLeavesWhatWasAcknowledgedCounted(t *testing.T) {
	w := newTrip(t, 300, 5000, says(200), says(403))
	w.failed(2, replay.Failure{Code: replay.FailRejected, Detail: "the receiver answered 403 Forbidden", ResponseCode: 403})
	if got, want := w.job().Tally.Entries, int64(len(w.posts()[0].lines)); got != want {
		t.Errorf("%d entries are counted, %d were acknowledged", got, want)
	}
}

func TestA410TurnsTheWebhookOff(t *testing.T) {
	w := newTrip(t, 3, 100, says(410))
	w.failed(1, replay.Failure{Code: replay.FailWebhookGone, Detail: "the receiver answered 410 Gone: the webhook was turned off", ResponseCode: 410})
	if hook := w.hook(); hook.Enabled || !hook.Gone || hook.Last.Code != 410 {
		t.Errorf("the webhook is %+v", hook)
	}
}

// during is an answer that comes after the webhook was changed.
func (w *trip) during(code int, change func(*webhook.Config)) {
	w.script = []reply{func(rw http.ResponseWriter, _ *http.Request) {
		w.clock.Pass(time.Second)
		w.change(change)
		rw.WriteHeader(code)
	}}
}

func TestAFinalAnswerOfBeforeAChangeIsNoneToTheChangedWebhook(t *testing.T) {
	for _, code := range []int{410, 401, 404, 302} {
		for story, change := range map[string]func(*webhook.Config){
			"another endpoint":      func(c *webhook.Config) { c.Endpoint = strings.Replace(c.Endpoint, "/in", "/new", 1) },
			"another authorization": func(c *webhook.Config) { c.Authorization = "another" },
			"saved once more":       func(*webhook.Config) {},
		} {
			t.Run(fmt.Sprint(code, ", ", story), func(t *testing.T) {
				w := newTrip(t, 3, 100)
				w.during(code, change)
				w.delivered(2)
				if hook := w.hook(); !hook.Enabled || !hook.Last.OK || hook.Last.Code != 200 {
					t.Errorf("the webhook is %+v", hook)
				}
				if n := len(w.posts()); n != 2 {
					t.Errorf("%d POSTs", n)
				}
			})
		}
	}
}

func TestA410OfBeforeTheWebhookWasDisabledIsNotWhyTheJobFailed(t *testing.T) {
	w := newTrip(t, 3, 100)
	w.during(410, func(c *webhook.Config) { c.Enabled = false })
	w.failed(1, replay.Failure{Code: replay.FailWebhookDisabled, Detail: "the webhook was disabled before every entry was acknowledged"})
}

func TestAWebhookThatIsDisabledInMidJobGetsNoOtherBatch(t *testing.T) {
	w := newTrip(t, 300, 5000)
	w.during(200, func(c *webhook.Config) { c.Enabled = false })
	w.failed(1, replay.Failure{Code: replay.FailWebhookDisabled, Detail: "the webhook was disabled before every entry was acknowledged"})
	if got, want := w.job().Tally.Entries, int64(len(w.posts()[0].lines)); got != want {
		t.Errorf("%d entries are counted, %d were acknowledged", got, want)
	}
}

func TestAfterAChangeInMidJobTheRestGoesWhereTheWebhookLeads(t *testing.T) {
	for _, code := range []int{200, 503} {
		t.Run(fmt.Sprint(code), func(t *testing.T) {
			w := newTrip(t, 300, 5000)
			elsewhere := serve(t, w.take).URL + "/new"
			w.during(code, func(c *webhook.Config) { c.Endpoint, c.Authorization = elsewhere, "Bearer new" })
			if code == 200 {
				w.delivered(1, 2)
			} else {
				w.delivered(2, 3)
			}
			for i, p := range w.posts() {
				want := []string{"/in?team=a%20b", secret}
				if i > 0 {
					want = []string{"/new", "Bearer new"}
				}
				if d := cmp.Diff(want, []string{p.path, p.header.Get("Authorization")}); d != "" {
					t.Errorf("POST %d: %s", i+1, d)
				}
			}
		})
	}
}

func TestAnEndpointThatTheGuardRefusesFailsTheJobWithoutAPOST(t *testing.T) {
	w := newTrip(t, 3, 100)
	w.change(func(c *webhook.Config) { c.Endpoint = "ftp://hooks.example.com/" })
	w.failed(0, replay.Failure{Code: replay.FailRejected, Detail: "the endpoint must be an https or http URL"})
}

func TestAnAddressThatTheGuardRefusesWhereItIsDialledIsTriedAgain(t *testing.T) {
	w := newTrip(t, 3, 100)
	var dials atomic.Int64
	guard := Guard{Ports: []uint16{w.port()}}.control()
	w.client.dialer.ControlContext = func(ctx context.Context, network, address string, c syscall.RawConn) error {
		if dials.Add(1) > 2 {
			return nil // the name leads to a public address by now
		}
		return guard(ctx, network, address, c)
	}
	w.delivered(1)
	if d := cmp.Diff([]time.Duration{4250 * time.Millisecond, 8 * time.Second}, w.waits); d != "" {
		t.Error(d)
	}
}

func TestTLS12IsTheLeastAndTheCertificateMustBeKnownUnlessTheCustomerSkipsThat(t *testing.T) {
	for _, c := range []struct {
		story       string
		max         uint16
		known, skip bool
		want        string // what the last attempt says; empty: delivered
	}{
		{"TLS 1.3", tls.VersionTLS13, true, false, ""},
		{"TLS 1.2", tls.VersionTLS12, true, false, ""},
		{"TLS 1.1", tls.VersionTLS11, true, false, "tls: protocol version not supported"},
		{"TLS 1.1, not verified", tls.VersionTLS11, true, true, "tls: protocol version not supported"},
		{"its own certificate", tls.VersionTLS13, false, false, "tls: failed to verify certificate: x509: certificate signed by unknown authority"},
		{"its own certificate, not verified", tls.VersionTLS13, false, true, ""},
	} {
		t.Run(c.story, func(t *testing.T) {
			w := newTrip(t, 3, 100)
			w.secure(func(s *httptest.Server) { s.TLS = &tls.Config{MinVersion: tls.VersionTLS10, MaxVersion: c.max} }, c.known)
			w.change(func(h *webhook.Config) { h.SkipVerify = c.skip })
			if c.want == "" {
				w.delivered(1)
				return
			}
			w.pump()
			if last := w.hook().Last; last.OK || last.Message != c.want {
				t.Errorf("%+v", last)
			}
			w.failed(0, replay.Failure{Code: replay.FailRetriesExhausted, Detail: "the receiver took nothing for 1h: there was no answer (" + c.want + ")"})
		})
	}
}

func TestACertificateThatIsNotVerifiedAnyMoreCostsNoEntry(t *testing.T) {
	w := newTrip(t, 3, 100)
	w.secure(func(*httptest.Server) {}, false)
	w.pump()
	if n := len(w.posts()); n != 0 {
		t.Fatalf("%d POSTs came", n)
	}
	w.clock.Pass(time.Second)
	w.change(func(h *webhook.Config) { h.SkipVerify = true })
	w.delivered(1)
}
