package crashtest

import (
	"encoding/json"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
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

func TestAFullDiskIsSaidAndCostsNothingThatWasAcknowledged(t *testing.T) {
	disk := smallDisk(t, 12)
	data, ballast := filepath.Join(disk, "data", "reprise.db"), filepath.Join(disk, "ballast")
	p := started(t, data)
	s := opened(t, p, data, "acme")
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
