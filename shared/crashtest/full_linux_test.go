package crashtest

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"reprise/shared/receiver"
)

// smallDisk is a file system of its own of so many MiB, until the end of the test.
func smallDisk(t *testing.T, mebibytes int) string {
	t.Helper()
	folder := t.TempDir()
	if err := syscall.Mount("tmpfs", folder, "tmpfs", 0, fmt.Sprintf("size=%dm,mode=700", mebibytes)); err != nil {
		missing := fmt.Sprintf("this mounts a small tmpfs, which needs root (%v): run sudo go test ./shared/crashtest", err)
		if os.Getenv("CI") == "true" {
			t.Fatal(missing)
		}
		t.Skip("SKIPPED: " + missing)
	}
	t.Cleanup(func() {
		if err := syscall.Unmount(folder, 0); err != nil {
			t.Errorf("unmounting the small disk: %v", err)
		}
	})
	return folder
}

// fill takes all room that is left on a disk.
func fill(t *testing.T, path string) {
	t.Helper()
	f, err := os.Create(path)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = f.Close() }()
	for err == nil {
		_, err = f.Write(make([]byte, 4096))
	}
}

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
func opened(t *testing.T, p *process, data string) *shop {
	t.Helper()
	keys, err := receiver.JWKS{URL: p.base + jwksPath}.Keys(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	s := &shop{
		t: t, base: p.base, secret: token(t, data, "acme"), begin: time.Now().Add(-24 * time.Hour).Truncate(time.Second),
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

func TestAFullDiskIsSaidAndCostsNothingThatWasAcknowledged(t *testing.T) {
	disk := smallDisk(t, 12)
	data, ballast := filepath.Join(disk, "data", "reprise.db"), filepath.Join(disk, "ballast")
	p := started(t, data)
	s := opened(t, p, data)
	if err := os.WriteFile(ballast, make([]byte, 5<<20), 0o600); err != nil {
		t.Fatal(err)
	}
	body, acknowledged := "", 0
	for code, answer := http.StatusAccepted, []byte(nil); code == http.StatusAccepted; {
		acknowledged = s.sent
		body = s.body()
		var err error
		if code, answer, err = ask(p.base, s.secret, http.MethodPost, eventsPath, body); err != nil {
			t.Fatal(err)
		}
		var problem struct{ Title, Instance, Detail string }
		if code != http.StatusAccepted && (code != http.StatusInternalServerError || json.Unmarshal(answer, &problem) != nil || problem.Instance == "") {
			t.Fatalf("on a full disk a body was answered %d %s", code, answer)
		}
	}
	if acknowledged == 0 {
		t.Fatal("not even the first body fitted")
	}
	fill(t, filepath.Join(disk, "rest"))
	for range 3 {
		s.asks(http.StatusInternalServerError, http.MethodPost, eventsPath, body)
		s.asks(http.StatusInternalServerError, http.MethodPut, jobPath, s.put(0, acknowledged))
		s.asks(http.StatusOK, http.MethodGet, jobPath, "")
		s.asks(http.StatusOK, http.MethodGet, "/healthz", "")
	}
	const said, advice = "the data file needs attention", "does not fit on its disk: make room"
	if log := p.log.String(); strings.Count(log, said) != 1 || !strings.Contains(log, data+" "+advice) {
		t.Errorf("the log does not say once that the disk is full, and what to do:\n%s", p.log.tail())
	}

	p.kill()
	p = started(t, data) // what is there can be read, whatever fits
	s.base = p.base
	s.asks(http.StatusOK, http.MethodGet, jobPath, "")
	s.asks(http.StatusInternalServerError, http.MethodPost, eventsPath, body)
	for what, args := range map[string][]string{
		"a token":         {"token", "create", "--data", data, "--org", "late", "--role", "admin", "--label", "late"},
		"a new data file": {"serve", "--address", "127.0.0.1:0", "--data", filepath.Join(disk, "new.db")},
	} {
		if out := fails(t, args...); !strings.Contains(out, advice) {
			t.Errorf("%s on a full disk: %s", what, out)
		}
	}

	if err := os.Remove(ballast); err != nil {
		t.Fatal(err)
	}
	s.asks(http.StatusAccepted, http.MethodPost, eventsPath, body)
	s.replays()
	if err := p.stop(); err != nil {
		t.Error(err)
	}
}

func TestAServiceThatFindsNoRoomToStartSaysSo(t *testing.T) {
	disk := smallDisk(t, 8)
	data := filepath.Join(disk, "reprise.db")
	p := started(t, data)
	if err := p.stop(); err != nil {
		t.Fatal(err)
	}
	fill(t, filepath.Join(disk, "ballast")) // not even the log's index fits
	if out := fails(t, "serve", "--address", "127.0.0.1:0", "--data", data); !strings.Contains(out, data) || !strings.Contains(out, "make room") {
		t.Errorf("on a full disk: %s", out)
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
