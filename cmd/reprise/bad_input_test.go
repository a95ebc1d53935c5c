package main

import (
	"bytes"
	"compress/gzip"
	"encoding/json"
	"fmt"
	"io"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// A bad is a request that hurts, then what must come of it.
type bad struct {
	name  string
	send  io.Reader
	code  int    // 0: the connection is closed without an answer
	want  string // of a problem: its detail, then a field and its rule each, as shown tells; "-" where net/http answers
	takes int    // entries that it stores, each named "taken"
	waits bool   // more could follow; else the sender hangs up
}

// The head of a request, its body's length aside. Token is one that may do it.
func head(method, path, token string, more ...string) string {
	h := method + " " + path + " HTTP/1.1\r\nHost: us.localhost\r\n"
	if token != "" {
		h += "Authorization: Bearer " + token + "\r\n"
	}
	for _, line := range more {
		h += line + "\r\n"
	}
	return h
}

// sized ends a head and puts the body behind it.
func sized(head, body string) io.Reader {
	return strings.NewReader(head + "Content-Length: " + strconv.Itoa(len(body)) + "\r\n\r\n" + body)
}

// chunked ends a head for a body in chunks, which are sent as they are.
func chunked(head, chunks string) io.Reader {
	return strings.NewReader(head + "Transfer-Encoding: chunked\r\n\r\n" + chunks)
}

// forever repeats a text without an end.
type forever struct {
	text string
	at   int
}

func (f *forever) Read(p []byte) (int, error) {
	n := 0
	for n < len(p) {
		c := copy(p[n:], f.text[f.at:])
		n, f.at = n+c, (f.at+c)%len(f.text)
	}
	return n, nil
}

func zipped(texts ...string) string {
	var b bytes.Buffer
	for _, text := range texts { // a member each
		z := gzip.NewWriter(&b)
		_, _ = io.WriteString(z, text)
		_ = z.Close()
	}
	return b.String()
}

// shown is a problem in one line.
func shown(t *testing.T, r reply) string {
	t.Helper()
	var p struct {
		Status                  int
		Title, Instance, Detail string
		Invalid                 []struct{ Field, Rule, Reason string } `json:"invalid_parameters"`
	}
	if err := json.Unmarshal(r.Body, &p); err != nil || r.Kind != "application/problem+json" {
		return fmt.Sprintf("no problem: %s %q", r.Kind, r.Body)
	}
	if p.Status != r.Code || p.Title == "" || !strings.HasPrefix(p.Instance, "reprise:trace:") || (len(p.Invalid) > 0) != (r.Code == 400) {
		t.Errorf("not in the contract's form: %s", r.Body)
	}
	for i, v := range p.Invalid {
		if i == 2 {
			return fmt.Sprintf("%s; ... %d", p.Detail, len(p.Invalid))
		}
		p.Detail += "; " + v.Field + " " + v.Rule
	}
	return p.Detail
}

// badRequests are those that no body has a part in.
func badRequests(v *victim) []bad {
	const mib = 1 << 20
	no := "Unauthorized"
	get := func(more ...string) io.Reader { return strings.NewReader(head("GET", jobPath, "", more...) + "\r\n") }
	authorization := "Authorization: Bearer " + v.admin
	return []bad{
		{"a request line of 1 MB", strings.NewReader("GET /" + strings.Repeat("a", mib) + " HTTP/1.1\r\nHost: x\r\n\r\n"), 431, "-", 0, false},
		{"a request line without an end", &forever{text: "GET /"}, 431, "-", 0, false},
		{"headers of 1 MB", get(strings.Repeat("X-A: b\r\n", mib/8) + "X-B: c"), 431, "-", 0, false},
		{"headers without an end", io.MultiReader(strings.NewReader("GET / HTTP/1.1\r\nHost: x\r\n"), &forever{text: "X-A: b\r\n"}), 431, "-", 0, false},
		{"a token of 1 MB", get("Authorization: Bearer " + strings.Repeat("a", mib)), 431, "-", 0, false},
		{"a token of 10 KB", get("Authorization: Bearer " + strings.Repeat("a", 10<<10)), 401, no, 0, true},
		{"two Authorization headers", get(authorization, "Authorization: Bearer x"), 401, no, 0, true},
		{"two Authorization headers, the right one last", get("Authorization: Bearer x", authorization), 401, no, 0, true},
		{"the same Authorization header twice", get(authorization, authorization), 401, no, 0, true},
		{"two tokens in one header", get(authorization + ", Bearer x"), 401, no, 0, true},
		{"no Host", strings.NewReader("GET / HTTP/1.1\r\n\r\n"), 400, "-", 0, false},
		{"two Hosts", get("Host: eu.localhost"), 400, "-", 0, false},
		{"a NUL in a header", get("X: \x00"), 400, "-", 0, false},
		{"a space before the colon", get("Transfer-Encoding : chunked"), 400, "-", 0, false},
		{"HTTP/0.9", strings.NewReader("GET " + jobPath + "\r\n"), 400, "-", 0, false},
		{"HTTP/2 without asking", strings.NewReader("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"), 404, "Not Found", 0, true},
		{"HTTP/3", strings.NewReader("GET / HTTP/3.0\r\nHost: x\r\n\r\n"), 505, "-", 0, false},
		{"TLS", strings.NewReader("\x16\x03\x01\x00\xc8\x01\x00\x00\xc4\x03\x03" + strings.Repeat("\x00", 200) + "\n"), 400, "-", 0, false},
		{"nothing", strings.NewReader(""), 0, "", 0, false},
		{"half a head", strings.NewReader("GET / HTTP/1.1\r\nHos"), 400, "-", 0, false},
		{"another expectation", get("Expect: the-unexpected"), 417, "-", 0, false},
	}
}

// badLengths are bodies that are not as long as they say, or say so twice.
func badLengths(v *victim) []bad {
	const broken = "Could not parse request body; body "
	one, two, three := entry("taken", "")+"\n", entry("taken", "")+"\n", entry("taken", "")+"\n" // the same body twice is stored once
	post := head("POST", eventsPath, v.intake, "Content-Type: application/x-ndjson")
	chunk := fmt.Sprintf("%x\r\n%s\r\n0\r\n\r\n", len(two), two)
	says := func(length, body string) io.Reader {
		return strings.NewReader(post + "Content-Length: " + length + "\r\n\r\n" + body)
	}
	right := strconv.Itoa(len(one))
	endless := func(head string) io.Reader {
		return io.MultiReader(strings.NewReader(head+"Transfer-Encoding: chunked\r\n\r\n"), &forever{text: "8\r\nxxxxxxxx\r\n"})
	}
	return []bad{
		{"a body cut off", says("1000", one), 400, broken, 0, false},
		{"a body cut off far from its end", says("9223372036854775807", one), 400, broken, 0, false},
		{"a body longer than it says", says(right, one+one), 202, "", 1, true}, // what follows is no request
		{"a body much longer than it says", says("2", "{}"+strings.Repeat(one, 1000)), 400, "Invalid entry; line 1: event_class_id required; line 1: event_ts required; ... 3", 0, false},
		{"two lengths", says(right+"\r\nContent-Length: 1", one), 400, "-", 0, false},
		{"two lengths in one", says(right+", 1", one), 400, "-", 0, false},
		{"chunks, and a length of one of them", strings.NewReader(post + "Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n" + chunk), 202, "", 1, true},
		{"another coding of transfer", strings.NewReader(post + "Transfer-Encoding: xchunked\r\n\r\n" + chunk), 501, "-", 0, false},
		{"two codings of transfer", strings.NewReader(post + "Transfer-Encoding: gzip, chunked\r\n\r\n" + chunk), 501, "-", 0, false},
		{"a chunk of no length", chunked(post, "zz\r\n"+one), 400, broken, 0, false},
		{"a chunk longer than there are numbers", chunked(post, "fffffffffffffffff\r\n"+one), 400, broken, 0, false},
		{"a chunk whose extension has no end", io.MultiReader(chunked(post, "1;"), &forever{text: "x"}), 400, broken, 0, false},
		{"chunks cut off", chunked(post, chunk[:len(chunk)-5]), 400, broken, 0, false},
		{"chunks with a token behind them", chunked(head("POST", eventsPath, "", "Trailer: Authorization"), chunk[:len(chunk)-2]+"Authorization: Bearer "+v.intake+"\r\n\r\n"), 401, "Unauthorized", 0, false},
		{"chunks without an end", endless(post), 413, "The body is longer than 4194304 bytes", 0, false},
		{"a PUT without an end", endless(head("PUT", jobPath, v.admin)), 413, "The body is longer than 65536 bytes", 0, false},
		{"100 MB of zeros", says("100000000", strings.Repeat("\x00", 100_000_000)), 413, "The body is longer than 4194304 bytes", 0, false},
		{"100 MB of zeros from a stranger", strings.NewReader(head("POST", eventsPath, "x") + "Content-Length: 100000000\r\n\r\n" + strings.Repeat("\x00", 100_000_000)), 401, "Unauthorized", 0, false},
		{"waiting for leave to send", sized(post+"Expect: 100-continue\r\n", three), 202, "", 1, true},
		{"waiting for a stranger's leave to send", strings.NewReader(head("POST", eventsPath, "x", "Expect: 100-continue") + "Content-Length: 100\r\n\r\n"), 401, "Unauthorized", 0, true},
		{"a length below zero", says("-1", one), 400, "-", 0, false},
		{"a length with a sign", says("+5", one), 400, "-", 0, false},
		{"a length with an exponent", says("1e1", one), 400, "-", 0, false},
		{"a length in hexadecimal", says("0x10", one), 400, "-", 0, false},
		{"a length above all numbers", says("99999999999999999999", one), 400, "-", 0, false},
		{"a length that is blank", says("", one), 400, "-", 0, false},
	}
}

func TestBadInputIsRefusedAndTheRestIsServed(t *testing.T) {
	t.Parallel()
	v := newVictim(t)
	want := map[string]int{}
	v.forget()
	want["good"] += v.beside(5*time.Second, func() {
		for _, rows := range [][]bad{badRequests(v), badLengths(v), badZips(v), badBodies(v), badEntries(v), oddValues(v), badObjects(v)} {
			for _, b := range rows {
				t.Run(b.name, func(t *testing.T) {
					defer func(before *testing.T) { v.t = before }(v.t)
					v.t = t
					want["taken"] += b.takes
					b.check(t, v.send(b.send, !b.waits))
				})
			}
		}
	})
	// Measured: 41 MiB. The longest body may be there three times, as it was sent, decoded, and cut into entries.
	v.within(100)
	if diff := cmp.Diff(want, v.replayed()); diff != "" {
		t.Errorf("replayed (-want +got):\n%s", diff)
	}
}

func (b bad) check(t *testing.T, got reply) {
	t.Helper()
	if got.Code != b.code {
		t.Fatalf("answered %d %.300q, %v; want %d", got.Code, got.Body, got.Closed, b.code)
	}
	switch {
	case got.Code == 202:
		if want := fmt.Sprintf(`{"accepted":%d}`, b.takes); strings.TrimSpace(string(got.Body)) != want {
			t.Errorf("answered %.300s, want %s", got.Body, want)
		}
	case b.want == "-":
		if len(got.Body) > 100 || !strings.HasPrefix(got.Kind, "text/plain") && got.Kind != "" {
			t.Errorf("answered %s %.300q", got.Kind, got.Body)
		}
	case got.Code != 0:
		if s := shown(t, got); s != b.want {
			t.Errorf("answered %q, want %q", s, b.want)
		}
	}
}
