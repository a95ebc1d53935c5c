package console_test

import (
	"bytes"
	"fmt"
	"maps"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"reprise/shared/receiver"
)

// imported is what an expression about a module of the page gives, which it knows as m.
func imported[T any](p *page, module, expression string) T {
	p.t.Helper()
	script := value[string](p, `document.querySelector("script[type=module]").src`)
	return awaited[T](p, fmt.Sprintf(`import(new URL(%q, %q)).then((m) => (%s))`, module, script, expression))
}

// history has many replays get on, a little at a time, whatever was estimated of them: of one to three regions, each planned some
// time later than the one before. It gives how many there were, what fell, and how often the last share before the end was under 5 %.
const history = `(() => {
	let seed = 7;
	const dice = (n) => (seed = (seed * 48271) % 2147483647) % n;
	const fell = [];
	for (let run = 0; run < 1000; run++) {
		const start = 1.7e12 + dice(5e6), end = start + [9e5, 36e5, 864e5][dice(3)];
		const at = (n) => new Date(n).toISOString();
		const regions = {};
		const plans = Array.from({ length: 1 + dice(3) }, (_, r) => {
			const holds = Array.from({ length: 1 + dice(8) }, () => [0, 1, 10, 1000][dice(4)] * dice(9));
			const slices = holds.map(() => ({ entries: 0, done: false }));
			const estimated_entries = Math.round((holds.reduce((a, b) => a + b, 0) * (1 + dice(40))) / (1 + dice(20)));
			regions["r" + r] = { job_id: "j" + r, status: "pending", start_at: at(start), end_at: at(end) };
			return { holds, slices, estimated_entries };
		});
		const all = { status: "running", start_at: at(start), end_at: at(end), regions };
		for (let step = 0, last = 0; Object.values(regions).some((j) => j.status !== "completed"); step++) {
			const n = dice(plans.length), job = regions["r" + n], { holds, slices, estimated_entries } = plans[n];
			const open = slices.map((s, k) => k).filter((k) => !slices[k].done);
			if (job.status === "pending") job.status = "running";
			else if (!open.length) job.status = "completed";
			else {
				const k = open[dice(Math.min(3, open.length))], s = slices[k];
				s.entries = Math.min(holds[k], s.entries + 1 + dice(600));
				s.done = s.entries === holds[k] && dice(2) === 0;
			}
			const sum = slices.reduce((a, s) => a + s.entries, 0);
			if (job.status !== "pending") job.progress = { slices_total: slices.length, slices_completed: slices.filter((s) => s.done).length, entries: sum, estimated_entries, slices };
			const { part } = m.whole(plans.length === 1 ? job : all);
			if (part === null ? last > 0 : !(part >= last - 1e-9 && part <= 1)) fell.push([run, step, last, part].join(" "));
			last = part ?? last;
		}
	}
	return fell.slice(0, 5);
})()`

func TestThePercentageNeverFalls(t *testing.T) {
	t.Parallel()
	p := newWorld(t, 1).visit()
	p.show("/")
	for _, fall := range imported[[]string](p, "pace.js", history) {
		t.Errorf("replay, step, before, after: %s", fall)
	}
	const hour = `start_at: "2026-11-24T17:02:22.000Z", end_at: "2026-11-24T18:02:22.000Z"`
	for _, c := range []struct {
		story, job string
		want       float64
	}{
		{"nothing is planned", `{ status: "pending", ` + hour + ` }`, -1},
		{"those before were empty, so that the rest is in the one that runs", `{ status: "running", ` + hour + `, progress: { slices_total: 3, slices_completed: 2, entries: 350, estimated_entries: 700, slices: [{ entries: 0, done: true }, { entries: 0, done: true }, { entries: 350, done: false }] } }`, 50},
		{"hours counted whole held eight times as much", `{ status: "running", start_at: "2026-11-24T17:52:30.000Z", end_at: "2026-11-24T18:07:30.000Z", progress: { slices_total: 2, slices_completed: 1, entries: 500, estimated_entries: 8000, slices: [{ entries: 500, done: true }, { entries: 0, done: false }] } }`, 44},
		{"more than was estimated", `{ status: "running", ` + hour + `, progress: { slices_total: 1, slices_completed: 0, entries: 900, estimated_entries: 700, slices: [{ entries: 900, done: false }] } }`, 98},
		{"all of it is empty", `{ status: "running", ` + hour + `, progress: { slices_total: 1, slices_completed: 1, entries: 0, estimated_entries: 0, slices: [{ entries: 0, done: true }] } }`, 99},
		{"the slices are forgotten", `{ status: "failed", ` + hour + `, progress: { slices_total: 4, slices_completed: 1, entries: 100, estimated_entries: 400 } }`, 25},
		{"it has ended", `{ status: "completed", ` + hour + ` }`, 100},
	} {
		if got := imported[float64](p, "pace.js", fmt.Sprintf(`((part) => (part === null ? -1 : Math.floor(part * 100)))(m.whole(%s).part)`, c.job)); got != c.want {
			t.Errorf("%s: %v %%, want %v", c.story, got, c.want)
		}
	}
}

// saying has the service's answers say one thing for another.
func saying(changes map[string]string) func(http.Handler) http.Handler {
	return func(next http.Handler) http.Handler {
		return http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
			answer := httptest.NewRecorder()
			next.ServeHTTP(answer, r)
			body := answer.Body.Bytes()
			for from, to := range changes {
				body = bytes.ReplaceAll(body, []byte(from), []byte(to))
			}
			maps.Copy(rw.Header(), answer.Header())
			rw.Header().Del("Content-Length")
			rw.WriteHeader(answer.Code)
			_, _ = rw.Write(body)
		})
	}
}

// What takes a day, or a fault of ours, to come about is told as well, and so is what no release of today says.
func TestEveryFailureIsToldOf(t *testing.T) {
	t.Parallel()
	w := newWorld(t, 1)
	w.hook("us", newInbox(t, receiver.Options{Authorization: "Bearer other"}, nil).url)
	w.send("us", map[string]time.Time{"a": time.Now().Add(-time.Minute)})
	p := w.visit()
	p.enters(p.Admin)
	p.is("ready")
	p.push(us, sendReplay)
	p.shows("The receiver does not take the authorization header.", us)
	const detail = "the receiver answered 401 Unauthorized"
	for _, c := range []struct{ code, detail, want string }{
		{"expired", "not within 24 hours", "Not finished in time"},
		{"retries_exhausted", "tried for an hour", "The receiver did not answer well in time"},
		{"entry_too_large", "an entry of 2026-11-24", "An entry is too large for the receiver"},
		{"undeliverable", "\u202eאין <b>" + fmt.Sprintf("%0300d", 7), "The service could not send it"},
		{"of_next_year", detail, "It failed"},
	} {
		w.stand(saying(map[string]string{`"code":"rejected"`: `"code":"` + c.code + `"`, detail: c.detail}))
		p.push(us, at{"button", "Reload"})
		p.shows(c.want, us)
		if c.code == "undeliverable" {
			p.reads("<b>")
			p.state("undeliverable, oddly told")
		}
	}
	w.stand(saying(map[string]string{`"status":"failed"`: `"status":"paused"`, `"failure":`: `"other":`}))
	p.push(us, at{"button", "Reload"})
	p.shows("Paused", us, at{"table", "Latest replay, us"})
}
