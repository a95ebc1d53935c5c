package auditlog

import (
	"bytes"
	"encoding/json"
	"testing"
)

const benchLine = `{"event_vendor":"Apache","event_product":"httpd","event_version":"2.0","event_class_id":"access","name":"Ingress","severity":1,"cef_version":0,"rt":1750000000000,"src":"83.149.9.216","request":"/presentations/logstash-monitorama-2013/images/kibana-search.png","act":"GET","status":200,"query":"{}","principal_id":"20dfe962-f633-53cd-9be4-52f3fcdcbf10","user_agent":"Mozilla/5.0 (Macintosh; Intel Mac OS X 10_9_1) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/32.0.1700.77 Safari/537.36","trace_id":13781734068974605790}`

func BenchmarkParse(b *testing.B) {
	b.SetBytes(int64(len(benchLine)))
	b.ReportAllocs()
	for b.Loop() {
		if _, err := Parse([]byte(benchLine), org, now()); err != nil {
			b.Fatal(err)
		}
	}
}

// BenchmarkEncodingJSON is how the standard library would do no more than sort the keys.
func BenchmarkEncodingJSON(b *testing.B) {
	b.SetBytes(int64(len(benchLine)))
	b.ReportAllocs()
	for b.Loop() {
		d := json.NewDecoder(bytes.NewReader([]byte(benchLine)))
		d.UseNumber()
		var entry map[string]any
		if err := d.Decode(&entry); err != nil {
			b.Fatal(err)
		}
		if _, err := json.Marshal(entry); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkSign(b *testing.B) {
	k, e := testKey(b), testEntry(b)
	var line []byte
	b.ReportAllocs()
	for b.Loop() {
		line = k.Sign(line[:0], e)
	}
}

func BenchmarkVerify(b *testing.B) {
	k := testKey(b)
	line := k.Sign(nil, testEntry(b))
	keys := []PublicKey{k.Public()}
	b.ReportAllocs()
	for b.Loop() {
		if _, ok := Verify(line, keys); !ok {
			b.Fatal("does not verify")
		}
	}
}

// BenchmarkCEF is what a line costs at delivery, which in json is stored as it is sent: a Sign, and the rest.
func BenchmarkCEF(b *testing.B) {
	k := testKey(b)
	e, err := Parse([]byte(benchLine), org, now())
	if err != nil {
		b.Fatal(err)
	}
	stored := k.Sign(nil, e)
	s := Scribe{CEF, "reprise", k}
	var line []byte
	b.SetBytes(int64(len(stored)))
	b.ReportAllocs()
	for b.Loop() {
		if line, err = s.Write(line[:0], stored); err != nil {
			b.Fatal(err)
		}
	}
}
