package lambdatest

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sqs"
	"github.com/aws/aws-sdk-go-v2/service/sqs/types"
)

// served is a world with its API on a port, and a webhook.
func served(t *testing.T, o Options) (*World, *hook, string) {
	t.Helper()
	w := start(t, o)
	api := httptest.NewServer(w.Door)
	t.Cleanup(api.Close)
	return w, newHook(t, api.URL), api.URL
}

// open is an organization with its webhook.
func opens(t *testing.T, w *World, h *hook, api, name string, seed uint64) *org {
	t.Helper()
	o := &org{
		ledger: newLedger(name, func(s string) { t.Error(s) }), t: t, base: api, token: token(t, w, name),
		begin: time.Now().Add(-26 * time.Hour).Truncate(time.Millisecond), random: rand.New(rand.NewPCG(seed, 1)), every: 50 * time.Millisecond,
	}
	h.mu.Lock()
	h.orgs[name] = o.ledger
	h.mu.Unlock()
	return o
}

// depth is how many messages are on a queue, those in hand included.
func depth(t *testing.T, w *World, queue string) string {
	t.Helper()
	url := w.URLs[queue]
	out, err := w.SQS.GetQueueAttributes(t.Context(), &sqs.GetQueueAttributesInput{QueueUrl: &url, AttributeNames: []types.QueueAttributeName{"All"}})
	if err != nil {
		t.Fatal(err)
	}
	return aws.ToString(aws.String(out.Attributes["ApproximateNumberOfMessages"])) + " shown, " + out.Attributes["ApproximateNumberOfMessagesNotVisible"] + " hidden"
}

const none = "0 shown, 0 hidden"

// entries is how many the whole way is walked with.
var entries = map[bool]int{true: 20_000, false: 2_000}[whole]

func TestTheWholeWayThroughTheFunctions(t *testing.T) {
	t.Parallel()
	w, h, api := served(t, Options{Parameters: inside})
	h.hold = make(chan struct{})
	o := opens(t, w, h, api, "way", 1)
	if j := o.get(); j.Status != "unconfigured" {
		t.Errorf("before any PUT GET shows %+v", j)
	}
	o.configure(h.url + "/way")
	for left := entries; left > 0; left -= 1000 {
		o.send(min(left, 1000))
	}
	put := o.put(o.all())
	if put.Status != "accepted" || put.ID == "" || put.By != "test" {
		t.Errorf("PUT was answered %+v", put)
	}
	running(t, o, put.ID)
	close(h.hold)
	j := o.follow(put.ID)
	o.settle(j)
	if j.Status != "completed" || j.By != "test" || j.Started.IsZero() || j.Finished.Before(j.Started) || j.Progress.Total < 1 || j.Progress.Batches < 1 ||
		j.Progress.Bytes < int64(100*entries) || j.Progress.Estimated < int64(entries) {
		t.Errorf("the job: %+v", j)
	}
	if s := h.checker.Summary(); s.RightSignatures != int64(entries) || s.Entries != int64(entries) || s.WrongSignatures+s.Duplicates+s.BadBatches+s.Unauthorized > 0 {
		t.Errorf("the receiver: %+v", s)
	}
	if records, most, _ := w.Handed(); records != 1 || most != 1 {
		t.Errorf("%d records of the stream were handed to the function, one of them %d times: the filter lets only the PUT's by", records, most)
	}
	for _, queue := range []string{"SliceQueue", "DeadQueue", "StreamFailures"} {
		// The job is completed before the function that completed it has ended and its message is deleted.
		eventually(t, func() (string, bool) {
			got := depth(t, w, queue)
			return queue + ": " + got, got == none
		})
	}
	for _, f := range w.Functions {
		for _, line := range f.Log().Lines {
			var said struct{ Level string }
			if err := json.Unmarshal([]byte(line), &said); err != nil || said.Level == "ERROR" || strings.Contains(line, o.token) || strings.Contains(line, "Bearer hook") {
				t.Errorf("%s: %s", f.ID, line)
			}
		}
	}
	t.Logf("%d entries in %d batches and %d slices, all of them there once, as they were sent", entries, j.Progress.Batches, j.Progress.Total)
}

// running waits until the job is: a PUT is then answered 409, and changes nothing.
func running(t *testing.T, o *org, id string) {
	t.Helper()
	eventually(t, func() (string, bool) {
		j := o.get()
		return fmt.Sprintf("%+v", j), j.Status == "running"
	})
	code, answer := o.ask(http.MethodPut, jobPath, "application/json", window(o.all()))
	var problem struct {
		Status                  int
		Title, Instance, Detail string
	}
	if err := json.Unmarshal(answer, &problem); err != nil || code != http.StatusConflict || problem.Status != code || problem.Detail != "A replay job is currently running" {
		t.Errorf("PUT while it runs: %d %s", code, answer)
	}
	if j := o.get(); j.ID != id {
		t.Errorf("after a 409 GET shows %+v", j)
	}
}

func TestEveryFunctionStarts(t *testing.T) {
	t.Parallel()
	w := start(t, Options{Idle: true})
	var table strings.Builder
	for id, f := range w.Functions {
		for range 5 {
			// No event of a function's own: it starts, reads its settings and answers, if only with an error.
			_, _ = f.Call(t.Context(), []byte(`{}`))
			f.mu.Lock()
			for _, s := range f.all { // there is none where the emulator did not answer
				s.close()
			}
			f.all = nil // so that the next call is a cold start, too
			f.mu.Unlock()
		}
		inits := f.Log().Inits
		if len(inits) == 0 {
			t.Errorf("%s did not start: %+v", id, f.Log())
			continue
		}
		fmt.Fprintf(&table, "\n%-16s %v", f.Folder, inits)
	}
	t.Log("init times:", table.String())
}
