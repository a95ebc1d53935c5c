package main

import (
	"bytes"
	"compress/gzip"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"reprise/shared/receiver"
)

// batchOf is a well-formed batch of one line (CONTRACT.md §4).
func batchOf(t *testing.T, line string) *http.Request {
	t.Helper()
	var body bytes.Buffer
	z := gzip.NewWriter(&body)
	if _, err := z.Write([]byte(line)); err != nil {
		t.Fatal(err)
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	r := httptest.NewRequest(http.MethodPost, "/", &body)
	for name, value := range map[string]string{
		"Content-Type": "text/plain; charset=utf-8", "Content-Encoding": "gzip", "Webhook-Id": "b", "Reprise-Entries": "1",
	} {
		r.Header.Set(name, value)
	}
	return r
}

// roundTrip is a network of one function.
type roundTrip func(*http.Request) (*http.Response, error)

func (f roundTrip) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }

func TestWhoeverIsTooSlowBehindAnotherReceiverIsAnsweredForIn12Seconds(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newForwarder("http://behind.test/", "Bearer other")
		f.http.Transport = roundTrip(func(r *http.Request) (*http.Response, error) {
			<-r.Context().Done()
			return nil, r.Context().Err()
		})
		var said []string
		const want = "no answer from the receiver behind, --forward, so that the batch is not acknowledged: it took more than 12s: context deadline exceeded"
		h := receiver.New(receiver.Options{Forward: f.pass, Complain: func(why string, _ int) { said = append(said, why) }})
		w, began := httptest.NewRecorder(), time.Now()
		h.ServeHTTP(w, batchOf(t, "{}\n"))
		if took := time.Since(began); w.Code != http.StatusGatewayTimeout || took != 12*time.Second {
			t.Errorf("answered %d after %s", w.Code, took)
		}
		if s := h.Summary(); s.Refused != 1 || s.Entries != 0 || len(said) != 1 || said[0] != want {
			t.Errorf("%+v, %q", s, said)
		}
	})
}

func TestHeadersOfAConnectionAreNotForwarded(t *testing.T) {
	var got http.Header
	f := newForwarder("http://behind.test/", "")
	f.http.Transport = roundTrip(func(r *http.Request) (*http.Response, error) {
		got = r.Header
		return &http.Response{StatusCode: 200, Body: http.NoBody}, nil
	})
	r := batchOf(t, "{}\n")
	for _, line := range []string{"Authorization: Bearer x", "Connection: close, X-Own", "Connection: X-Other", "X-Own: 1", "X-Other: 2", "X-Kept: 3", "Te: trailers", "Proxy-Authorization: Basic x", "Accept-Encoding: gzip"} {
		name, value, _ := strings.Cut(line, ": ")
		r.Header.Add(name, value)
	}
	receiver.New(receiver.Options{Forward: f.pass}).ServeHTTP(httptest.NewRecorder(), r)
	want := http.Header{
		"Authorization": {"Bearer x"}, "X-Kept": {"3"},
		"Content-Type": {"text/plain; charset=utf-8"}, "Content-Encoding": {"gzip"}, "Reprise-Entries": {"1"}, "Webhook-Id": {"b"},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}
