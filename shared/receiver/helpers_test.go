package receiver_test

import (
	"bytes"
	"compress/flate"
	"compress/gzip"
	"context"
	"crypto/sha256"
	"fmt"
	"iter"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"testing"
	"time"

	"go.uber.org/goleak"

	"reprise/shared/auditlog"
	"reprise/shared/chunk"
	"reprise/shared/receiver"
	"reprise/shared/replay"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// noon is when the entries of these tests happen, or shortly after.
var noon = time.Date(2026, 3, 14, 12, 0, 0, 0, time.UTC)

func key(t testing.TB, seed byte) auditlog.Key {
	k, err := auditlog.NewKey(bytes.NewReader(bytes.Repeat([]byte{seed}, 32)), noon)
	if err != nil {
		t.Fatal(err)
	}
	return k
}

// keys always gives the public halves of ks.
func keys(ks ...auditlog.Key) func(context.Context) ([]auditlog.PublicKey, error) {
	return func(context.Context) ([]auditlog.PublicKey, error) {
		var all []auditlog.PublicKey
		for _, k := range ks {
			all = append(all, k.Public())
		}
		return all, nil
	}
}

// entries are n, a tenth of a second apart, as the intake makes them.
func entries(t testing.TB, n int) []auditlog.Entry {
	all := make([]auditlog.Entry, n)
	for i := range all {
		var err error
		all[i], err = auditlog.Parse(fmt.Appendf(nil, `{"event_class_id":"k","name":"Ingress","act":"GET","rt":%d,"trace_id":%d,"query":"%s"}`,
			noon.UnixMilli()+int64(i)*100, 9007199254740993+i, strings.Repeat("é=1&", i%50)), "org", noon.Add(time.Hour))
		if err != nil {
			t.Fatal(err)
		}
	}
	return all
}

// signed are entries as lines, each with its newline.
func signed(t testing.TB, k auditlog.Key, n int) []string {
	lines := make([]string, n)
	for i, e := range entries(t, n) {
		lines[i] = string(k.Sign(nil, e)) + "\n"
	}
	return lines
}

// written are lines as a receiver of that format gets them.
func written(t testing.TB, f auditlog.Format, k auditlog.Key, lines []string) []string {
	all := make([]string, len(lines))
	for i, stored := range lines {
		line, err := auditlog.Scribe{Format: f, Host: "reprise", Key: k}.Write(nil, []byte(strings.TrimSuffix(stored, "\n")))
		if err != nil {
			t.Fatal(err)
		}
		all[i] = string(line) + "\n"
	}
	return all
}

// batches are entries as deliver sends them.
func batches(t testing.TB, k auditlog.Key, n, limit int) iter.Seq2[chunk.Batch, error] {
	chunks, _, err := chunk.Pack(sha256.Sum256([]byte("body")), entries(t, n), k)
	if err != nil {
		t.Fatal(err)
	}
	return chunk.Batches("job", replay.Window{From: noon, To: noon.Add(time.Hour)}, replay.Cursor{}, limit, nil,
		func(yield func(chunk.Chunk, error) bool) {
			for _, c := range chunks {
				if !yield(c, nil) {
					return
				}
			}
		})
}

func zip(t testing.TB, text string) []byte {
	var b bytes.Buffer
	z := gzip.NewWriter(&b)
	if _, err := z.Write([]byte(text)); err != nil {
		t.Fatal(err)
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// bomb is the start of a gzip member of so many MiB.
func bomb(t testing.TB, mib int) []byte {
	var b bytes.Buffer
	z, err := flate.NewWriter(&b, flate.BestSpeed)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := z.Write(bytes.Repeat([]byte("x\n"), 1<<19)); err != nil {
		t.Fatal(err)
	}
	if err := z.Flush(); err != nil { // looks back at nothing before it, so it can be repeated
		t.Fatal(err)
	}
	header := []byte{0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 0xff}
	return append(header, bytes.Repeat(b.Bytes(), mib)...)
}

// request is a POST as CONTRACT.md §4 wants it.
func request(t testing.TB, id string, lines ...string) *http.Request {
	r := httptest.NewRequestWithContext(t.Context(), "POST", "/hook", bytes.NewReader(zip(t, strings.Join(lines, ""))))
	r.Header.Set("Content-Type", "text/plain; charset=utf-8")
	r.Header.Set("Content-Encoding", "gzip")
	r.Header.Set("Webhook-Id", id)
	r.Header.Set("Reprise-Entries", strconv.Itoa(len(lines)))
	return r
}

func answer(h *receiver.Receiver, r *http.Request) int {
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	return w.Code
}

// clock is a time that stands still until it is moved.
type clock struct{ at time.Time }

func (c *clock) now() time.Time { return c.at }
