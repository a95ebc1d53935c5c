package storetest

import (
	"bytes"
	"compress/gzip"
	"context"
	"io"
	"strings"
	"testing"

	"reprise/shared/auditlog"
	"reprise/shared/webhook"
)

// inbox is a receiver at the other side of the Poster port. It answers as its script says, remembers what it acknowledged,
// and checks its caller: one gzip member, one content per Webhook-Id however it is written, signatures where they were made
// for it.
type inbox struct {
	t      *testing.T
	keys   func() []auditlog.PublicKey
	traces map[string]string       // trace_id → canonical entry
	came   map[auditlog.Format]int // lines acknowledged
	script []webhook.Answer        // used up first; then always, or 200
	always *webhook.Answer
	limit  int // decoded bytes; more is a 413; 0: none
	during func(webhook.Delivery)
	got    map[string]int    // canonical entry → how often it was acknowledged
	ids    map[string]string // Webhook-Id → canonical entries
	again  int               // entries that came again under a known Webhook-Id
	jobs   map[string]int    // POSTs by job
}

func newInbox(t *testing.T) *inbox {
	return &inbox{
		t: t, got: make(map[string]int), ids: make(map[string]string), jobs: make(map[string]int),
		traces: make(map[string]string), came: make(map[auditlog.Format]int),
	}
}

// Post takes one delivery.
func (i *inbox) Post(_ context.Context, _ webhook.Config, d webhook.Delivery) webhook.Answer {
	i.t.Helper()
	if i.during != nil {
		during := i.during
		i.during = nil
		during(d)
	}
	i.jobs[d.Job]++
	text := i.read(d)
	raws, formats := i.entries(text)
	content := strings.Join(raws, "\n")
	if known, ok := i.ids[d.ID]; ok && known != content {
		i.t.Errorf("Webhook-Id %s came with another content", d.ID)
	}
	answer := webhook.Answer{Code: 200, Message: "200 OK"}
	switch {
	case i.limit > 0 && len(text) > i.limit:
		answer = webhook.Answer{Code: 413}
	case len(i.script) > 0:
		answer, i.script = i.script[0], i.script[1:]
	case i.always != nil:
		answer = *i.always
	}
	if answer.Code/100 != 2 {
		return answer
	}
	_, known := i.ids[d.ID]
	i.ids[d.ID] = content
	for n, raw := range raws {
		if known {
			i.again++
			continue // a receiver that drops known ids
		}
		i.got[raw]++
		i.came[formats[n]]++
	}
	return answer
}

// entries reads every line back to its canonical entry. Of json lines, which are sent as they were stored, the signature is
// the business of other tests.
func (i *inbox) entries(text string) (raws []string, formats []auditlog.Format) {
	i.t.Helper()
	for line := range strings.Lines(text) {
		line = strings.TrimSuffix(line, "\n")
		raw, _, ok := strings.Cut(line, `,"sig":"`)
		raw += "}"
		format := auditlog.JSON
		if !strings.HasPrefix(line, `{"event_class_id":`) { // the first key of what this world produces
			var signed []byte
			signed, ok = auditlog.Verify([]byte(line), i.keys())
			if format, raw = auditlog.CPS, string(signed); !strings.HasPrefix(line, "{") {
				_, trace, _ := strings.Cut(raw, " trace_id=")
				trace, _, _ = strings.Cut(trace, " ")
				format, raw = auditlog.CEF, i.traces[trace]
			}
		}
		if !ok || raw == "" {
			i.t.Errorf("no right line of %s: %s", format, line)
		}
		raws, formats = append(raws, raw), append(formats, format)
	}
	return raws, formats
}

func (i *inbox) read(d webhook.Delivery) string {
	i.t.Helper()
	rest := bytes.NewReader(d.Body)
	z, err := gzip.NewReader(rest)
	if err != nil {
		i.t.Fatal(err)
	}
	z.Multistream(false)
	text, err := io.ReadAll(z)
	if err != nil {
		i.t.Fatal(err)
	}
	if rest.Len() > 0 {
		i.t.Errorf("%d bytes behind the gzip member", rest.Len())
	}
	if n := strings.Count(string(text), "\n"); int64(n) != d.Entries {
		i.t.Errorf("%d lines, %d were told", n, d.Entries)
	}
	return string(text)
}

// forget makes room for another job: what came until now is not counted any more.
func (i *inbox) forget() { i.got, i.again = make(map[string]int), 0 }

// holds checks that what was acknowledged is what was sent: all of it, nothing else but what may have been stored though its
// producer gave up, nothing twice but under a known Webhook-Id, and that only after a fault.
func (i *inbox) holds(sent, doubted map[string]int, faults *Faults) {
	i.t.Helper()
	for raw, n := range sent {
		if i.got[raw] < n {
			i.t.Fatalf("lost: %s was sent %d times and arrived %d times (fault: %s)", raw, n, i.got[raw], faults.Name())
		}
	}
	for raw, n := range i.got {
		if n > sent[raw]+doubted[raw] {
			i.t.Fatalf("%s arrived %d times under different ids, %d were sent (fault: %s)", raw, n, sent[raw]+doubted[raw], faults.Name())
		}
	}
	if i.again > 0 && !faults.Hit() {
		i.t.Errorf("%d entries came again although nothing went wrong", i.again)
	}
}
