package lambdatest

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"strings"
	"testing"
	"time"

	"reprise/shared/replay"
)

// The paths of the API (CONTRACT.md §2, §3, §6).
const (
	jobPath    = "/v2/audit-log-replay-job"
	hookPath   = "/v2/audit-log-webhook"
	eventsPath = "/v2/audit-log-events"
	jwksPath   = hookPath + "/jwks.json"
)

// stamp is RFC 3339 with milliseconds.
const stamp = "2006-01-02T15:04:05.000Z07:00"

// patience is how long what must come to an end may take on a busy machine: twelve times what a message is hidden for after a
// function's death (quick). It only bounds; go test's own patience comes after it.
const patience = 8 * time.Minute

// org is an organization with its producer and its admin.
type org struct {
	*ledger
	t      *testing.T
	base   string // of the API
	token  string
	begin  time.Time // its entries happen in the two hours after
	random *rand.Rand
	n      int           // entries made
	every  time.Duration // between two looks at a job
	killed bool          // functions are killed: a 500 is to be asked again
}

// ask sends one request. In a world where functions are killed the gateway's own 500 comes in their place.
func (o *org) ask(method, path, kind string, body []byte) (code int, answer []byte) {
	req, err := http.NewRequest(method, o.base+path, bytes.NewReader(body))
	if err != nil {
		o.t.Fatal(err)
	}
	req.Header.Set("Authorization", "Bearer "+o.token)
	req.Header.Set("Content-Type", kind)
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		o.fault("%s %s: %v", method, path, err)
		return 0, nil
	}
	defer func() { _ = resp.Body.Close() }()
	if answer, err = io.ReadAll(resp.Body); err != nil {
		o.fault("%s %s: %v", method, path, err)
	}
	return resp.StatusCode, answer
}

// later reports whether an answer says that a client is to ask again: the gateway's where functions are killed, a function's that
// ran out of time, as on a busy machine.
func (o *org) later(code int) bool {
	return !o.t.Failed() && (code == http.StatusServiceUnavailable || code == http.StatusInternalServerError && o.killed)
}

// insist asks until there is an answer of the function's.
func (o *org) insist(want int, method, path, kind string, body []byte) []byte {
	for deadline := time.Now().Add(patience); ; {
		code, answer := o.ask(method, path, kind, body)
		if o.later(code) && time.Now().Before(deadline) {
			continue
		}
		if code != want {
			o.fault("%s %s was answered %d: %s", method, path, code, answer)
		}
		return answer
	}
}

// configure sets the webhook.
func (o *org) configure(endpoint string) {
	o.insist(http.StatusOK, http.MethodPatch, hookPath, "application/json",
		fmt.Appendf(nil, `{"endpoint":%q,"authorization":"Bearer hook","log_format":"json","enabled":true}`, endpoint))
}

// send sends n entries in canonical form, in no order of time, in one body until it is acknowledged.
func (o *org) send(n int) {
	var lines []string
	for range n {
		at := o.begin.Add(time.Duration(o.random.IntN(2*60*60*1000)) * time.Millisecond).UTC()
		o.n++
		lines = append(lines, fmt.Sprintf(`{"event_class_id":"lambda","event_ts":"%s","n":%d,"name":"Ingress","org_id":"%s","rt":%d,"text":"%s"}`,
			at.Format("2006-01-02T15:04:05.000Z"), o.n, o.org, at.UnixMilli(), strings.Repeat("filling ", 10+o.random.IntN(100))))
	}
	o.sends(lines)
	answer := o.insist(http.StatusAccepted, http.MethodPost, eventsPath, "application/x-ndjson", []byte(strings.Join(lines, "\n")+"\n"))
	if want := fmt.Sprintf(`{"accepted":%d}`, n); strings.TrimSpace(string(answer)) != want {
		o.fault("%d entries were answered %s", n, answer)
	}
}

// all is a window with every entry in it, another one at each call.
func (o *org) all() replay.Window {
	o.begin = o.begin.Add(-time.Millisecond)
	return replay.Window{From: o.begin, To: o.begin.Add(3 * time.Hour)}
}

func window(w replay.Window) []byte {
	return fmt.Appendf(nil, `{"start_at":%q,"end_at":%q}`, w.From.UTC().Format(stamp), w.To.UTC().Format(stamp))
}

// put asks for a window until it is accepted, and is the job.
func (o *org) put(w replay.Window) job {
	for deadline := time.Now().Add(patience); ; {
		code, answer := o.ask(http.MethodPut, jobPath, "application/json", window(w))
		switch {
		case code == http.StatusAccepted:
			return o.read(answer)
		case o.later(code) && time.Now().Before(deadline): // it may have been accepted
			if j := o.get(); j.StartAt.Equal(w.From) && j.EndAt.Equal(w.To) {
				return j
			}
		default:
			o.fault("PUT was answered %d: %s", code, answer)
			return job{}
		}
	}
}

// get is what GET shows; it never goes back.
func (o *org) get() job {
	j := o.read(o.insist(http.StatusOK, http.MethodGet, jobPath, "application/json", nil))
	o.sees(j)
	return j
}

func (o *org) read(answer []byte) (j job) {
	if err := json.Unmarshal(answer, &j); err != nil {
		o.fault("%s: %v", answer, err)
	}
	return j
}

// replay has all entries sent again and checks every one of them.
func (o *org) replay() job {
	j := o.follow(o.put(o.all()).ID)
	if j.Status != "completed" {
		o.fault("job %+v did not complete", j)
	}
	o.settle(j)
	return j
}

// follow waits for the job's end.
func (o *org) follow(id string) job {
	for deadline := time.Now().Add(patience); ; <-time.After(o.every) {
		switch j := o.get(); {
		case j.ID != id:
			o.fault("job %s was followed, GET shows %+v", id, j)
			return j
		case j.Status == "completed", j.Status == "failed", o.t.Failed():
			return j
		case time.Now().After(deadline):
			o.fault("it does not end: %+v", j)
			return j
		}
	}
}

// job is what GET and PUT answer.
type job struct {
	ID        string `json:"job_id"`
	Status    string
	By        string    `json:"requested_by"`
	StartAt   time.Time `json:"start_at"`
	EndAt     time.Time `json:"end_at"`
	UpdatedAt time.Time `json:"updated_at"`
	Started   time.Time `json:"started_at"`
	Finished  time.Time `json:"finished_at"`
	Progress  struct {
		Batches, Entries, Bytes int64
		Total                   int64 `json:"slices_total"`
		Completed               int64 `json:"slices_completed"`
		Estimated               int64 `json:"estimated_entries"`
	}
	Failure struct{ Code, Detail string }
}
