package contracttest

import (
	"bytes"
	"encoding/json"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

func TestALocalHostNamesItsRegion(t *testing.T) {
	s := serve(t)
	s.ask("eu.localhost:8080", "PATCH", hookPath, `{"endpoint":"http://127.0.0.1:1/eu"}`, 200)
	for host, want := range map[string]string{
		"us.localhost:8080": "unconfigured", "eu.localhost:8080": "http://127.0.0.1:1/eu", "EU.localhost": "http://127.0.0.1:1/eu", "127.0.0.1:8080": "unconfigured", "localhost:8080": "unconfigured", "eu.example.com": "unconfigured",
	} {
		if got := s.ask(host, "GET", hookPath, "", 200); got["endpoint"] != want {
			t.Errorf("%s shows %v, want %s", host, got["endpoint"], want)
		}
	}
}

// safely is a log that many may write to at once.
type safely struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func (s *safely) Write(p []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.text.Write(p)
}

func TestTheIdOfAnErrorIsInTheLog(t *testing.T) {
	var log safely
	old := slog.Default()
	slog.SetDefault(slog.New(slog.NewJSONHandler(&log, nil)))
	defer slog.SetDefault(old)
	s := serve(t)
	seen := make(map[string]bool)
	for range 2 {
		problem := s.ask("", "GET", "/v2/nothing", "", 404)
		id, ok := strings.CutPrefix(fmt.Sprint(problem["instance"]), "reprise:trace:")
		if !ok || len(id) != 26 || seen[id] {
			t.Errorf("the instance is %v", problem["instance"])
		}
		seen[id] = true
		log.mu.Lock()
		if n := bytes.Count(log.text.Bytes(), []byte(`"trace":"`+id+`"`)); n != 1 {
			t.Errorf("%d lines of the log have the id", n)
		}
		log.mu.Unlock()
	}
}

// The first batch is acknowledged, the second one is on its way: GET tells of the first alone, and still does when the second was refused.
func TestProgressCountsWhatWasAcknowledgedAlone(t *testing.T) {
	s := serve(t)
	now := time.Now()
	var body strings.Builder
	for i := range 300 {
		body.WriteString(entry(now.Add(-time.Duration(i)*time.Second), `,"padding":"`+strings.Repeat("x", 8000)+`"`))
	}
	s.ask("", "POST", logPath, body.String(), 202)
	var got sent
	first, second, goOn := make(chan int, 1), make(chan struct{}), make(chan struct{})
	s.replay(hook(t, func(w http.ResponseWriter, r *http.Request) {
		n := got.take(t, r)
		select {
		case first <- n:
		default:
			close(second)
			<-goOn
			w.WriteHeader(http.StatusBadRequest)
		}
	}))
	<-second
	n := <-first
	if n == 0 || n == 300 {
		t.Fatalf("the first batch has %d entries", n)
	}
	progress := func(job map[string]any) string {
		p := job["progress"].(map[string]any)
		return fmt.Sprint(p["batches"], p["entries"], p["estimated_entries"])
	}
	want := fmt.Sprint(1.0, float64(n), 300.0)
	if job := s.ask("", "GET", jobPath, "", 200); job["status"] != "running" || progress(job) != want {
		t.Errorf("while the second is on its way: %v, want %s", job, want)
	}
	close(goOn)
	if job := s.failed(); progress(job) != want {
		t.Errorf("after the second was refused: %v, want %s", job, want)
	}
}

// What is counted is whole hours: the entry has the plan have a slice, in which it does not lie.
func TestASliceWithoutAnEntryIsCompletedAndCounts(t *testing.T) {
	s := serve(t)
	hour := time.Now().UTC().Add(-2 * time.Hour).Truncate(time.Hour)
	s.ask("", "POST", logPath, entry(hour.Add(time.Minute), ""), 202)
	s.ask("", "PATCH", hookPath, `{"endpoint":"http://127.0.0.1:1/","authorization":"x","enabled":true}`, 200) // nobody is asked
	s.ask("", "PUT", jobPath, fmt.Sprintf(`{"start_at":%q,"end_at":%q}`, hour.Add(30*time.Minute).Format(time.RFC3339), hour.Add(31*time.Minute).Format(time.RFC3339)), 202)
	want := map[string]any{"slices_total": 1.0, "slices_completed": 1.0, "batches": 0.0, "entries": 0.0, "bytes": 0.0, "estimated_entries": 1.0}
	if diff := cmp.Diff(want, s.until("completed")["progress"]); diff != "" {
		t.Error(diff)
	}
}

// failed asks for the job until it has failed.
func (s *service) failed() map[string]any {
	s.t.Helper()
	tick := time.NewTicker(5 * time.Millisecond)
	defer tick.Stop()
	for {
		if job := s.ask("", "GET", jobPath, "", 200); job["status"] == "failed" {
			return job
		}
		<-tick.C
	}
}

// Two bodies of the same half hour, each out of order: each comes in order, and no entry behind one of a later minute.
func TestEntriesOfOneBodyComeInOrderOfTime(t *testing.T) {
	s := serve(t)
	begin := time.Now().Add(-45 * time.Minute).Truncate(time.Minute)
	const each = 400
	for body := range 2 {
		var text strings.Builder
		for _, i := range rand.Perm(each) {
			text.WriteString(entry(begin.Add(time.Duration(i*4500+body*700)*time.Millisecond), fmt.Sprintf(`,"body":%d`, body)))
		}
		s.ask("", "POST", logPath, text.String(), 202)
	}
	var got sent
	s.replay(hook(t, func(_ http.ResponseWriter, r *http.Request) { got.take(t, r) }))
	s.until("completed")
	last, minute := [2]int64{}, int64(0)
	for i, line := range got.lines {
		var e struct{ RT, Body int64 }
		if err := json.Unmarshal(line, &e); err != nil {
			t.Fatal(err)
		}
		if e.RT <= last[e.Body] {
			t.Errorf("line %d: %d comes after %d of the same body", i, e.RT, last[e.Body])
		}
		if e.RT/60_000 < minute {
			t.Errorf("line %d: %d comes after an entry of a later minute", i, e.RT)
		}
		last[e.Body], minute = e.RT, e.RT/60_000
	}
	if len(got.lines) != 2*each {
		t.Errorf("%d entries came", len(got.lines))
	}
}
