package simtest

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"strings"
	"time"

	"reprise/shared/access"
	"reprise/shared/api"
	"reprise/shared/auditlog"
	"reprise/shared/intake"
	"reprise/shared/replay"
	"reprise/shared/settle"
	"reprise/shared/webhook"
)

// people is who asks from outside: they outlive the processes that answer.
type people struct {
	secrets map[string]string // organization → token
	jobs    int               // job ids given so far
}

const (
	// producerTries is how often a producer sends a body that was not acknowledged.
	producerTries = 6
	answerTime    = 28 * time.Second // of a request; whoever asked gives up then (DESIGN.md §6)
)

// begin sets up what every run has: keys, tokens, webhooks, hints, and the script's actions.
func (w *world) begin() {
	store := w.tables.As(time.Now, func() string { return "beginning" })
	ctx := context.Background()
	must := func(err error) {
		if err != nil {
			w.breaks("the world begins", "%v", err)
		}
	}
	key, err := auditlog.NewKey(strings.NewReader(strings.Repeat("k", 64)), time.Now())
	must(err)
	must(store.AddKey(ctx, key))
	for i, at := range w.script.scopes {
		if w.people.secrets[at.Org] == "" {
			secret, token, err := access.Mint(strings.NewReader(strings.Repeat(string(rune('a'+i)), 64)),
				access.Principal{Org: at.Org, Role: access.Admin, Label: "ops"}, time.Time{}, time.Now())
			must(err)
			must(store.SaveToken(ctx, token))
			w.people.secrets[at.Org] = secret
		}
		must(store.SaveWebhook(ctx, webhook.Config{
			Scope: at, Version: 1, Endpoint: "https://siem.example/", Authorization: "x", Enabled: true, Format: w.script.receivers[at].format, UpdatedAt: time.Now(),
		}))
		must(store.AddCounts(ctx, at, w.hints())) // counts that are too high make many slices of little
	}
	for i, a := range w.script.actions {
		if !w.o.Actions[i] {
			w.events = append(w.events, event{w.start.Add(a.at), false, func() { w.act(a) }})
		}
	}
	w.sweeps()
}

// hints is what the hours are said to hold beside what they will.
func (w *world) hints() (all []replay.Count) {
	for hour := w.start.Add(-history).Truncate(time.Hour); !hour.After(w.start.Add(time.Hour)); hour = hour.Add(time.Hour) {
		if w.random.IntN(2) == 0 { // where there is none, the plan rests on what the intake counts
			all = append(all, replay.Count{Hour: hour, Entries: 1, Bytes: w.random.Int64N(8 * replay.BatchLimit)})
		}
	}
	return all
}

// act does what the script says.
func (w *world) act(a action) {
	dice := rand.New(rand.NewPCG(a.roll, 2))
	switch a.what {
	case produce:
		w.produce(a.in, a.size, dice)
	case put:
		w.put(a.in, w.window(dice), dice.IntN(3))
	case get:
		w.get(a.in, []string{"", "detail=slices"}[dice.IntN(2)])
	case patch:
		body := []string{
			`{"enabled":false}`, `{"enabled":true}`, `{"enabled":true}`,
			fmt.Sprintf(`{"endpoint":"https://siem.example/%d","enabled":true}`, dice.IntN(9)),
			fmt.Sprintf(`{"authorization":"%d"}`, dice.IntN(9)),
			fmt.Sprintf(`{"log_format":%q}`, anyFormat(dice)),
			fmt.Sprintf(`{"log_format":%q}`, anyFormat(dice)),
		}[dice.IntN(7)]
		w.patch(a.in, body)
		if strings.Contains(body, "false") { // somebody turns it on again
			w.after(time.Duration(dice.Int64N(int64(10*time.Minute))), func() { w.patch(a.in, `{"enabled":true}`) })
		}
	case cancel:
		w.cancel(a.in, dice.IntN(3))
		soon := []time.Duration{time.Second, time.Minute}[dice.IntN(2)] // while it is answered, or later
		w.after(time.Duration(dice.Int64N(int64(soon))), func() { w.put(a.in, w.window(dice), 2) })
	case goDown, comeBack:
		w.note(nil, "%s: %v", a.what, a.in)
		w.script.receivers[a.in].down = a.what == goDown
	}
}

// window is a range that somebody asks for: everything so far, or some of it.
func (w *world) window(dice *rand.Rand) replay.Window {
	first, now := w.start.Add(-history), time.Now()
	if dice.IntN(3) > 0 {
		return replay.Window{From: first, To: now}
	}
	from, to := w.moment(dice, first, now), w.moment(dice, first, now)
	if from.After(to) {
		from, to = to, from
	}
	return replay.Window{From: from, To: to}
}

// moment is an instant between two, often one at which something begins or ends: an entry, a minute, an hour.
func (w *world) moment(dice *rand.Rand, first, last time.Time) time.Time {
	at := first.Add(time.Duration(dice.Int64N(int64(last.Sub(first)) + 1)))
	switch n := len(w.ledger.entries); dice.IntN(6) {
	case 0:
		at = at.Truncate(time.Minute)
	case 1:
		at = at.Truncate(time.Minute).Add(-time.Millisecond)
	case 2:
		at = at.Truncate(time.Hour).Add(time.Duration(dice.IntN(3)-1) * time.Millisecond)
	case 3:
		if n > 0 {
			at = w.ledger.entries[dice.IntN(n)].when
		}
	}
	if at.Before(first) || at.After(last) {
		return last
	}
	return at
}

// ask has a process answer one request; then gets code 0 where none came.
func (w *world) ask(name string, at replay.Scope, method, query, body string, route func(*task, *api.Door) http.Handler, then func(t *task, code int, answer []byte)) {
	acks := len(w.ledger.acked)
	code, answer, wrong := 0, []byte(nil), error(nil)
	t := w.spawn(name, func(t *task) {
		t.acks = acks
		door := api.NewDoor(t, replay.Regions{Known: []string{"eu", "us"}, Default: "eu"}, t.now, func() string { return t.name })
		r := httptest.NewRequest(method, "http://"+at.Region+".localhost"+pathOf(name)+"?"+query, strings.NewReader(body))
		r.Header.Set("Authorization", "Bearer "+w.people.secrets[at.Org])
		r.Header.Set("Content-Type", "application/x-ndjson")
		rec := httptest.NewRecorder()
		h := route(t, door)
		if w.o.API != nil {
			h = w.o.API.Handler(h, func(err error) { wrong = err })
		}
		h.ServeHTTP(rec, r)
		if _, err := t.pause(0, gap, "answer"); err == nil {
			code, answer = rec.Code, rec.Body.Bytes()
		}
	})
	t.scope = at
	t.then = func() {
		w.note(t, "answers %d", code)
		if wrong != nil {
			w.breaks("what is answered is in openapi.yaml", "%v", wrong)
		}
		then(t, code, answer)
	}
	w.limit(t, answerTime)
}

// pathOf is where a request goes that the people call so.
func pathOf(name string) string {
	switch name {
	case "intake":
		return "/v2/audit-log-events"
	case "patch":
		return "/v2/audit-log-webhook"
	default:
		return "/v2/audit-log-replay-job"
	}
}

// limit gives a task up after some time: a function is ended, a process of another kind goes on with nobody listening.
func (w *world) limit(t *task, d time.Duration) {
	w.events = append(w.events, event{time.Now().Add(d), true, func() {
		if t.isDone() || t.isDead() {
			return
		}
		if w.random.IntN(2) == 0 && w.may(OutOfTime) {
			w.note(t, "is out of time: ended")
			t.kill()
		}
		w.note(t, "is given up")
		t.tell()
	}})
}

// produce sends a body of entries until it is acknowledged or its producer gives up.
func (w *world) produce(at replay.Scope, n int, dice *rand.Rand) {
	var body strings.Builder
	ids := make([]int, n)
	first, last := w.start.Add(-history), time.Now()
	if dice.IntN(2) == 0 { // all of them close together
		first = w.moment(dice, first, last)
		last = first.Add(min(time.Minute, last.Sub(first)))
	}
	for i := range ids {
		when := w.moment(dice, first, last)
		pad := dice.IntN(200)
		ids[i] = w.ledger.enter(at, when, pad)
		fmt.Fprintf(&body, `{"event_class_id":"x","name":"Authz.x","rt":%d,"n":%d,"region":%q,"pad":"%s"}`+"\n",
			when.UnixMilli(), ids[i], at.Region, strings.Repeat("p", pad))
	}
	w.send(at, body.String(), ids, 1)
}

func (w *world) send(at replay.Scope, body string, ids []int, try int) {
	route := func(t *task, door *api.Door) http.Handler { return api.Intake(door, intake.New(t, t, t)) }
	w.ask("intake", at, http.MethodPost, "", body, route, func(_ *task, code int, answer []byte) {
		switch {
		case code == http.StatusAccepted:
			w.ledger.acknowledge(ids)
		case code != 0 && code < 500:
			w.breaks("good entries are taken", "%d %s", code, answer)
		case try < producerTries || w.calm:
			w.after(time.Duration(w.random.Int64N(int64(20*time.Second))), func() { w.send(at, body, ids, try+1) })
		}
	})
}

// put asks for a replay; where nobody answers, a client with patience left asks again, which is another job.
func (w *world) put(at replay.Scope, window replay.Window, patience int) {
	body := fmt.Sprintf(`{"start_at":%q,"end_at":%q}`, window.From.Format(time.RFC3339Nano), window.To.Format(time.RFC3339Nano))
	route := func(t *task, door *api.Door) http.Handler { return api.PutReplayJob(door, t, t, w.jobID) }
	w.ask("put", at, http.MethodPut, "", body, route, func(t *task, code int, answer []byte) {
		w.judgePut(t, code, answer)
		if (code == 0 || code >= 500) && patience > 0 {
			w.after(time.Duration(w.random.Int64N(int64(5*time.Second))), func() { w.put(at, window, patience-1) })
		}
	})
}

func (w *world) jobID() string {
	w.people.jobs++
	return fmt.Sprintf("01J%023d", w.people.jobs)
}

func (w *world) get(at replay.Scope, query string) {
	before := maps.Clone(w.ledger.shown)
	route := func(t *task, door *api.Door) http.Handler { return api.GetReplayJob(door, t, t, t, w.script.lanes) }
	w.ask("get", at, http.MethodGet, query, "", route, func(_ *task, code int, answer []byte) {
		if code != http.StatusOK {
			return
		}
		var v viewOfAll
		if err := json.Unmarshal(answer, &v); err != nil {
			w.breaks("GET answers JSON", "%v: %s", err, answer)
			return
		}
		if at.Region == replay.GlobalRegion {
			w.showedAll(at, before, v)
		} else {
			w.showed(at, before[at], v.view)
		}
	})
}

func (w *world) patch(at replay.Scope, body string) {
	route := func(t *task, door *api.Door) http.Handler { return api.Webhook(door, t, t, api.Tries{}) }
	w.ask("patch", at, http.MethodPatch, "", body, route, func(_ *task, code int, answer []byte) {
		switch {
		case code != 0 && code < 500 && code != http.StatusOK:
			w.breaks("a good PATCH is taken", "%d %s", code, answer)
		case code != http.StatusOK && strings.Contains(body, "true"):
			w.after(time.Second, func() { w.patch(at, body) })
		}
	})
}

// cancel sends a DELETE, again where nobody answers.
func (w *world) cancel(at replay.Scope, patience int) {
	route := func(t *task, door *api.Door) http.Handler { return api.CancelReplayJob(door, t, settle.New(t, t)) }
	w.ask("cancel", at, http.MethodDelete, "", "", route, func(t *task, code int, answer []byte) {
		w.judgeCancel(t, code, answer)
		if (code == 0 || code >= 500) && patience > 0 {
			w.after(time.Duration(w.random.Int64N(int64(5*time.Second))), func() { w.cancel(at, patience-1) })
		}
	})
}
