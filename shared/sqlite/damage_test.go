package sqlite_test

import (
	"bytes"
	"crypto/sha256"
	"errors"
	"fmt"
	mrand "math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	zombiezen "zombiezen.com/go/sqlite"
	"zombiezen.com/go/sqlite/sqlitex"

	"reprise/shared/auditlog"
	"reprise/shared/chunk"
	"reprise/shared/replay"
	"reprise/shared/sqlite"
)

// pageSize is that of every file.
const pageSize = 4096

// shelf is a data file with something in each table that a replay reads, and what is read of it.
type shelf struct {
	path  string
	bytes []byte
	pages map[int]string // what each page is of
	want  string
}

func stocked(t *testing.T) shelf {
	t.Helper()
	sh := shelf{path: filepath.Join(t.TempDir(), "reprise.db"), pages: make(map[int]string)}
	s := openStore(t, sh.path, noon)
	key, err := auditlog.NewKey(strings.NewReader(strings.Repeat("k", 64)), noon()) // the same each time, so that the file is
	if err != nil {
		t.Fatal(err)
	}
	err = s.AddKey(t.Context(), key)
	for body := range 40 {
		entries := make([]auditlog.Entry, 3)
		for i := range entries {
			at, filling := noon().Add(-time.Duration(body*75+i)*time.Second), ""
			if body%4 == 0 { // chunks that are spliced, whose blobs lie on pages of their own
				for n := range 150 {
					filling += fmt.Sprintf("%x", sha256.Sum256([]byte{byte(body), byte(i), byte(n)}))
				}
			}
			entries[i] = auditlog.Entry{At: at, Raw: fmt.Appendf(nil, `{"n":%d,"rt":%d,"x":"%s"}`, i, at.UnixMilli(), filling)}
		}
		chunks, counts, e := chunk.Pack(sha256.Sum256([]byte{byte(body)}), entries, key)
		err = errors.Join(err, e, s.AddCounts(t.Context(), inAcme(), counts), s.KeepChunks(t.Context(), inAcme(), chunks))
	}
	for n := range 20 {
		err = errors.Join(err, s.Accept(t.Context(), someJob(fmt.Sprint("org-", n), n)))
	}
	if err != nil {
		t.Fatal(err)
	}
	if sh.want, err = readAll(t, s); err != nil {
		t.Fatal(err)
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	conn, err := zombiezen.OpenConn(sh.path, zombiezen.OpenReadOnly)
	if err != nil {
		t.Fatal(err)
	}
	err = sqlitex.ExecuteTransient(conn, "SELECT pageno, name || ' ' || pagetype FROM dbstat", &sqlitex.ExecOptions{ResultFunc: func(row *zombiezen.Stmt) error {
		sh.pages[row.ColumnInt(0)] = row.ColumnText(1)
		return nil
	}})
	if err = errors.Join(err, conn.Close()); err != nil {
		t.Fatal(err)
	}
	if sh.bytes, err = os.ReadFile(sh.path); err != nil {
		t.Fatal(err)
	}
	return sh
}

func inAcme() replay.Scope { return replay.Scope{Org: "acme", Region: "eu"} }

// readAll is all that a replay would see of a file: batches, jobs, counts.
func readAll(t *testing.T, s *sqlite.Store) (string, error) {
	t.Helper()
	var out strings.Builder
	w := replay.Window{From: noon().Add(-2 * time.Hour), To: noon()}
	for b, err := range chunk.Batches("job", w, replay.Cursor{}, replay.BatchLimit, nil, s.Chunks(t.Context(), inAcme(), w, replay.Cursor{})) {
		if err != nil {
			return "", err
		}
		fmt.Fprintf(&out, "%s %x %+v\n", b.ID, sha256.Sum256(b.Body), b.Tally)
	}
	for n := range 20 {
		job, err := s.Job(t.Context(), replay.Scope{Org: fmt.Sprint("org-", n), Region: "eu"})
		if err != nil {
			return "", err
		}
		fmt.Fprintf(&out, "%+v\n", job)
	}
	counts, err := s.CountsIn(t.Context(), inAcme(), w)
	fmt.Fprintf(&out, "%+v", counts)
	return out.String(), err
}

// overwrite is what a disk, or somebody, does to a page.
type overwrite struct {
	name string
	do   func(page []byte, r *mrand.Rand)
}

func overwrites() []overwrite {
	return []overwrite{
		{"zeros", func(p []byte, _ *mrand.Rand) { clear(p) }},
		{"ones", func(p []byte, _ *mrand.Rand) { copy(p, bytes.Repeat([]byte{0xff}, len(p))) }},
		{"half of it", func(p []byte, _ *mrand.Rand) { clear(p[len(p)/2:]) }},
		{"its end", func(p []byte, _ *mrand.Rand) { clear(p[len(p)-512:]) }},
		{"a sector", func(p []byte, r *mrand.Rand) {
			sector := p[512*r.IntN(8):][:512]
			for i := range sector {
				sector[i] = byte(r.Uint32())
			}
		}},
	}
}

func TestAnOverwrittenPageIsNeverServedAsTruth(t *testing.T) {
	const seed = 7
	sh, r := stocked(t), mrand.New(mrand.NewPCG(seed, seed))
	noticed, harmless, folder := make(map[string]int), 0, t.TempDir()
	for n := 1; n <= len(sh.bytes)/pageSize; n++ {
		for _, how := range overwrites() {
			if sh.pages[n] != "entries overflow" && !strings.Contains(sh.pages[n], "autoindex_entries") && r.IntN(3) > 0 {
				continue // each of the rest in some way or other
			}
			bad := bytes.Clone(sh.bytes)
			how.do(bad[(n-1)*pageSize:n*pageSize], r)
			if bytes.Equal(bad, sh.bytes) {
				continue
			}
			path := filepath.Join(folder, fmt.Sprintf("%d-%s.db", n, how.name))
			if err := os.WriteFile(path, bad, 0o600); err != nil {
				t.Fatal(err)
			}
			got, err := examined(t, path)
			switch {
			case err != nil:
				noticed[sh.pages[n]]++
			case got != sh.want:
				t.Errorf("seed %d: page %d (%s), overwritten with %s, was served as truth", seed, n, sh.pages[n], how.name)
			default:
				harmless++ // free space, or an index that nobody asked
			}
		}
	}
	t.Logf("seed %d, file %x: noticed: %v; harmless: %d", seed, sha256.Sum256(sh.bytes), noticed, harmless)
	for _, what := range []string{"entries leaf", "entries overflow", "sqlite_autoindex_entries_1 leaf", "jobs leaf", "counts leaf"} {
		if noticed[what] == 0 {
			t.Errorf("no damage to %s was ever noticed: %v", what, noticed)
		}
	}
}

// examined is what a service would read of a file, if it would start.
func examined(t *testing.T, path string) (string, error) {
	t.Helper()
	s, err := sqlite.Open(path, noon)
	if err != nil {
		return "", err
	}
	defer func() { _ = s.Close() }()
	if err := s.Examine(t.Context()); err != nil {
		return "", err
	}
	return readAll(t, s)
}

func TestADamagedChunkIsDamageAndSaysWhichFile(t *testing.T) {
	begin := noon().Add(-2 * time.Hour) // of what is read
	for name, story := range map[string]struct {
		damage func(sh shelf) int
		until  time.Time // it is said to begin by then
	}{
		"of an overflow page, a bit": {func(sh shelf) int { return sh.flip("entries overflow") }, noon()},
		"of a leaf, all of it":       {func(sh shelf) int { return sh.zero("entries leaf") }, begin},
		"of the index, all of it":    {func(sh shelf) int { return sh.zero("sqlite_autoindex_entries_1 leaf") }, begin},
		"of its twin, all of it":     {func(sh shelf) int { return sh.zero("entries_twin leaf") }, begin},
	} {
		t.Run(name, func(t *testing.T) {
			sh := stocked(t)
			if n := story.damage(sh); n == 0 {
				t.Fatal("there is no such page")
			}
			if err := os.WriteFile(sh.path, sh.bytes, 0o600); err != nil {
				t.Fatal(err)
			}
			_, err := examined(t, sh.path)
			var d *chunk.Damage
			if !errors.As(err, &d) || d.At().Before(begin) || d.At().After(story.until) {
				t.Fatalf("got %v", err)
			}
			if strings.Contains(err.Error(), "malformed") && !strings.Contains(err.Error(), "data file "+sh.path+" is damaged: restore it from a backup") {
				t.Errorf("it does not say what to do: %v", err)
			}
		})
	}
}

// flip changes a bit in the middle of the last page of that kind; it returns the page's number.
func (sh shelf) flip(kind string) (page int) {
	for n, k := range sh.pages {
		if k == kind && n > page {
			page = n
		}
	}
	sh.bytes[max(0, (page-1)*pageSize+2000)] ^= 0x10
	return page
}

// zero overwrites every page of that kind.
func (sh shelf) zero(kind string) (page int) {
	for n, k := range sh.pages {
		if k == kind {
			page = n
			clear(sh.bytes[(n-1)*pageSize : n*pageSize])
		}
	}
	return page
}

func TestAPlanThatCannotBeReadIsNone(t *testing.T) {
	for _, text := range []string{"", "[", "null", `{"n":0}`, `[{"n":7}]`, `[{"n":0,"from":2,"to":1}]`} {
		path := filepath.Join(t.TempDir(), "reprise.db")
		s, job := openStore(t, path, noon), someJob("acme", 1)
		accept(t, s, job)
		if _, err := s.RecordPlan(t.Context(), replay.Plan{Fence: job.Fence, Lanes: 1, Slices: []replay.Slice{{Fence: job.Fence}}}); err != nil {
			t.Fatal(err)
		}
		runs(t, path, "UPDATE plans SET slices = '"+text+"'")
		if p, err := s.Plan(t.Context(), job.Fence); !errors.Is(err, replay.ErrNotFound) {
			t.Errorf("%q: got %+v, %v", text, p, err)
		}
	}
}
