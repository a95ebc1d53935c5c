package crashtest

import (
	"bytes"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"zombiezen.com/go/sqlite"
	"zombiezen.com/go/sqlite/sqlitex"
)

// stopped ends a service in good order, so that all of its data lies in the file itself.
func stopped(t *testing.T, p *process) {
	t.Helper()
	if err := p.stop(); err != nil {
		t.Fatalf("%v\n%s", err, p.log.tail())
	}
}

// column is the first column of the rows of a query on a file that nobody serves.
func column(t *testing.T, data, query string) (all [][]byte) {
	t.Helper()
	conn, err := sqlite.OpenConn(data, sqlite.OpenReadWrite)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = conn.Close() }()
	err = sqlitex.ExecuteTransient(conn, query, &sqlitex.ExecOptions{ResultFunc: func(row *sqlite.Stmt) error {
		value := make([]byte, row.ColumnLen(0))
		row.ColumnBytes(0, value)
		all = append(all, value)
		return nil
	}})
	if err != nil {
		t.Fatal(err)
	}
	return all
}

// spoil changes one bit of a file, where these bytes are.
func spoil(t *testing.T, path string, where []byte) {
	t.Helper()
	file, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	at := bytes.Index(file, where)
	if at < 0 {
		t.Fatal("the bytes to spoil are not in the file")
	}
	file[at] ^= 1
	if err := os.WriteFile(path, file, 0o600); err != nil {
		t.Fatal(err)
	}
}

func TestADamagedChunkEndsItsJobAndNobodyElses(t *testing.T) {
	data := filepath.Join(t.TempDir(), "reprise.db")
	p := started(t, data)
	acme, other := opened(t, p, data, "acme"), opened(t, p, data, "other")
	for range 10 {
		acme.asks(http.StatusAccepted, http.MethodPost, eventsPath, acme.body())
		other.asks(http.StatusAccepted, http.MethodPost, eventsPath, other.body())
	}
	stopped(t, p)
	blobs := column(t, data, "SELECT deflate FROM entries WHERE org = 'acme' ORDER BY key")
	last := blobs[len(blobs)-1]
	spoil(t, data, last[len(last)/2:][:24])

	p = started(t, data)
	acme.base, other.base = p.base, p.base
	acme.asks(http.StatusAccepted, http.MethodPut, jobPath, acme.put(0, acme.sent))
	job := acme.ends()
	if job.Status != "failed" || job.Failure.Code != "undeliverable" || !strings.Contains(job.Failure.Detail, "damaged") {
		t.Errorf("the job with the damaged chunk: %+v", job)
	}
	if got := acme.got.Summary(); got.BadBatches+got.WrongSignatures > 0 {
		t.Errorf("what was damaged was sent: %+v", got)
	}
	if log := p.log.String(); strings.Count(log, "stored entries are damaged: restore them from a backup") != 1 {
		t.Errorf("the log does not say once that entries are damaged:\n%s", p.log.tail())
	}
	other.replays()
	acme.asks(http.StatusAccepted, http.MethodPut, jobPath, acme.put(0, acme.sent/2))
	if job := acme.ends(); job.Status != "completed" || job.Progress.Entries != int64(acme.sent/2) {
		t.Errorf("a range without the damaged chunk: %+v", job)
	}
	stopped(t, p)
}

func TestADamagedFileIsSaidAtTheStart(t *testing.T) {
	for name, story := range map[string]struct {
		damage func(t *testing.T, data string)
		want   string
	}{
		"emptied": {func(t *testing.T, data string) { shorten(t, data, 0) }, "is empty, though a service ran on it before"},
		"cut off": {func(t *testing.T, data string) { shorten(t, data, 5*4096) }, "is damaged: restore it from a backup"},
		"its first page overwritten": {
			func(t *testing.T, data string) { zero(t, data, "1") },
			"its first page was overwritten: restore it from a backup",
		},
		"the counts that plans are made from overwritten": {func(t *testing.T, data string) {
			zero(t, data, "SELECT rootpage FROM sqlite_schema WHERE name = 'sqlite_autoindex_counts_1'")
		}, "is damaged"},
	} {
		t.Run(name, func(t *testing.T) {
			data := filepath.Join(t.TempDir(), "reprise.db")
			p := started(t, data)
			s := opened(t, p, data, "acme")
			s.asks(http.StatusAccepted, http.MethodPost, eventsPath, s.body())
			stopped(t, p)
			story.damage(t, data)
			said := fails(t, "serve", "--address", "127.0.0.1:0", "--data", data)
			if !strings.Contains(said, data) || !strings.Contains(said, story.want) || !strings.Contains(said, "from a backup") {
				t.Error(said)
			}
		})
	}
}

func shorten(t *testing.T, path string, size int64) {
	t.Helper()
	if err := os.Truncate(path, size); err != nil {
		t.Fatal(err)
	}
}

// zero overwrites the page whose number a query gives.
func zero(t *testing.T, data, page string) {
	t.Helper()
	n := 0
	for _, digit := range column(t, data, "SELECT CAST(("+strings.TrimSuffix(page, ";")+") AS TEXT)")[0] {
		n = 10*n + int(digit-'0')
	}
	f, err := os.OpenFile(data, os.O_WRONLY, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = f.Close() }()
	if _, err := f.WriteAt(make([]byte, 4096), int64(n-1)*4096); err != nil {
		t.Fatal(err)
	}
}

func TestADamagedLogIsSaidAtTheStart(t *testing.T) {
	data := filepath.Join(t.TempDir(), "reprise.db")
	p := started(t, data)
	s := opened(t, p, data, "acme")
	s.asks(http.StatusAccepted, http.MethodPost, eventsPath, s.body())
	p.kill()
	const said = "the data file's log was damaged: what was written last is lost"
	p = started(t, data)
	if strings.Contains(p.log.String(), said) {
		t.Errorf("a kill alone does no damage: %s", p.log.tail())
	}
	s.base = p.base
	s.asks(http.StatusAccepted, http.MethodPost, eventsPath, s.body())
	p.kill()
	log, err := os.ReadFile(data + "-wal")
	if err != nil {
		t.Fatal(err)
	}
	spoil(t, data+"-wal", log[len(log)/2:][:64])
	if p = started(t, data); !strings.Contains(p.log.String(), said) {
		t.Errorf("a damaged log is not said: %s", p.log.tail())
	}
	stopped(t, p)
}
