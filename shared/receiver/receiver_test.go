package receiver_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"reprise/shared/auditlog"
	"reprise/shared/egress"
	"reprise/shared/receiver"
	"reprise/shared/webhook"
)

func TestWhatIsSentIsCheckedCountedAndKept(t *testing.T) {
	const n, lanes = 1000, 4
	k := key(t, 1)
	jwks := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		_, _ = w.Write(auditlog.JWKS([]auditlog.PublicKey{key(t, 2).Public(), k.Public()}))
	}))
	defer jwks.Close()
	var out bytes.Buffer
	h := receiver.New(receiver.Options{Keys: receiver.JWKS{URL: jwks.URL}.Keys, Out: &out, Authorization: "Bearer x"})
	s := httptest.NewServer(h)
	defer s.Close()
	client := egress.New(egress.Guard{AllowInside: true, AllowHTTP: true}, "1", time.Now)
	defer client.Close()
	hook := webhook.Config{Endpoint: s.URL + "/hook", Authorization: "Bearer x"}

	sent := 0
	var all sync.WaitGroup
	places := make(chan struct{}, lanes)
	for b, err := range batches(t, k, n, 40<<10) {
		if err != nil {
			t.Fatal(err)
		}
		sent++
		d := webhook.Delivery{ID: b.ID, Job: "job", Region: "eu", Attempt: 1, Entries: b.Tally.Entries, Body: bytes.Clone(b.Body), At: noon}
		places <- struct{}{}
		all.Go(func() {
			defer func() { <-places }()
			if a := client.Post(t.Context(), hook, d); a.Code != 200 {
				t.Errorf("%+v", a)
			}
		})
	}
	all.Wait()
	got := h.Summary()
	if got.FirstAt.IsZero() || got.LastAt.Before(got.FirstAt) {
		t.Errorf("from %v to %v", got.FirstAt, got.LastAt)
	}
	got.FirstAt, got.LastAt = time.Time{}, time.Time{}
	if d := cmp.Diff(receiver.Summary{Batches: int64(sent), Entries: n, RightSignatures: n}, got); d != "" {
		t.Error(d)
	}
	kept := make(map[string]int)
	for line := range strings.Lines(out.String()) {
		kept[line]++
	}
	want := make(map[string]int)
	for _, line := range signed(t, k, n) {
		want[line]++
	}
	if d := cmp.Diff(want, kept); d != "" {
		t.Errorf("kept: %.2000s", d)
	}
}

func TestWhatIsNotTheFormOfTheContractIsRefusedWithTheReason(t *testing.T) {
	two := []string{"{\"a\":1}\n", "{\"a\":2}\n"}
	for _, c := range []struct {
		story string
		spoil func(*http.Request)
		want  string
	}{
		{"no id", func(r *http.Request) { r.Header.Del("Webhook-Id") }, "no Webhook-Id"},
		{"another type", func(r *http.Request) { r.Header.Set("Content-Type", "application/json") }, "Content-Type"},
		{"another encoding", func(r *http.Request) { r.Header.Del("Content-Encoding") }, "Content-Encoding"},
		{"another count", func(r *http.Request) { r.Header.Set("Reprise-Entries", "3") }, "2 lines"},
		{"a count in other digits", func(r *http.Request) { r.Header.Set("Reprise-Entries", "02") }, "2 lines"},
		{"no count", func(r *http.Request) { r.Header.Del("Reprise-Entries") }, "2 lines"},
		{"no body", body(nil), "no gzip"},
		{"plain text", body([]byte(two[0])), "no gzip"},
		{"two members", body(append(zip(t, two[0]), zip(t, two[1])...)), "more than one gzip member"},
		{"a newline behind", body(append(zip(t, two[0]+two[1]), '\n')), "more than one gzip member: 1 bytes"},
		{"zeros behind", body(append(zip(t, two[0]+two[1]), 0, 0)), "more than one gzip member: 2 bytes"},
		{"cut off", body(zip(t, two[0]+two[1])[:20]), "damaged"},
		{"another CRC", body(flip(zip(t, two[0]+two[1]), -8)), "damaged"},
		{"another length", body(flip(zip(t, two[0]+two[1]), -4)), "damaged"},
		{"nothing in it", body(zip(t, "")), "no entries"},
		{"an open line", body(zip(t, two[0]+"{}")), "does not end with a newline"},
		{"an empty line", body(zip(t, two[0]+"\n")), "line 2 is empty"},
		{"too long", body(bomb(t, 65)), "longer than"},
	} {
		t.Run(c.story, func(t *testing.T) {
			var out bytes.Buffer
			h := receiver.New(receiver.Options{Out: &out})
			r := request(t, "b-1", two...)
			c.spoil(r)
			if code := answer(h, r); code != 400 {
				t.Errorf("answered %d", code)
			}
			s := h.Summary()
			if s.BadBatches != 1 || len(s.Wrong) != 1 || !strings.Contains(s.Wrong[0].Why, c.want) {
				t.Errorf("%+v, want %q", s, c.want)
			}
			if s.Batches+s.Entries > 0 || out.Len() > 0 {
				t.Errorf("something was taken: %+v, %q", s, out.String())
			}
		})
	}
}

func body(b []byte) func(*http.Request) {
	return func(r *http.Request) { r.Body, r.ContentLength = io.NopCloser(bytes.NewReader(b)), int64(len(b)) }
}

func flip(b []byte, at int) []byte {
	b[len(b)+at] ^= 1
	return b
}

func TestAWrongSignatureIsNamedAndTheBatchTaken(t *testing.T) {
	k := key(t, 1)
	lines := signed(t, k, 3)
	lines[1] = strings.Replace(lines[1], "GET", "PUT", 1)
	h := receiver.New(receiver.Options{Keys: keys(key(t, 2), k), Now: (&clock{noon}).now})
	if code := answer(h, request(t, "b", lines...)); code != 200 {
		t.Fatal(code)
	}
	want := receiver.Summary{
		Batches: 1, Entries: 3, RightSignatures: 2, WrongSignatures: 1, FirstAt: noon, LastAt: noon,
		Wrong: []receiver.Wrong{{strings.TrimSuffix(lines[1], "\n"), "its signature does not verify"}},
	}
	if d := cmp.Diff(want, h.Summary()); d != "" {
		t.Error(d)
	}
}

func TestABatchThatComesAgainIsTakenAndCounted(t *testing.T) {
	lines := signed(t, key(t, 1), 4)
	var out bytes.Buffer
	h := receiver.New(receiver.Options{Out: &out, Now: (&clock{noon}).now})
	answer(h, request(t, "one", lines[:2]...))
	answer(h, request(t, "one", lines[:2]...))
	answer(h, request(t, "two", lines[1:]...))
	want := receiver.Summary{Batches: 3, Repeated: 1, Entries: 7, Duplicates: 3, FirstAt: noon, LastAt: noon}
	if d := cmp.Diff(want, h.Summary()); d != "" {
		t.Error(d)
	}
	if n := strings.Count(out.String(), "\n"); n != 7 {
		t.Errorf("%d lines kept", n)
	}
}

func TestAnEntryThatComesAgainAfterARotationIsADuplicate(t *testing.T) {
	older, newer := key(t, 1), key(t, 2)
	stored := signed(t, older, 3)
	h := receiver.New(receiver.Options{Keys: keys(newer, older)})
	answer(h, request(t, "one", written(t, auditlog.CEF, older, stored)...))
	answer(h, request(t, "one", written(t, auditlog.CEF, newer, stored[:2])...))
	if s := h.Summary(); s.Entries != 5 || s.Duplicates != 2 || s.RightSignatures != 5 {
		t.Errorf("%+v", s)
	}
}

func TestManyWrongSignaturesDoNotHideABadBatch(t *testing.T) {
	h := receiver.New(receiver.Options{Keys: keys(key(t, 1))})
	answer(h, request(t, "b", signed(t, key(t, 2), 100)...))
	bad := request(t, "c", "{}\n")
	bad.Header.Set("Reprise-Entries", "2")
	answer(h, bad)
	s := h.Summary()
	if n := len(s.Wrong); n != 6 || s.Wrong[5].Why != `it has 1 line, Reprise-Entries says "2"` {
		t.Errorf("%+v", s.Wrong)
	}
}

func TestOnlyTheExpectedAuthorizationIsTaken(t *testing.T) {
	h := receiver.New(receiver.Options{Authorization: "Bearer x"})
	for auth, want := range map[string]int{"": 401, "Bearer y": 401, "bearer x": 401, "Bearer x": 200} {
		r := request(t, "b", "{}\n")
		r.Header.Set("Authorization", auth)
		if code := answer(h, r); code != want {
			t.Errorf("%q: %d", auth, code)
		}
	}
	if s := h.Summary(); s.Unauthorized != 3 || s.Batches != 1 {
		t.Errorf("%+v", s)
	}
}

func TestWhatIsNotAcknowledgedIsNotTaken(t *testing.T) {
	first, last, err := receiver.ParseAnswers("503x2,429,204")
	if err != nil {
		t.Fatal(err)
	}
	var out bytes.Buffer
	h := receiver.New(receiver.Options{First: first, Answer: last, Out: &out})
	var got []int
	for range 5 {
		got = append(got, answer(h, request(t, "b", "{}\n")))
	}
	if d := cmp.Diff([]int{503, 503, 429, 204, 204}, got); d != "" {
		t.Error(d)
	}
	if s := h.Summary(); s.Refused != 3 || s.Batches != 2 || s.Repeated != 1 || out.String() != "{}\n{}\n" {
		t.Errorf("%+v, %q", s, out.String())
	}
}

func TestASenderThatDoesNotWaitLeavesNothingBehind(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := receiver.New(receiver.Options{Delay: 10 * time.Second})
		start := time.Now()
		ctx, cancel := context.WithTimeout(t.Context(), 3*time.Second)
		defer cancel()
		if code := answer(h, request(t, "b", "{}\n").WithContext(ctx)); code/100 == 2 || time.Since(start) != 3*time.Second {
			t.Errorf("%d after %v", code, time.Since(start))
		}
		if s := h.Summary(); s.Batches != 0 {
			t.Errorf("%+v", s)
		}
		start = time.Now()
		if code := answer(h, request(t, "b", "{}\n")); code != 200 || time.Since(start) != 10*time.Second {
			t.Errorf("%d after %v", code, time.Since(start))
		}
		if s := h.Summary(); s.Batches != 1 || s.Duplicates != 0 {
			t.Errorf("%+v", s)
		}
	})
}

type fullDisk struct{}

func (fullDisk) Write([]byte) (int, error) { return 0, errors.New("no space left") }

func TestABatchThatCouldNotBeKeptIsNotAcknowledged(t *testing.T) {
	h := receiver.New(receiver.Options{Out: fullDisk{}})
	if code := answer(h, request(t, "b", "{}\n")); code != 503 {
		t.Error(code)
	}
	if s := h.Summary(); s.Batches+s.Entries != 0 || s.Refused != 1 || !strings.Contains(s.Wrong[0].Why, "no space left") {
		t.Errorf("%+v", s)
	}
}

func TestTheCountsCanBeAskedFor(t *testing.T) {
	h := receiver.New(receiver.Options{Now: (&clock{noon}).now})
	answer(h, request(t, "b", "{}\n"))
	w := httptest.NewRecorder()
	h.ServeHTTP(w, httptest.NewRequest("GET", "/", nil))
	var got receiver.Summary
	if err := json.Unmarshal(w.Body.Bytes(), &got); err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff(h.Summary(), got); d != "" || got.Entries != 1 {
		t.Error(d)
	}
	for path, want := range map[string]int{"/healthz": 200, "/x": 405} {
		if code := answer(h, httptest.NewRequest("GET", path, nil)); code != want {
			t.Errorf("%s: %d", path, code)
		}
	}
}
