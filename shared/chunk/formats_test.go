package chunk_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"reprise/shared/auditlog"
	"reprise/shared/chunk"
	"reprise/shared/replay"
)

// requests are n entries of one body as a gateway sends them, a hundredth of a second apart.
func requests(t testing.TB, n int) []auditlog.Entry {
	t.Helper()
	entries := make([]auditlog.Entry, n)
	for i := range entries {
		line := fmt.Appendf(nil, `{"event_vendor":"KongInc","event_product":"Konnect","event_version":"1.0","event_class_id":"KongGateway","name":"Ingress","severity":1,"rt":%d,"src":"127.0.0.6","request":"/konnect-api/api/runtime_groups/%x","act":"POST","status":201,"principal_id":"87655c36-8d63-48fe-9a1e-53b28dfbc19b","query":"{}","trace_id":%d,"user_agent":"Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/113.0.0.0 Safari/537.36"}`,
			noon.Add(time.Duration(i)*10*time.Millisecond).UnixMilli(), i, 6891110586028963295+i)
		var err error
		if entries[i], err = auditlog.Parse(line, "acme", noon.Add(time.Hour)); err != nil {
			t.Fatal(err)
		}
	}
	return entries
}

func TestEveryFormatIsSentAsItsLines(t *testing.T) {
	const n = 500
	chunks, key := pack(t, requests(t, n)), signingKey(1)
	for _, f := range []auditlog.Format{auditlog.JSON, auditlog.CEF, auditlog.CPS} {
		write := auditlog.Scribe{Format: f, Host: "reprise", Key: key}.Write
		for _, limit := range []int{10_000, 200_000} {
			got := 0
			for _, b := range collect(t, chunk.Batches("job", allDay(), replay.Cursor{}, limit, write, stored(chunks))) {
				if b.Tally.Bytes > int64(limit) {
					t.Errorf("%s: a batch of %d bytes, more than %d", f, b.Tally.Bytes, limit)
				}
				for line := range strings.Lines(gunzip(t, b.Body)) {
					if _, ok := auditlog.Verify([]byte(strings.TrimSuffix(line, "\n")), []auditlog.PublicKey{key.Public()}); !ok {
						t.Fatalf("%s does not verify: %s", f, line)
					}
					got++
				}
			}
			if got != n {
				t.Errorf("%d lines of %d came as %s", got, n, f)
			}
		}
	}
}

// BenchmarkFormats is what making batches of 1 MiB costs in each format, an entry and stored bytes.
func BenchmarkFormats(b *testing.B) {
	const n = 10_000
	chunks := pack(b, requests(b, n))
	size := 0
	for _, c := range chunks {
		size += c.Bytes
	}
	for name, write := range map[string]func(dst, line []byte) ([]byte, error){
		"json": nil,
		"cps":  auditlog.Scribe{Format: auditlog.CPS}.Write,
		"cef":  auditlog.Scribe{Format: auditlog.CEF, Host: "reprise", Key: signingKey(1)}.Write,
	} {
		b.Run(name, func(b *testing.B) {
			b.SetBytes(int64(size))
			b.ReportAllocs()
			for b.Loop() {
				drain(b, chunk.Batches("job", allDay(), replay.Cursor{}, replay.BatchLimit, write, stored(chunks)))
			}
			b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/n, "ns/entry")
		})
	}
}
