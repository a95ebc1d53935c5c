package dynamo_test

import (
	"crypto/rand"
	"crypto/sha256"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"reprise/shared/auditlog"
	"reprise/shared/chunk"
	"reprise/shared/replay"
	"reprise/shared/stack"
)

// watched is a store whose requests are kept, operation and body.
func watched(t *testing.T, fresh ...string) (s store, requests func() []string) {
	t.Helper()
	names := tables(t, append(fresh, "TokensTable")...)
	db, proxy := proxied(t)
	var mu sync.Mutex
	var seen []string
	proxy.Arm(0, 0, 0, func(operation, body string) string {
		mu.Lock()
		defer mu.Unlock()
		seen = append(seen, operation+" "+body)
		return operation
	})
	return storeOf(db, names, noon, rand.Text), func() []string {
		mu.Lock()
		defer mu.Unlock()
		all := seen
		seen = nil
		return all
	}
}

func TestReadsAreMadeAgainToo(t *testing.T) {
	names := tables(t, "JobsTable", "KeysTable")
	db, proxy := proxied(t, impatient)
	sc := newScene(t, storeOf(client(t), names, noon, rand.Text), replay.Running)
	key, err := auditlog.NewKey(rand.Reader, noon())
	c := chunk.Chunk{Key: fmt.Sprintf("%d-1", noon().UnixMilli()), First: noon(), Last: noon(), Entries: 1, Bytes: 1, Deflate: make([]byte, 60<<10)}
	err = errors.Join(err, sc.AddKey(t.Context(), key), sc.KeepChunks(t.Context(), sc.job.Scope, []chunk.Chunk{c}))
	if err != nil {
		t.Fatal(err)
	}
	sc.Store = storeOf(db, names, noon, rand.Text)
	ctx := t.Context()
	for name, read := range map[string]func() (int, error){
		"Job": func() (int, error) {
			job, err := sc.Job(ctx, sc.job.Scope)
			return len(job.JobID) / len(sc.job.JobID), err
		},
		"Progress":   func() (int, error) { all, err := sc.Progress(ctx, sc.job.Fence); return len(all), err },
		"PublicKeys": func() (int, error) { all, err := sc.PublicKeys(ctx); return len(all), err },
		"Webhook":    func() (int, error) { c, err := sc.Webhook(ctx, sc.job.Scope); return c.Version, err },
		"SigningKey": func() (int, error) { k, err := sc.SigningKey(ctx); return len(k.Private) / 64, err },
		"nobody's": func() (int, error) {
			_, err := sc.Token(ctx, sha256.Sum256([]byte(rand.Text())))
			return 1, ignore(err, replay.ErrNotFound)
		},
		"no plan yet": func() (int, error) { _, err := sc.Plan(ctx, sc.job.Fence); return 1, ignore(err, replay.ErrNotFound) },
		"Live": func() (n int, err error) {
			for _, e := range sc.Live(ctx) {
				n, err = n+1, errors.Join(err, e)
			}
			return n, err
		},
		"Chunks": func() (n int, err error) {
			for got, e := range sc.Chunks(ctx, sc.job.Scope, replay.Window{From: noon(), To: noon()}, replay.Cursor{}) {
				n, err = n+1, errors.Join(err, e, differ(c, got))
			}
			return n, err
		},
	} {
		for _, way := range stack.Faults() {
			if way == stack.Conflicting && name != "Job" { // queries meet no transaction
				continue
			}
			proxy.Arm(1, 1, way, func(operation, _ string) string { return operation })
			if n, err := read(); n != 1 || err != nil || len(proxy.Hit()) != 1 {
				t.Errorf("%s, %v: %d, %v; it met %v", name, way, n, err, proxy.Hit())
			}
		}
	}
}

func ignore(err, usual error) error {
	if errors.Is(err, usual) {
		return nil
	}
	return err
}

func TestPublicKeysAsksForNothingThatIsSecret(t *testing.T) {
	s, requests := watched(t, "KeysTable")
	key, err := auditlog.NewKey(rand.Reader, noon())
	if err := errors.Join(err, s.AddKey(t.Context(), key)); err != nil {
		t.Fatal(err)
	}
	requests()
	keys, err := s.PublicKeys(t.Context())
	if diff := cmp.Diff([]auditlog.PublicKey{key.Public()}, keys); err != nil || diff != "" {
		t.Fatal(err, diff)
	}
	for _, r := range requests() {
		if !strings.HasPrefix(r, "Scan ") || !strings.Contains(r, `"Select":"SPECIFIC_ATTRIBUTES"`) || strings.Contains(r, "private") || !strings.Contains(r, `"ProjectionExpression":"#kid, #public, #place, #schema"`) {
			t.Errorf("the role of the JWKS function does not allow %s", r)
		}
	}
}

// spread is n chunks of that size, a minute apart.
func spread(n, size int) []chunk.Chunk {
	all := make([]chunk.Chunk, n)
	for i := range all {
		at := noon().Add(time.Duration(i) * time.Minute)
		all[i] = chunk.Chunk{Key: fmt.Sprintf("%d-%032x", at.UnixMilli(), i), First: at, Last: at, Entries: 1, Bytes: size, Deflate: make([]byte, size)}
	}
	return all
}

func operations(requests []string) map[string]int {
	n := make(map[string]int)
	for _, r := range requests {
		operation, _, _ := strings.Cut(r, " ")
		n[operation]++
	}
	return n
}

// TestChunksAreKeptOneByOneUnlessTheyAreManyAndSmall: a transaction costs twice what its writes do, a round trip takes time.
func TestChunksAreKeptOneByOneUnlessTheyAreManyAndSmall(t *testing.T) {
	s, requests := watched(t)
	for _, row := range []struct {
		n, size int
		want    map[string]int
	}{
		{20, 60 << 10, map[string]int{"PutItem": 20}},
		{16, 100, map[string]int{"PutItem": 16}},
		{17, 100, map[string]int{"TransactWriteItems": 1}},
		{250, 4<<10 - 1, map[string]int{"TransactWriteItems": 3}},
	} {
		at := replay.Scope{Org: rand.Text(), Region: "eu"}
		requests()
		if err := s.KeepChunks(t.Context(), at, spread(row.n, row.size)); err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(row.want, operations(requests())); diff != "" {
			t.Errorf("%d of %d bytes: %s", row.n, row.size, diff)
		}
	}
	at, all := replay.Scope{Org: rand.Text(), Region: "eu"}, spread(150, 10)
	if err := s.KeepChunks(t.Context(), at, all[20:60]); err != nil {
		t.Fatal(err)
	}
	requests()
	if err := s.KeepChunks(t.Context(), at, all); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(map[string]int{"TransactWriteItems": 3}, operations(requests())); diff != "" { // one is made again without the 40
		t.Error(diff)
	}
	n := 0
	for _, err := range s.Chunks(t.Context(), at, replay.Window{From: noon(), To: noon().Add(3 * time.Hour)}, replay.Cursor{}) {
		if n++; err != nil {
			t.Fatal(err)
		}
	}
	if n != len(all) {
		t.Errorf("%d chunks are there, not %d", n, len(all))
	}
}

func TestNoMoreIsReadThanTheHoursAndThePagesThatAreAskedFor(t *testing.T) {
	s, requests := watched(t)
	at, all := replay.Scope{Org: rand.Text(), Region: "eu"}, spread(50, 60<<10) // 3 MB of one hour
	if err := s.KeepChunks(t.Context(), at, all); err != nil {
		t.Fatal(err)
	}
	hour := replay.Window{From: noon(), To: noon().Add(time.Hour - time.Millisecond)}
	for _, row := range []struct {
		name    string
		window  replay.Window
		cursor  string
		take    int
		queries int
	}{
		{"an hour, all of it", hour, "", 50, 3},
		{"an hour, its first chunk", hour, "", 1, 1},
		{"from a cursor near its end", hour, all[45].Key, 5, 1},
		{"five hours, the cursor in the last", replay.Window{From: noon().Add(-4 * time.Hour), To: hour.To}, all[45].Key, 5, 1},
		{"five hours", replay.Window{From: noon().Add(-4 * time.Hour), To: hour.To}, "", 50, 7},
		{"a cursor behind the window", replay.Window{From: noon(), To: noon().Add(time.Minute)}, all[45].Key, 0, 0},
		{"a minute", replay.Window{From: noon(), To: noon().Add(time.Minute - time.Millisecond)}, "", 1, 1},
	} {
		requests()
		n := 0
		for _, err := range s.Chunks(t.Context(), at, row.window, replay.Cursor{Chunk: row.cursor, Line: 1}) {
			if err != nil {
				t.Fatal(err)
			}
			if n++; n == row.take && row.take == 1 {
				break
			}
		}
		pages, indexes := 0, 0
		for _, r := range requests() {
			switch indexed, consistent := strings.Contains(r, `"IndexName":"first_at"`), strings.Contains(r, `"ConsistentRead":true`); {
			case indexed && consistent:
				indexes++
			case !indexed && !consistent: // half the price
				pages++
			default:
				t.Errorf("%s: a page for the whole price, or an index that may be behind: %s", row.name, r)
			}
		}
		// DynamoDB Local counts an index's page by what its items have in the table: it may take two for one of the table's.
		if n != row.take || pages != row.queries || indexes < pages {
			t.Errorf("%s: %d chunks of %d pages, held to the index %d times; want %d of %d", row.name, n, pages, indexes, row.take, row.queries)
		}
	}
}
