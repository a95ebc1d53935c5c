package storetest

import (
	cryptorand "crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/anishathalye/porcupine"

	"reprise/shared/access"
	"reprise/shared/api"
	"reprise/shared/auditlog"
	"reprise/shared/replay"
	"reprise/shared/settle"
	"reprise/shared/webhook"
)

const (
	clients = 8
	asks    = 16 // of each client
	// undecided is how long a history may be looked at; it takes milliseconds.
	undecided = 30 * time.Second
)

// linearGuarantees: what clients were told who asked at the same time is what they would have been told one after the other.
func linearGuarantees() []guarantee {
	return []guarantee{
		{"PUT, GET and DELETE by many at once, of one region or both, are as if one came after the other", requestsAreLinear},
	}
}

// known is what a service that answers one request at a time knows: each region's job.
type known struct{ us, eu replay.Job }

func (k *known) of(region string) *replay.Job {
	if region == "us" {
		return &k.us
	}
	return &k.eu
}

// asked is a request, or a worker's move of a job.
type asked struct {
	what   string // PUT, GET, DELETE, or the move's name
	region string // us, eu, global
	job    string // of a move
	to     replay.Status
}

// said is what came of it.
type said struct {
	code int               // of a request; of a move 200, or 409 for a conflict
	jobs map[string]string // region → id of what a PUT put or a GET showed
	is   replay.Status     // what a GET showed
}

// step is the contract (CONTRACT.md §2) for one request after the other: whether it could have been answered so, and what
// is known then.
func step(state, input, output any) (bool, any) {
	k, a, s := state.(known), input.(asked), output.(said)
	if s.code == http.StatusServiceUnavailable { // others came in between each time: nothing was done
		return a.what == http.MethodDelete, k
	}
	regions := []string{a.region}
	if a.region == replay.GlobalRegion {
		regions = []string{"us", "eu"}
	}
	switch a.what {
	case http.MethodPut:
		running := slices.ContainsFunc(regions, func(r string) bool { return k.of(r).Status == replay.Running })
		if s.code == http.StatusConflict || running {
			return s.code == http.StatusConflict && running, k
		}
		for _, r := range regions {
			*k.of(r) = replay.Job{Fence: replay.Fence{JobID: s.jobs[r]}, Status: replay.Accepted}
		}
		return s.code == http.StatusAccepted, k
	case http.MethodGet:
		job := k.of(a.region)
		return s.code == http.StatusOK && job.Status == s.is && job.JobID == s.jobs[a.region], k
	case http.MethodDelete:
		job := k.of(a.region)
		live := job.Status.Live()
		if live {
			job.Status = replay.Failed
		}
		return (s.code == http.StatusNoContent) == live, k
	default:
		job := k.of(a.region)
		already := job.Status == a.to && a.to != replay.Completed || a.to == replay.Pending && job.Status == replay.Running
		may := job.JobID == a.job && (already || job.Status.May(a.to))
		if may && !already {
			job.Status = a.to
		}
		return (s.code == http.StatusOK) == may, k
	}
}

// history is what all of them asked and were told, in the order in which that began and ended.
type history struct {
	now atomic.Int64
	mu  sync.Mutex
	all []porcupine.Operation
}

func (h *history) note(client int, a asked, do func() said) {
	began := h.now.Add(1)
	s := do()
	ended := h.now.Add(1)
	h.mu.Lock()
	defer h.mu.Unlock()
	h.all = append(h.all, porcupine.Operation{ClientId: client, Input: a, Call: began, Output: s, Return: ended})
}

func requestsAreLinear(t *testing.T, b *bench) {
	for round := range uint64(3) {
		org := b.scope().Org
		handler, secret := b.service(t, org)
		var h history
		for _, err := range together(clients, func(i int) error {
			return b.client(t, i, org, handler, secret, rand.New(rand.NewPCG(round, uint64(i))), &h)
		}) {
			expect(t, "a client", err, nil)
		}
		model := porcupine.Model{
			Init: func() any {
				none := replay.Job{Status: replay.Unconfigured}
				return known{none, none}
			},
			Step: step,
		}
		if got := porcupine.CheckOperationsTimeout(model, h.all, undecided); got != porcupine.Ok {
			t.Errorf("round %d is %s: no order explains\n%s", round, got, h.String())
		}
	}
}

func (h *history) String() string {
	var b strings.Builder
	for _, o := range h.all {
		fmt.Fprintf(&b, "%4d–%-4d client %d %+v: %+v\n", o.Call, o.Return, o.ClientId, o.Input, o.Output)
	}
	return b.String()
}

// service is the replay job's handlers over the store; the organization has a webhook in either region.
func (b *bench) service(t *testing.T, org string) (h http.Handler, secret string) {
	t.Helper()
	for _, region := range []string{"us", "eu"} {
		expect(t, "SaveWebhook", b.SaveWebhook(t.Context(), webhook.Config{
			Scope: replay.Scope{Org: org, Region: region}, Version: 1, Endpoint: "https://siem.example/", Authorization: "x",
			Enabled: true, Format: auditlog.JSON, UpdatedAt: stamp(b.clock.Now()),
		}), nil)
	}
	secret, token, err := access.Mint(cryptorand.Reader, access.Principal{Org: org, Role: access.Admin, Label: "ops"}, time.Time{}, b.clock.Now())
	expect(t, "Mint", err, nil)
	expect(t, "SaveToken", b.SaveToken(t.Context(), token), nil)
	door := api.NewDoor(b, replay.Regions{Known: []string{"us", "eu"}, Default: "us"}, b.clock.Now, cryptorand.Text)
	return api.Route(map[string]http.Handler{
		"put-replay-job":    api.PutReplayJob(door, b, b, cryptorand.Text),
		"get-replay-job":    api.GetReplayJob(door, b, b, b, lanes),
		"cancel-replay-job": api.CancelReplayJob(door, b, settle.New(b, b)),
		api.DefaultRoute:    api.Nowhere(door),
	}), secret
}

// client asks for this and that, and moves jobs on as workers do.
func (b *bench) client(t *testing.T, i int, org string, handler http.Handler, secret string, random *rand.Rand, h *history) error {
	ask := func(method, region string) {
		h.note(i, asked{what: method, region: region}, func() said {
			to := stamp(b.clock.Now()).Format(time.RFC3339)
			r := httptest.NewRequestWithContext(t.Context(), method, "http://"+region+".localhost"+jobPath, strings.NewReader(fmt.Sprintf(`{"start_at":%q,"end_at":%q}`, to, to)))
			r.Header.Set("Authorization", "Bearer "+secret)
			rec := httptest.NewRecorder()
			handler.ServeHTTP(rec, r)
			return heard(region, rec)
		})
	}
	for range asks {
		region := []string{"us", "eu"}[random.IntN(2)]
		switch n := random.IntN(20); {
		case n < 2:
			ask(http.MethodPut, region)
		case n < 3:
			ask(http.MethodPut, replay.GlobalRegion)
		case n < 5:
			ask(http.MethodGet, region)
		case n < 6:
			ask(http.MethodDelete, region)
		default:
			job, err := b.Job(t.Context(), replay.Scope{Org: org, Region: region})
			if err != nil {
				return err
			}
			m := []move{pend(), run(), complete()}[random.IntN(3)]
			switch fits := random.IntN(4) > 0; { // else no job would come far
			case fits && job.Status == replay.Accepted:
				m = pend()
			case fits && job.Status == replay.Pending:
				m = run()
			}
			h.note(i, asked{m.name, region, job.JobID, m.to}, func() said {
				switch err = m.make(t.Context(), b, job.Fence); {
				case err == nil:
					return said{code: http.StatusOK}
				case errors.Is(err, replay.ErrConflict):
					err = nil
				}
				return said{code: http.StatusConflict}
			})
			if err != nil {
				return err
			}
		}
	}
	return nil
}

// heard is what an answer says.
func heard(region string, rec *httptest.ResponseRecorder) said {
	var v struct {
		JobID   string `json:"job_id"`
		Status  replay.Status
		Regions map[string]struct {
			JobID string `json:"job_id"`
		}
	}
	if rec.Code == http.StatusOK || rec.Code == http.StatusAccepted {
		_ = json.Unmarshal(rec.Body.Bytes(), &v) // what cannot be read explains nothing: the check fails
	}
	s := said{code: rec.Code, jobs: map[string]string{region: v.JobID}, is: v.Status}
	for r, job := range v.Regions {
		s.jobs[r] = job.JobID
	}
	return s
}
