package egress

import (
	"io"
	"net"
	"net/http"
	"syscall"
	"testing"
	"time"
)

// BenchmarkPost is a batch of the usual size to a receiver that does nothing with it; cpu-ns/op has both sides of it.
func BenchmarkPost(b *testing.B) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		b.Fatal(err)
	}
	defer func() { _ = l.Close() }()
	go func() {
		conn, err := l.Accept()
		if err != nil {
			return
		}
		defer func() { _ = conn.Close() }()
		for buffered := newReader(conn); ; {
			r, err := http.ReadRequest(buffered)
			if err != nil {
				return
			}
			_, _ = io.Copy(io.Discard, r.Body)
			_, _ = io.WriteString(conn, okHeader+"ok")
		}
	}()
	client := New(Guard{AllowInside: true, AllowHTTP: true}, "1", time.Now)
	defer client.Close()
	body := make([]byte, 267<<10)
	used := func() int64 {
		var u syscall.Rusage
		if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
			b.Fatal(err)
		}
		return u.Utime.Nano() + u.Stime.Nano()
	}
	b.ReportAllocs()
	before := used()
	for b.Loop() {
		if a := client.Post(b.Context(), to("http://"+l.Addr().String()), batch(body)); a.Code != 200 {
			b.Fatal(a)
		}
	}
	b.ReportMetric(float64(used()-before)/float64(b.N), "cpu-ns/op")
}
