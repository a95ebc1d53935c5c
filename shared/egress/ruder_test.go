package egress

import (
	"bytes"
	"compress/gzip"
	"io"
	"log"
	"net"
	"net/http"
	"net/http/httptest"
	"runtime"
	"strings"
	"testing"
	"time"

	"reprise/shared/webhook"
)

// saying reads the request, then says a text.
func saying(text string) func(net.Conn) {
	return func(conn net.Conn) {
		if takeRequest(conn) {
			_, _ = io.WriteString(conn, text)
		}
	}
}

// on says a text without an end behind another.
func on(start, text string) func(net.Conn) {
	return func(conn net.Conn) {
		takeRequest(conn)
		_, err := io.WriteString(conn, start)
		for text := strings.Repeat(text, 1+1000/len(text)); err == nil; {
			_, err = io.WriteString(conn, text)
		}
	}
}

// verdicts are receivers by the one thing that matters of them: what becomes of the batch.
func verdicts() map[webhook.Outcome][]rude {
	const ok = "HTTP/1.1 200 OK\r\n"
	return map[webhook.Outcome][]rude{
		webhook.Delivered: {
			{"no headers", saying(ok + "\r\n"), 200, "OK"},
			{"no headers, and no reason", saying("HTTP/1.1 200\r\n\r\n"), 200, "OK"},
			{"a version of its own", saying("HTTP/1.0 204 No Content\r\n\r\n"), 204, "No Content"},
			{"newlines alone", saying("HTTP/1.1 200 OK\nX: y\n\nfine"), 200, "OK: fine"},
			{"a body shorter than it says", saying(ok + "Content-Length: 1000\r\n\r\nfine"), 200, "OK: fine"},
			{"a body longer than it says", saying(ok + "Content-Length: 4\r\n\r\nfine, thank you"), 200, "OK: fine"},
			{"a body of 1 GB", on(ok+"Content-Length: 1073741824\r\n\r\n", "x"), 200, "OK: xxx"},
			{"a body of 8 EB", on(ok+"Content-Length: 9223372036854775807\r\n\r\n", "x"), 200, "OK: xxx"},
			{"chunks without an end", on(ok+"Transfer-Encoding: chunked\r\n\r\n", "1\r\nx\r\n"), 200, "OK: xxx"},
			{"a chunk that is none", saying(ok + "Transfer-Encoding: chunked\r\n\r\nzz\r\n"), 200, "OK"},
			{"trailers without an end", on(ok+"Transfer-Encoding: chunked\r\n\r\n1\r\nx\r\n0\r\n", "X-Y: z\r\n"), 200, "OK: x"},
			{"hints, then yes", saying(strings.Repeat("HTTP/1.1 103 Early Hints\r\nLink: <x>\r\n\r\n", 100) + ok + "\r\n"), 200, "OK"},
			{"a reset in the body", func(conn net.Conn) {
				takeRequest(conn)
				_, _ = io.WriteString(conn, ok+"Content-Length: 1000\r\n\r\n")
				_ = conn.(*net.TCPConn).SetLinger(0)
			}, 200, "OK"},
		},
		webhook.Later: {
			{"continue without an end", on("", "HTTP/1.1 100 Continue\r\n\r\n"), 0, ""},
			{"a line of status without an end", on("HTTP/1.1 200 ", "O"), 0, ""},
			{"one header without an end", on(ok+"X: ", "x"), 0, ""},
			{"zeros without an end", on("", "\x00"), 0, ""},
			{"lines without an end", on("", "\r\n"), 0, ""},
			{"HTTP/0.9", saying("<html>fine</html>\n"), 0, "malformed HTTP"},
			{"a status of two digits", saying("HTTP/1.1 20 OK\r\n\r\n"), 0, "malformed HTTP status code"},
			{"a status of four digits", saying("HTTP/1.1 2000 OK\r\n\r\n"), 0, "malformed HTTP status code"},
			{"a status below zero", saying("HTTP/1.1 -20 OK\r\n\r\n"), 0, "malformed HTTP status code"},
			{"no version of HTTP", saying("HTTQ/1.1 200 OK\r\n\r\n"), 0, "malformed HTTP version"},
			{"HTTP/2 without asking", saying("\x00\x00\x12\x04\x00\x00\x00\x00\x00"), 0, ""},
			{"TLS without asking", saying("\x15\x03\x01\x00\x02\x02\x16"), 0, ""},
			{"two lengths", saying(ok + "Content-Length: 1\r\nContent-Length: 2\r\n\r\nxx"), 0, ""},
			{"a length below zero", saying(ok + "Content-Length: -1\r\n\r\nx"), 0, ""},
			{"another coding of transfer", saying(ok + "Transfer-Encoding: gzip\r\n\r\nx"), 0, ""},
			{"a header that is none", saying(ok + "no colon\r\n\r\n"), 0, ""},
			{"a no of 1 GB", on("HTTP/1.1 503 Later\r\nContent-Length: 1073741824\r\n\r\n", "x"), 503, "Service Unavailable: xxx"},
			{"a Retry-After of 60 KB", saying("HTTP/1.1 429 No\r\nRetry-After: " + strings.Repeat("9", 60_000) + "\r\n\r\n"), 429, "Too Many Requests"},
		},
		webhook.Never: {
			{"another protocol", saying("HTTP/1.1 101 Switching Protocols\r\n\r\n"), 101, "Switching Protocols"},
			{"a way in a circle", saying("HTTP/1.1 302 Found\r\nLocation: /\r\n\r\n"), 302, "Found"},
			{"a status nobody knows", saying("HTTP/1.1 999 Odd\r\n\r\nodd"), 999, "odd"},
			{"a final no of 1 GB", on("HTTP/1.1 400 No\r\n\r\n", "x"), 400, "Bad Request: xxx"},
		},
		webhook.Gone:    {{"gone with 1 GB", on("HTTP/1.1 410 Gone\r\n\r\n", "x"), 410, "Gone: xxx"}},
		webhook.Smaller: {{"too large, unread", saying("HTTP/1.1 413 No\r\n\r\n"), 413, "Request Entity Too Large"}},
	}
}

func TestARudeAnswerIsJudgedAsWhatItIs(t *testing.T) {
	for want, receivers := range verdicts() {
		for _, c := range receivers {
			t.Run(c.story, func(t *testing.T) {
				var before, after runtime.MemStats
				runtime.ReadMemStats(&before)
				a := inside(t).Post(t.Context(), to(raw(t, c.do)), batch([]byte("x")))
				runtime.ReadMemStats(&after)
				if a.Code != c.code || (a.Err == nil) != (c.code > 0) || !strings.Contains(a.Message, c.want) || len(a.Message) > maxMessage {
					t.Errorf("%+v", a)
				}
				if got := webhook.Judge(a, webhook.Try{Now: time.Now(), Patience: time.Hour}, 0).Outcome; got != want {
					t.Errorf("judged %s, want %s: %+v", got, want, a)
				}
				if used := after.TotalAlloc - before.TotalAlloc; used > 16<<20 { // the receiver's own is in it, and a chunk costs more than its byte
					t.Errorf("used %d bytes", used)
				}
			})
		}
	}
}

func TestABombAsAnAnswerIsNotDecoded(t *testing.T) {
	var bomb bytes.Buffer
	z := gzip.NewWriter(&bomb)
	for range 100 {
		_, _ = z.Write(make([]byte, 1<<20))
	}
	_ = z.Close()
	endpoint := serve(t, func(w http.ResponseWriter, r *http.Request) {
		if coding := r.Header.Get("Accept-Encoding"); coding != "" {
			t.Errorf("asked for %s", coding)
		}
		w.Header().Set("Content-Encoding", "gzip")
		_, _ = w.Write(bomb.Bytes())
	}).URL
	client := inside(t)
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	a := client.Post(t.Context(), to(endpoint), batch([]byte("x")))
	runtime.ReadMemStats(&after)
	if used := after.TotalAlloc - before.TotalAlloc; a.Code != 200 || a.Message != "OK" || used > 4<<20 {
		t.Errorf("used %d bytes: %+v", used, a)
	}
}

func TestTLSWhereThereIsNoneIsAnAnswerToo(t *testing.T) {
	plain := serve(t, func(http.ResponseWriter, *http.Request) { t.Error("it was taken for a request") })
	a := inside(t).Post(t.Context(), to("https://"+plain.Listener.Addr().String()), batch([]byte("x")))
	if a.Code != 0 || !strings.Contains(a.Message, "HTTP response to HTTPS client") && !strings.Contains(a.Message, "first record does not look like a TLS handshake") {
		t.Errorf("%+v", a)
	}
	tls := httptest.NewUnstartedServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { t.Error("it was taken for a request") }))
	tls.Config.ErrorLog = quiet()
	tls.StartTLS()
	defer tls.Close()
	// It is answered in plain text: a final no, as it would be by any other server that does not understand.
	if a := inside(t).Post(t.Context(), to("http://"+tls.Listener.Addr().String()), batch([]byte("x"))); a.Code != 400 {
		t.Errorf("%+v", a)
	}
}

func TestAYesBeforeTheBodyWasReadIsAYes(t *testing.T) {
	for story, end := range map[string]func(net.Conn){
		"reads on": func(conn net.Conn) { _, _ = io.Copy(io.Discard, conn) },
		"closes":   func(net.Conn) {},
	} {
		t.Run(story, func(t *testing.T) {
			endpoint := raw(t, func(conn net.Conn) {
				_, _ = http.ReadRequest(newReader(conn))
				_, _ = io.WriteString(conn, "HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 0\r\n\r\n")
				end(conn)
			})
			a := inside(t).Post(t.Context(), to(endpoint), batch(make([]byte, 1<<20)))
			if a.Code == 0 && story == "reads on" || a.Code != 200 && a.Err == nil { // a close may overtake the yes: then it is asked again
				t.Errorf("%+v", a)
			}
		})
	}
}

// quiet is where a server's complaints about its clients go.
func quiet() *log.Logger { return log.New(io.Discard, "", 0) }
