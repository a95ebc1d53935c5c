package egress

import (
	"io"
	"net"
	"net/http"
	"os/exec"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"reprise/shared/auditlog"
	"reprise/shared/replay"
	"reprise/shared/webhook"
)

// What follows is CONTRACT.md §4, row by row.

func TestABatchIsOneGzipMemberOfAtMost1MiBWithTheHeadersOfTheContract(t *testing.T) {
	w := newTrip(t, 300, 5000)
	w.delivered(1, 2)
	for i, p := range w.posts() {
		want := http.Header{
			"Authorization":     {secret},
			"Content-Type":      {"text/plain; charset=utf-8"},
			"Content-Encoding":  {"gzip"},
			"Content-Length":    {strconv.Itoa(len(p.body))},
			"User-Agent":        {"reprise/1.2.3"},
			"Webhook-Id":        {p.id()},
			"Webhook-Timestamp": {"1750280400"},
			"Reprise-Delivery":  {"replay"},
			"Reprise-Job":       {"01JY2M7Q8V0000000000000000"},
			"Reprise-Region":    {"eu"},
			"Reprise-Attempt":   {"1"},
			"Reprise-Entries":   {strconv.Itoa(len(p.lines))},
		}
		if d := cmp.Diff(want, p.header); d != "" || p.path != "/in?team=a%20b" || len(p.id()) != 32 {
			t.Errorf("%s, %q (-want +got):\n%s", p.path, p.id(), d)
		}
		// What most receivers decode with, which is not ours.
		unzip := exec.CommandContext(t.Context(), "gzip", "--decompress", "--stdout")
		unzip.Stdin = strings.NewReader(string(p.body))
		text, err := unzip.Output()
		if err != nil || string(text) != strings.Join(p.lines, "\n")+"\n" || len(text) > 1<<20 || i == 0 && len(text) < 1<<19 {
			t.Errorf("gzip reads %d bytes: %v", len(text), err)
		}
	}
	if p := w.posts(); p[0].id() == p[1].id() {
		t.Error("two batches have one Webhook-Id")
	}
}

func TestABatchHoldsAsMuchAs1MiBOfTheFormatThatIsSent(t *testing.T) {
	for format, begins := range map[auditlog.Format]string{
		auditlog.JSON: `{"event_class_id":"konnect",`,
		auditlog.CPS:  `{"event":{"event_class_id":"konnect",`,
		auditlog.CEF:  "2025-06-18T20:50:00.001Z reprise CEF:0|Unknown|Unknown|Unknown|konnect|Authz.test|Unknown|rt=1750279800001 ",
	} {
		t.Run(string(format), func(t *testing.T) {
			w := newTrip(t, 300, 5000)
			w.change(func(c *webhook.Config) { c.Format = format })
			job, posts := w.run(), w.posts()
			if job.Status != replay.Completed || len(posts) != 2 || len(posts[0].lines)+len(posts[1].lines) != 300 {
				t.Fatalf("%s after %d POSTs: %+v", job.Status, len(posts), job.Tally)
			}
			first := posts[0].lines
			room := 1<<20 - len(strings.Join(first, "\n")) - 1
			if room < 0 || room > 6000 || !strings.HasPrefix(first[0], begins) {
				t.Errorf("there is room for %d bytes more behind %.100s", room, first[0])
			}
		})
	}
}

func TestARetryIsTheSameBatchUnderTheSameIDWithTheNextAttempt(t *testing.T) {
	w := newTrip(t, 3, 100, again(3, says(503))...)
	w.delivered(4)
	first := w.posts()[0]
	var told []string
	for _, p := range w.posts() {
		told = append(told, p.header.Get("Reprise-Attempt")+" "+p.header.Get("Webhook-Timestamp"))
		if p.id() != first.id() || string(p.body) != string(first.body) {
			t.Errorf("%s came with %d bytes, %s before with %d", p.id(), len(p.body), first.id(), len(first.body))
		}
	}
	if d := cmp.Diff([]string{"1 1750280400", "2 1750280404", "3 1750280412", "4 1750280427"}, told); d != "" {
		t.Error(d)
	}
}

func TestTheAuthorizationIsSentVerbatim(t *testing.T) {
	for _, value := range []string{
		"Bearer abc.def-123", "Basic dXNlcjpwYXNz", "Splunk 11111111-2222-3333-4444-555555555555", "ApiKey  two  blanks", "bearer lower", "token",
		`Digest username="a b", realm="c,d", uri="/in"`, "AWS4-HMAC-SHA256 Credential=a/b, SignedHeaders=host", "a:b", "Müller é", "%41 &amp; \\ \"",
	} {
		t.Run(value, func(t *testing.T) {
			w := newTrip(t, 1, 10)
			w.change(func(c *webhook.Config) { c.Authorization = webhook.Secret(value) })
			w.delivered(1)
			if got := w.posts()[0].header["Authorization"]; !slices.Equal(got, []string{value}) {
				t.Errorf("%q came", got)
			}
		})
	}
}

func TestAny2xxAcknowledgesTheWholeBatch(t *testing.T) {
	for _, code := range []int{200, 201, 202, 203, 204, 205, 206, 207, 208, 226, 250, 299} {
		t.Run(strconv.Itoa(code), func(t *testing.T) {
			w := newTrip(t, 3, 100, says(code, "Retry-After", "60", "Location", trap(t)))
			w.delivered(1)
			if last := w.hook().Last; !last.OK || last.Code != code {
				t.Errorf("%+v", last)
			}
		})
	}
}

func TestAnInformationalAnswerIsNoAnswerYet(t *testing.T) {
	w := newTrip(t, 1, 10, func(rw http.ResponseWriter, _ *http.Request) {
		for _, code := range []int{100, 102, 103} {
			rw.WriteHeader(code)
		}
		rw.WriteHeader(202)
	})
	w.delivered(1)
}

func TestAnotherProtocolIsAFinalNo(t *testing.T) {
	w := newTrip(t, 1, 10, hangsUp(func(conn *net.TCPConn) { _, _ = io.WriteString(conn, "HTTP/1.1 101 Switching Protocols\r\n\r\n") }))
	w.failed(1, replay.Failure{Code: replay.FailRejected, Detail: "the receiver answered 101", ResponseCode: 101})
}

// passing are the answers after which the same batch is tried again.
func passing() map[string]reply {
	all := map[string]reply{
		"closed without an answer": hangsUp(func(*net.TCPConn) {}),
		"reset":                    hangsUp(func(conn *net.TCPConn) { _ = conn.SetLinger(0) }),
		"no HTTP":                  hangsUp(func(conn *net.TCPConn) { _, _ = io.WriteString(conn, "220 mail\r\n") }),
		"half an answer":           hangsUp(func(conn *net.TCPConn) { _, _ = io.WriteString(conn, "HTTP/1.1 200 OK\r\nConte") }),
		"timeout":                  func(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() },
	}
	for _, code := range []int{408, 425, 429, 500, 501, 502, 503, 504, 505, 506, 507, 508, 510, 511, 520, 529, 598, 599} {
		all[strconv.Itoa(code)] = says(code)
	}
	return all
}

func TestAnErrorATimeout408425429And5xxAreTriedAgain(t *testing.T) {
	for story, fails := range passing() {
		t.Run(story, func(t *testing.T) {
			w := newTrip(t, 3, 100, fails, fails)
			if story == "timeout" {
				w.client.limit = time.Second // for the one that is taken, too, on a machine that is busy
			}
			w.delivered(3)
			if d := cmp.Diff([]time.Duration{4250 * time.Millisecond, 8 * time.Second}, w.waits); d != "" {
				t.Error(d)
			}
			if !w.hook().Enabled {
				t.Error("the webhook is off")
			}
		})
	}
}

func TestAPortWhereNobodyListensIsTriedAgain(t *testing.T) {
	aloneOnLinux(t)
	w := newTrip(t, 3, 100)
	l, err := net.Listen("tcp", "127.0.0.9:0") // nobody else takes this address while it is free
	w.must(err)
	w.must(l.Close())
	w.change(func(c *webhook.Config) { c.Endpoint = "http://" + l.Addr().String() })
	w.pump()
	if last := w.hook().Last; last.OK || last.Code != 0 || last.Message != "connect: connection refused" {
		t.Errorf("%+v", last)
	}
	l, err = net.Listen("tcp", l.Addr().String())
	w.must(err)
	s := &http.Server{Handler: http.HandlerFunc(w.take)}
	defer func() { _ = s.Close() }()
	go func() { _ = s.Serve(l) }()
	w.delivered(1)
}

func TestWaitsGrowFromASecondToAQuarterOfAnHourWithFullJitter(t *testing.T) {
	const s, m = time.Second, time.Minute
	for _, c := range []struct {
		story  string
		random float64
		want   []time.Duration
	}{
		{"the least", 0, []time.Duration{s, s, s, 30 * s, 30 * s, 30 * s, 30 * s, 30 * s, 30 * s}},
		{"the middle", 0.5, []time.Duration{4250 * time.Millisecond, 8 * s, 15500 * time.Millisecond, 45 * s, 75 * s, 135 * s, 255 * s, 465 * s, 465 * s}},
		{"the most", 1, []time.Duration{7500 * time.Millisecond, 15 * s, 30 * s, m, 2 * m, 4 * m, 8 * m, 15 * m, 15 * m}},
	} {
		t.Run(c.story, func(t *testing.T) {
			w := newTrip(t, 1, 10, again(9, says(503))...)
			w.random = c.random
			w.delivered(10)
			if d := cmp.Diff(c.want, w.waits); d != "" {
				t.Error(d)
			}
		})
	}
}

func TestAfterOneHourOfTriesTheJobFails(t *testing.T) {
	for story, c := range map[string]struct {
		fails reply
		want  replay.Failure
	}{
		"503":       {says(503), replay.Failure{Code: replay.FailRetriesExhausted, Detail: "the receiver took nothing for 1h: it last answered 503 Service Unavailable", ResponseCode: 503}},
		"no answer": {hangsUp(func(*net.TCPConn) {}), replay.Failure{Code: replay.FailRetriesExhausted, Detail: "the receiver took nothing for 1h: there was no answer (the connection was closed before an answer came)"}},
	} {
		t.Run(story, func(t *testing.T) {
			w := newTrip(t, 1, 10, again(100, c.fails)...)
			w.failed(15, c.want)
			var all time.Duration
			for _, wait := range w.waits {
				all += wait
			}
			if all != time.Hour {
				t.Errorf("it was tried for %v: %v", all, w.waits)
			}
			if !w.hook().Enabled {
				t.Error("the webhook is off")
			}
		})
	}
}

func TestAChangedWebhookHasAllOfThePatienceAgain(t *testing.T) {
	var w *trip
	script := again(100, says(503))
	script[9] = func(rw http.ResponseWriter, _ *http.Request) {
		w.clock.Pass(time.Second)
		w.change(func(c *webhook.Config) { c.Authorization = "another" })
		rw.WriteHeader(503)
	}
	w = newTrip(t, 1, 10, script...)
	w.failed(25, replay.Failure{Code: replay.FailRetriesExhausted, Detail: "the receiver took nothing for 1h: it last answered 503 Service Unavailable", ResponseCode: 503})
	if p := w.posts()[10]; p.header.Get("Reprise-Attempt") != "1" || p.header.Get("Authorization") != "another" {
		t.Errorf("after the change: %v", p.header)
	}
}

func TestRetryAfterIsWaitedUpToAQuarterOfAnHour(t *testing.T) {
	start := time.Date(2025, 6, 18, 21, 0, 0, 0, time.UTC)
	const usual, most = 4250 * time.Millisecond, 15 * time.Minute
	for i, c := range []struct {
		story string
		value []string
		want  time.Duration
	}{
		{"seconds", []string{"7"}, 7 * time.Second},
		{"fewer seconds than are waited anyway", []string{"2"}, usual},
		{"now", []string{"0"}, usual},
		{"blanks around", []string{" 120 "}, 2 * time.Minute},
		{"the most", []string{"900"}, most},
		{"more than the most", []string{"901"}, most},
		{"a day", []string{"86400"}, most},
		{"more than 64 bits", []string{"99999999999999999999999999"}, most},
		{"less than nothing", []string{"-60"}, usual},
		{"a sign", []string{"+60"}, usual},
		{"a fraction", []string{"60.5"}, usual},
		{"words", []string{"soon"}, usual},
		{"nothing", []string{""}, usual},
		{"a date", []string{start.Add(2 * time.Minute).Format(http.TimeFormat)}, 2 * time.Minute},
		{"a date of RFC 850", []string{"Wednesday, 18-Jun-25 21:03:00 GMT"}, 3 * time.Minute},
		{"a date of asctime", []string{"Wed Jun 18 21:04:00 2025"}, 4 * time.Minute},
		{"a date far off", []string{"Fri, 31 Dec 9999 23:59:59 GMT"}, most},
		{"a date that is over", []string{"Wed, 18 Jun 2025 20:59:59 GMT"}, usual},
		{"a date that no calendar has", []string{"Wed, 31 Jun 2025 21:02:00 GMT"}, usual},
		{"a date of another kind", []string{"2025-06-18T21:02:00Z"}, usual},
		{"two: the first counts", []string{"60", "120"}, time.Minute},
		{"two in one: neither", []string{"60, 120"}, usual},
	} {
		t.Run(c.story, func(t *testing.T) {
			var header []string
			for _, v := range c.value {
				header = append(header, "Retry-After", v)
			}
			w := newTrip(t, 1, 10, says([]int{429, 503}[i%2], header...))
			w.delivered(2)
			if d := cmp.Diff([]time.Duration{c.want}, w.waits); d != "" {
				t.Error(d)
			}
		})
	}
}

func TestAReceiverThatAlwaysAsksForMoreTimeHasAnHourOfIt(t *testing.T) {
	for _, c := range []struct {
		asks  string
		posts int
		want  []time.Duration
	}{
		{"86400", 5, slices.Repeat([]time.Duration{15 * time.Minute}, 4)},
		// What it asks for is never cut short, so that the last try comes when it said.
		{"840", 6, slices.Repeat([]time.Duration{14 * time.Minute}, 5)},
	} {
		t.Run(c.asks, func(t *testing.T) {
			w := newTrip(t, 1, 10, again(10, says(429, "Retry-After", c.asks))...)
			w.failed(c.posts, replay.Failure{Code: replay.FailRetriesExhausted, Detail: "the receiver took nothing for 1h: it last answered 429 Too Many Requests", ResponseCode: 429})
			if d := cmp.Diff(c.want, w.waits); d != "" {
				t.Error(d)
			}
		})
	}
}
