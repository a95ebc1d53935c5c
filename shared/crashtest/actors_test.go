package crashtest

import (
	"context"
	"fmt"
	"math/rand/v2"
	"net/http"
	"strings"
	"sync/atomic"
	"time"

	"reprise/shared/auditlog"
	"reprise/shared/replay"
)

// org is an organization with its producer and its admin.
type org struct {
	*ledger
	run     *run
	token   string
	base    time.Time  // its entries happen within the two hours after
	random  *rand.Rand // the producer's
	choice  *rand.Rand // the admin's
	sending atomic.Bool
	sent    chan struct{} // closed once produce has ended
	n       int           // entries made
}

func known(keys []auditlog.PublicKey) func(context.Context) ([]auditlog.PublicKey, error) {
	return func(context.Context) ([]auditlog.PublicKey, error) { return keys, nil }
}

func pause(r *rand.Rand, least, most int) {
	<-time.After(time.Duration(least+r.IntN(most-least)) * time.Millisecond)
}

// insist sends a request until it is answered.
func (o *org) insist(method, path, body string) (code int, answer []byte) {
	for {
		code, answer, err := ask(o.run.base(), o.token, method, path, body)
		if err == nil {
			return code, answer
		}
	}
}

func (o *org) configure(endpoint string) {
	code, answer := o.insist(http.MethodPatch, hookPath, fmt.Sprintf(`{"endpoint":%q,"authorization":"Bearer hook","log_format":%q,"enabled":true}`, endpoint, o.format))
	if code != http.StatusOK {
		o.run.t.Fatalf("configuring the webhook: %d %s", code, answer)
	}
}

// body is some entries in canonical form, in no order, of a minute or two.
func (o *org) body() (entries []entry) {
	begin := o.random.IntN(115 * 60_000)
	for range 1 + o.random.IntN(30) {
		o.n++
		at := o.base.Add(time.Duration(begin+o.random.IntN(100_000)) * time.Millisecond).UTC()
		entries = append(entries, entry{at: at, raw: fmt.Sprintf(
			`{"event_class_id":"crash","event_ts":"%s","n":%d,"name":"Ingress","org_id":"%s","rt":%d,"text":"%s"}`,
			at.Format("2006-01-02T15:04:05.000Z"), o.n, o.org, at.UnixMilli(), strings.Repeat("filling ", 10+o.random.IntN(500)))})
	}
	return entries
}

// send sends one body until it is acknowledged.
func (o *org) send() {
	entries := o.body()
	var b strings.Builder
	for _, e := range entries {
		b.WriteString(e.raw + "\n")
	}
	body := o.sends(entries)
	for {
		base := o.run.base()
		o.sending.Store(true)
		o.run.at(intake)
		code, answer, err := ask(base, o.token, http.MethodPost, eventsPath, b.String())
		o.sending.Store(false)
		if err != nil {
			continue // killed: nobody knows how much of it is there
		}
		if code == http.StatusAccepted {
			o.acks(body)
			return
		}
		o.run.t.Errorf("seed %d: %s: a body was answered %d: %s", o.run.seed, o.org, code, answer)
		return
	}
}

// produce sends bodies, whatever else goes on.
func (o *org) produce() {
	defer close(o.sent)
	for !o.run.over() {
		o.send()
		pause(o.random, 50, 250)
	}
}

// quiet sends some bodies, has a range of them sent again, sends some more.
func (o *org) quiet() {
	for !o.run.over() {
		for range 1 + o.random.IntN(12) {
			o.send()
		}
		o.replay(o.window(), false)
	}
	o.replay(o.all(), false)
}

// administer asks for one range after another, at times before the one before has ended.
func (o *org) administer() {
	for !o.run.over() {
		pause(o.choice, 1, 100)
		o.replay(o.window(), o.choice.IntN(3) == 0)
	}
	<-o.sent
	o.replay(o.all(), false)
}

// window is a range that was never asked for.
func (o *org) window() replay.Window {
	a, b := o.choice.IntN(124*60_000)-5*60_000, o.choice.IntN(124*60_000)-5*60_000
	w := replay.Window{From: o.base.Add(time.Duration(min(a, b)) * time.Millisecond), To: o.base.Add(time.Duration(max(a, b)) * time.Millisecond)}
	return w
}

// all is every entry there is.
func (o *org) all() replay.Window {
	return replay.Window{From: o.base.Add(-time.Minute), To: time.Now().Truncate(time.Millisecond)}
}

// get is what GET shows.
func (o *org) get() job {
	code, answer := o.insist(http.MethodGet, jobPath, "")
	j, err := readJob(answer)
	if code != http.StatusOK || err != nil {
		o.run.t.Errorf("seed %d: %s: GET was answered %d: %s", o.run.seed, o.org, code, answer)
		return j
	}
	o.sees(j)
	return j
}

// replay asks for a range until it is accepted, and follows it to its end, or for a moment where impatient.
func (o *org) replay(w replay.Window, impatient bool) {
	const stamp = "2006-01-02T15:04:05.000Z07:00"
	for {
		before := o.get()
		w.From = w.From.Add(-time.Millisecond) // a window of its own for each PUT; however many it takes, it does not end before it begins
		o.asks(w)
		base := o.run.base()
		o.run.at(planning)
		code, answer, err := ask(base, o.token, http.MethodPut, jobPath, fmt.Sprintf(`{"start_at":%q,"end_at":%q}`,
			w.From.UTC().Format(stamp), w.To.UTC().Format(stamp)))
		if err != nil { // killed: it may have been accepted
			if now := o.get(); now.ID != before.ID {
				o.follow(now, impatient)
				return
			}
			continue
		}
		switch code {
		case http.StatusAccepted:
			o.replaced(before)
			j, _ := readJob(answer)
			o.sees(j)
			if now := o.get(); now.ID != j.ID {
				o.run.t.Errorf("seed %d: %s: job %s was accepted, then GET showed %+v", o.run.seed, o.org, j.ID, now)
			}
			o.follow(j, impatient)
			return
		case http.StatusConflict:
			o.refused()
			o.conflict(before, o.get())
			pause(o.choice, 10, 100)
		default:
			o.run.t.Errorf("seed %d: %s: PUT was answered %d: %s", o.run.seed, o.org, code, answer)
			return
		}
	}
}

// conflict holds a 409 to its meaning: between these two looks at it the job was running.
func (o *org) conflict(before, after job) {
	if before.ID != after.ID || order(before.Status) > order("running") || order(after.Status) < order("running") {
		o.run.t.Errorf("seed %d: %s: 409 between %+v and %+v", o.run.seed, o.org, before, after)
	}
}

func (o *org) follow(j job, impatient bool) {
	looks := -1
	if impatient {
		looks = o.choice.IntN(4)
	}
	for deadline := time.Now().Add(4 * patience); looks != 0 && time.Now().Before(deadline); looks-- {
		if j = o.get(); j.Status == "completed" || j.Status == "failed" {
			return
		}
		pause(o.choice, 5, 60)
	}
	if looks != 0 {
		o.run.t.Errorf("seed %d: %s: job %s did not end: %+v", o.run.seed, o.org, j.ID, j)
	}
}
