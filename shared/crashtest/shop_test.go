package crashtest

import (
	"fmt"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"reprise/shared/receiver"
)

// shop is one organization with what it was promised.
type shop struct {
	t      *testing.T
	secret string
	base   string
	begin  time.Time
	random *rand.Rand
	sent   int
	got    *receiver.Receiver
}

// opened makes an organization on a service, and the receiver that its webhook is.
func opened(t *testing.T, p *process, data, org string) *shop {
	t.Helper()
	keys, err := receiver.JWKS{URL: p.base + jwksPath}.Keys(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	s := &shop{
		t: t, base: p.base, secret: token(t, data, org), begin: time.Now().Add(-24 * time.Hour).Truncate(time.Second),
		random: rand.New(rand.NewPCG(1, 2)), got: receiver.New(receiver.Options{Keys: known(keys)}),
	}
	server := httptest.NewServer(s.got)
	t.Cleanup(server.Close)
	s.asks(http.StatusOK, http.MethodPatch, hookPath, fmt.Sprintf(`{"endpoint":%q,"authorization":"Bearer hook","enabled":true}`, server.URL))
	return s
}

// asks wants that answer to a request.
func (s *shop) asks(want int, method, path, body string) []byte {
	s.t.Helper()
	code, answer, err := ask(s.base, s.secret, method, path, body)
	if err != nil || code != want {
		s.t.Fatalf("%s %s: %d %s, %v; want %d", method, path, code, answer, err, want)
	}
	return answer
}

// body is 50 entries that hardly compress, some 200 KB as stored, each a second after the one before.
func (s *shop) body() string {
	var b strings.Builder
	for range 50 {
		s.sent++
		fmt.Fprintf(&b, `{"event_class_id":"disk","name":"Ingress","rt":%d,"x":"`, s.begin.Add(time.Duration(s.sent)*time.Second).UnixMilli())
		for range 500 {
			fmt.Fprintf(&b, "%016x", s.random.Uint64())
		}
		b.WriteString("\"}\n")
	}
	return b.String()
}

// put is the PUT of what happened between these entries, from 1.
func (s *shop) put(first, last int) string {
	const stamp = "2006-01-02T15:04:05Z07:00"
	at := func(n int) string { return s.begin.Add(time.Duration(n) * time.Second).Format(stamp) }
	return fmt.Sprintf(`{"start_at":%q,"end_at":%q}`, at(first), at(last))
}

// ends follows the job to its end.
func (s *shop) ends() job {
	s.t.Helper()
	for deadline := time.Now().Add(patience); ; <-time.After(10 * time.Millisecond) {
		j, err := readJob(s.asks(http.StatusOK, http.MethodGet, jobPath, ""))
		if err != nil || j.Status == "completed" || j.Status == "failed" {
			return j
		}
		if time.Now().After(deadline) {
			s.t.Fatalf("it does not end: %+v", j)
		}
	}
}

// replays wants every entry to arrive that was sent, as it was sent.
func (s *shop) replays() {
	s.t.Helper()
	before := s.got.Summary()
	s.asks(http.StatusAccepted, http.MethodPut, jobPath, s.put(0, s.sent))
	j := s.ends()
	got := s.got.Summary()
	if j.Status != "completed" || got.Entries-before.Entries != int64(s.sent) || got.WrongSignatures+got.BadBatches > 0 {
		s.t.Errorf("of %d entries: %+v; the receiver: %+v, before: %+v", s.sent, j, got, before)
	}
}

// fails runs a command that must end with an error, and returns what it says.
func fails(t *testing.T, args ...string) string {
	t.Helper()
	cmd, err := command(args...)
	if err != nil {
		t.Fatal(err)
	}
	out, err := cmd.CombinedOutput()
	if err == nil {
		t.Fatalf("%v: it did not fail: %s", args, out)
	}
	return string(out)
}
