package contracttest

import (
	"bytes"
	"compress/gzip"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"reprise/shared/localtest"
)

// What a client asks for.
const (
	jobPath  = "/v2/audit-log-replay-job"
	hookPath = "/v2/audit-log-webhook"
	logPath  = "/v2/audit-log-events"
)

// service is one of this process; its replays have one lane.
type service struct {
	t              *testing.T
	address, token string
}

func serve(t *testing.T) *service {
	t.Helper()
	address, token := localtest.Serve(t, 1)
	return &service{t, address, token}
}

// ask sends a request to a host by name, "" for none of ours, and reads the answer.
func (s *service) ask(host, method, path, body string, want int) (answer map[string]any) {
	s.t.Helper()
	r, err := http.NewRequestWithContext(s.t.Context(), method, "http://"+s.address+path, strings.NewReader(body))
	if err != nil {
		s.t.Fatal(err)
	}
	if host != "" {
		r.Host = host
	}
	r.Header.Set("Authorization", "Bearer "+s.token)
	r.Header.Set("Content-Type", "application/x-ndjson")
	res, err := http.DefaultClient.Do(r)
	if err != nil {
		s.t.Fatal(err)
	}
	defer res.Body.Close()
	if err := json.NewDecoder(res.Body).Decode(&answer); err != nil || res.StatusCode != want {
		s.t.Fatalf("%s %s: %d, want %d: %v, %v", method, path, res.StatusCode, want, answer, err)
	}
	return answer
}

// replay has the last hour sent to the endpoint, as JSON.
func (s *service) replay(endpoint string) {
	s.t.Helper()
	s.ask("", "PATCH", hookPath, fmt.Sprintf(`{"endpoint":%q,"authorization":"Bearer hook","enabled":true,"log_format":"json"}`, endpoint), 200)
	now := time.Now().UTC()
	s.ask("", "PUT", jobPath, fmt.Sprintf(`{"start_at":%q,"end_at":%q}`, now.Add(-time.Hour).Format(time.RFC3339), now.Add(30*time.Second).Format(time.RFC3339)), 202)
}

// until asks for the job until it has that status.
func (s *service) until(status string) map[string]any {
	s.t.Helper()
	tick := time.NewTicker(5 * time.Millisecond)
	defer tick.Stop()
	for {
		job := s.ask("", "GET", jobPath, "", 200)
		switch {
		case job["status"] == status:
			return job
		case job["status"] == "failed", job["status"] == "completed":
			s.t.Fatal(job)
		}
		<-tick.C
	}
}

// entry is one of that time; more are its other members.
func entry(at time.Time, more string) string {
	return fmt.Sprintf(`{"event_class_id":"konnect","name":"Authz.test","rt":%d%s}`+"\n", at.UnixMilli(), more)
}

// sent is the lines of batches in the order in which a receiver was sent them.
type sent struct {
	mu    sync.Mutex
	lines [][]byte
}

// take reads a batch, and says how many entries are in it.
func (s *sent) take(t *testing.T, r *http.Request) int {
	z, err := gzip.NewReader(r.Body)
	if err != nil {
		t.Error(err)
		return 0
	}
	text, err := io.ReadAll(z)
	if err != nil {
		t.Error(err)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	lines := bytes.Split(bytes.TrimSuffix(text, []byte("\n")), []byte("\n"))
	s.lines = append(s.lines, lines...)
	return len(lines)
}

func hook(t *testing.T, h http.HandlerFunc) string {
	t.Helper()
	server := httptest.NewServer(h)
	t.Cleanup(server.Close)
	return server.URL
}
