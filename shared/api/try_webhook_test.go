package api_test

import (
	"bytes"
	"compress/gzip"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"reprise/shared/api"
	"reprise/shared/auditlog"
	"reprise/shared/egress"
	"reprise/shared/replay"
	"reprise/shared/webhook"
)

const (
	testPath   = "/v2/audit-log-webhook/test"
	statusPath = "/v2/audit-log-webhook/status"
)

// postbox is a receiver at the other side of the Poster port.
type postbox struct {
	mu     sync.Mutex
	answer webhook.Answer // the zero Answer: 200
	during func(context.Context)
	used   []webhook.Config
	posts  []webhook.Delivery
}

func (p *postbox) Post(ctx context.Context, hook webhook.Config, d webhook.Delivery) webhook.Answer {
	p.mu.Lock()
	during, answer := p.during, p.answer
	d.Body = bytes.Clone(d.Body) // ours only until this returns
	p.used, p.posts = append(p.used, hook), append(p.posts, d)
	p.mu.Unlock()
	if during != nil {
		during(ctx)
	}
	if answer == (webhook.Answer{}) {
		answer = webhook.Answer{Code: 200, Message: "OK"}
	}
	return answer
}

func someKey(t testing.TB, seed byte) auditlog.Key {
	t.Helper()
	key, err := auditlog.NewKey(bytes.NewReader(bytes.Repeat([]byte{seed}, 64)), noon)
	if err != nil {
		t.Fatal(err)
	}
	return key
}

// ready is a stack with a webhook that is on and a signing key.
func ready(t *testing.T) *stack {
	s := newStack(t)
	s.enable(acme)
	s.signing = someKey(t, 1)
	return s
}

func TestATestSendsOneSignedEntryAsAReplayWould(t *testing.T) {
	t.Parallel()
	s := ready(t)
	s.answer = webhook.Answer{Code: 204, Message: "No Content", Took: 42_999 * time.Microsecond}
	answered(t, s.ask("POST", testPath, ""), 200, `{"response_code":204,"response_message":"No Content","duration_ms":42}`)
	if len(s.posts) != 1 || s.used[0].Endpoint != "https://logs.example/in" || s.used[0].Authorization != "Splunk hunter2" {
		t.Fatalf("%+v", s.used)
	}
	d := s.posts[0]
	id := d.ID
	d.ID, d.Body = "", nil
	if diff := cmp.Diff(webhook.Delivery{Region: "us", Attempt: 1, Entries: 1, At: noon}, d); diff != "" || len(id) < 16 {
		t.Error(id, diff)
	}
}

func TestATestIsWrittenAndSignedInTheWebhooksFormat(t *testing.T) {
	t.Parallel()
	const (
		object = `{"cef_version":0,"event_class_id":"Reprise","event_product":"Reprise","event_ts":"2026-03-08T12:00:00Z","event_vendor":"Reprise",` +
			`"event_version":"1.0","name":"Reprise.Test","org_id":"acme","principal_name":"ada","rt":1772971200000,"severity":0,"trace_id":"TRACE"}`
		cef = `2026-03-08T12:00:00Z reprise CEF:0|Reprise|Reprise|1.0|Reprise|Reprise.Test|0|rt=1772971200000 org_id=acme principal_name=ada trace_id=TRACE`
	)
	for format, tt := range map[auditlog.Format]struct{ begins, signed string }{
		auditlog.JSON: {strings.TrimSuffix(object, "}") + `,"sig":"`, object},
		auditlog.CPS:  {`{"event":` + strings.TrimSuffix(object, "}") + `,"sig":"`, object},
		auditlog.CEF:  {cef + " sig=", cef},
	} {
		t.Run(string(format), func(t *testing.T) {
			t.Parallel()
			s := ready(t)
			hook := s.hooks[acme]
			hook.Format = format
			s.hooks[acme] = hook
			s.ask("POST", testPath, "")
			z, err := gzip.NewReader(bytes.NewReader(s.posts[0].Body))
			if err != nil {
				t.Fatal(err)
			}
			text, err := io.ReadAll(z)
			line, ended := strings.CutSuffix(string(text), "\n")
			if err != nil || !ended || strings.Contains(line, "\n") || !strings.HasPrefix(line, tt.begins) {
				t.Errorf("%v, got %q", err, text)
			}
			if signed, ok := auditlog.Verify([]byte(line), []auditlog.PublicKey{s.signing.Public()}); !ok || string(signed) != tt.signed {
				t.Errorf("signed %t: %s", ok, signed)
			}
		})
	}
}

func TestATestSaysWhatCameOfIt(t *testing.T) {
	t.Parallel()
	const unconfigured = `{"reason":"the webhook is not configured: it needs an endpoint and an authorization"}`
	for name, tt := range map[string]struct {
		change func(*webhook.Config)
		answer webhook.Answer
		want   string
		last   webhook.Attempt // what is stored then
	}{
		"taken":                         {nil, webhook.Answer{Code: 200, Message: "OK", Took: time.Second}, `{"response_code":200,"response_message":"OK","duration_ms":1000}`, webhook.Attempt{At: noon.Add(time.Second), Code: 200, Message: "OK", OK: true}},
		"taken at once, without a word": {nil, webhook.Answer{Code: 299}, `{"response_code":299,"response_message":"","duration_ms":0}`, webhook.Attempt{At: noon, Code: 299, OK: true}},
		"a wrong token":                 {nil, webhook.Answer{Code: 401, Message: "Unauthorized: who are you?"}, `{"response_code":401,"response_message":"Unauthorized: who are you?","duration_ms":0}`, webhook.Attempt{At: noon, Code: 401, Message: "Unauthorized: who are you?"}},
		"redirected":                    {nil, webhook.Answer{Code: 302, Message: "Found"}, `{"response_code":302,"response_message":"Found","duration_ms":0}`, webhook.Attempt{At: noon, Code: 302, Message: "Found"}},
		"gone":                          {nil, webhook.Answer{Code: 410, Message: "Gone"}, `{"response_code":410,"response_message":"Gone","duration_ms":0}`, webhook.Attempt{At: noon, Code: 410, Message: "Gone"}},
		"no answer": {
			nil,
			webhook.Answer{Message: "no answer within 15 s", Err: errors.New("timeout"), Took: 15 * time.Second},
			`{"reason":"no answer within 15 s","duration_ms":15000}`,
			webhook.Attempt{At: noon.Add(15 * time.Second), Message: "no answer within 15 s"},
		},
		"no answer, no words": {nil, webhook.Answer{Err: errors.New("Splunk hunter2")}, `{"reason":"no answer","duration_ms":0}`, webhook.Attempt{At: noon, Message: "no answer"}},
		"an endpoint that our guard refuses": {
			nil,
			webhook.Answer{Message: "endpoint must not point inside", Err: errors.New("inside"), Refused: true},
			`{"reason":"nothing was sent: the endpoint must not point inside"}`,
			webhook.Attempt{At: noon, Message: "endpoint must not point inside"},
		},
		"disabled":                 {func(c *webhook.Config) { c.Enabled = false }, webhook.Answer{Code: 200, Message: "OK"}, `{"response_code":200,"response_message":"OK","duration_ms":0}`, webhook.Attempt{At: noon, Code: 200, Message: "OK", OK: true}},
		"never configured":         {func(c *webhook.Config) { *c = webhook.Config{} }, webhook.Answer{}, unconfigured, webhook.Attempt{}},
		"without an authorization": {func(c *webhook.Config) { c.Enabled, c.Authorization = false, " " }, webhook.Answer{}, unconfigured, webhook.Attempt{}},
		"without an endpoint":      {func(c *webhook.Config) { c.Enabled, c.Endpoint = false, "" }, webhook.Answer{}, unconfigured, webhook.Attempt{}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := ready(t)
			before := s.hooks[acme]
			if tt.change != nil {
				tt.change(&before)
			}
			s.hooks[acme], s.answer = before, tt.answer
			answered(t, s.ask("POST", testPath, ""), 200, tt.want)
			before.Last = tt.last
			if diff := cmp.Diff(before, s.hooks[acme]); diff != "" {
				t.Error("more than the attempt was noted:", diff)
			}
			if sent := len(s.posts); sent != 1 && tt.want != unconfigured || sent != 0 && tt.want == unconfigured {
				t.Errorf("%d posts", sent)
			}
		})
	}
}

func TestTheStatusShowsTheTest(t *testing.T) {
	t.Parallel()
	s := ready(t)
	answered(t, s.ask("GET", statusPath, ""), 200, `{"webhook_enabled":true,"webhook_status":"active"}`)
	s.answer = webhook.Answer{Code: 503, Message: "Service Unavailable: later", Took: 20 * time.Millisecond}
	s.ask("POST", testPath, "")
	const failed = `{"webhook_enabled":true,"webhook_status":"inactive","last_attempt_at":"2026-03-08T12:00:00.020Z","last_response_code":503,"last_response_message":"Service Unavailable: later"}`
	answered(t, s.ask("GET", statusPath, ""), 200, failed)
	answered(t, s.ask("GET", "/v3/audit-log-webhook/status", ""), 200, failed)
	s.answer = webhook.Answer{Message: "no answer in time", Err: errors.New("x"), Took: time.Second}
	s.ask("POST", testPath, "")
	answered(t, s.ask("GET", statusPath, ""), 200,
		`{"webhook_enabled":true,"webhook_status":"inactive","last_attempt_at":"2026-03-08T12:00:01Z","last_response_message":"no answer in time"}`)
	s.at(noon.Add(time.Minute))
	s.answer = webhook.Answer{}
	s.ask("POST", testPath, "")
	answered(t, s.ask("GET", statusPath, ""), 200,
		`{"webhook_enabled":true,"webhook_status":"active","last_attempt_at":"2026-03-08T12:01:00Z","last_response_code":200,"last_response_message":"OK"}`)
	answered(t, s.ask("GET", statusPath, "", with("Reprise-Region", "eu")), 200, `{"webhook_enabled":false,"webhook_status":"unconfigured"}`)
}

func TestTwoTestsHaveTwoWebhookIds(t *testing.T) {
	t.Parallel()
	s := ready(t)
	s.ask("POST", testPath, "")
	s.at(noon.Add(time.Millisecond))
	s.ask("POST", testPath, "")
	if len(s.posts) != 2 || s.posts[0].ID == s.posts[1].ID {
		t.Errorf("%+v", s.posts)
	}
}

func TestATestNeedsNoBodyAndReadsNone(t *testing.T) {
	t.Parallel()
	for name, body := range map[string]string{
		"none":                "",
		"an object":           "{}",
		"no JSON":             "\x00\xff{",
		"more than any other": strings.Repeat("x", 5<<20),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := ready(t)
			left := strings.NewReader(body)
			w := s.ask("POST", testPath, "", func(r *http.Request) { r.Body = io.NopCloser(left) })
			if w.Code != 200 || len(s.posts) != 1 || left.Len() != len(body) {
				t.Errorf("%d %s, %d posts, %d bytes of %d read", w.Code, w.Body, len(s.posts), len(body)-left.Len(), len(body))
			}
		})
	}
}

// A receiver that does not answer holds one request of its organization and region, and nobody else's.
func TestAWebhookIsTestedOnceAtATime(t *testing.T) {
	t.Parallel()
	s := ready(t)
	s.enable(replay.Scope{Org: "acme", Region: "eu"})
	arrived, leave := make(chan struct{}, 2), make(chan struct{})
	s.during = func(context.Context) {
		arrived <- struct{}{}
		<-leave
	}
	first := make(chan *httptest.ResponseRecorder, 2)
	go func() { first <- s.ask("POST", testPath, "") }()
	<-arrived
	w := s.ask("POST", testPath, "")
	answered(t, w, 429, trouble("429", "Too Many Requests", "Too many requests"))
	if got := w.Header().Get("Retry-After"); got != "1" {
		t.Errorf("Retry-After is %q", got)
	}
	go func() { first <- s.ask("POST", testPath, "", with("Reprise-Region", "eu")) }()
	<-arrived
	if w := s.ask("PATCH", hookPath, "{}"); w.Code != 200 {
		t.Errorf("%d %s", w.Code, w.Body)
	}
	close(leave)
	for range 2 {
		if w := <-first; w.Code != 200 {
			t.Errorf("%d %s", w.Code, w.Body)
		}
	}
	if w := s.ask("POST", testPath, ""); w.Code != 200 {
		t.Errorf("after that: %d %s", w.Code, w.Body)
	}
}

func TestWhoeverHangsUpDoesNotBreakOffTheTest(t *testing.T) {
	t.Parallel()
	s := ready(t)
	ctx, hangUp := context.WithCancel(t.Context())
	s.during = func(post context.Context) {
		hangUp()
		if post.Err() != nil {
			t.Error("the POST was broken off")
		}
	}
	s.ask("POST", testPath, "", func(r *http.Request) { *r = *r.WithContext(ctx) })
	if got := s.hooks[acme].Last; got.Code != 200 {
		t.Errorf("noted %+v", got)
	}
}

// A function's end would take the answer with it, and the note.
func TestATestThatCannotEndInTimeIsNotBegun(t *testing.T) {
	t.Parallel()
	for left, want := range map[time.Duration]int{20*time.Second + time.Minute: 200, 19 * time.Second: 503} {
		s := ready(t)
		ctx, cancel := context.WithTimeout(t.Context(), left)
		defer cancel()
		w := s.ask("POST", testPath, "", func(r *http.Request) { *r = *r.WithContext(ctx) })
		if w.Code != want || (len(s.posts) == 1) != (want == 200) || (s.hooks[acme].Last == webhook.Attempt{}) != (want != 200) {
			t.Errorf("with %s left: %d %s, %d posts, noted %+v", left, w.Code, w.Body, len(s.posts), s.hooks[acme].Last)
		}
	}
}

func TestATestOfAWebhookThatIsChangedMeanwhileSaysNothingOfTheNewOne(t *testing.T) {
	t.Parallel()
	s := ready(t)
	s.during = func(context.Context) { s.ask("PATCH", hookPath, `{"endpoint":"https://other.example/in"}`) }
	s.answer = webhook.Answer{Code: 410, Message: "Gone"}
	answered(t, s.ask("POST", testPath, ""), 200, `{"response_code":410,"response_message":"Gone","duration_ms":0}`)
	answered(t, s.ask("GET", statusPath, ""), 200, `{"webhook_enabled":true,"webhook_status":"active"}`)
}

func TestATestThatCannotBeNotedIsAnsweredAllTheSame(t *testing.T) {
	t.Parallel()
	s := ready(t)
	s.during = func(context.Context) { s.fail = errors.New("the disk is full") }
	answered(t, s.ask("POST", testPath, ""), 200, `{"response_code":200,"response_message":"OK","duration_ms":0}`)
}

func TestWithoutASigningKeyNothingIsSent(t *testing.T) {
	t.Parallel()
	s := ready(t)
	s.signing = auditlog.Key{}
	answered(t, s.ask("POST", testPath, ""), 500, trouble("500", "Internal Server Error", "Internal Server Error"))
	if len(s.posts) > 0 {
		t.Errorf("%+v", s.posts)
	}
}

// A receiver that repeats what it was sent, over real connections.
func TestWhatATestToldTheReceiverIsInNoAnswerOrLog(t *testing.T) {
	s := ready(t)
	const secret = "Splunk 5up3r/Secret+Tok3n=="
	for name, repeat := range map[string]func(string) string{
		"as it is":       func(a string) string { return "you sent " + a },
		"in JSON":        func(a string) string { return fmt.Sprintf(`{"headers":{"authorization":%q}}`, a) },
		"for HTML":       func(a string) string { return strings.ReplaceAll(a, "+", "&#43;") },
		"alone":          func(a string) string { return strings.TrimPrefix(a, "Splunk ") },
		"as a URL would": func(a string) string { return strings.ReplaceAll(strings.ReplaceAll(a, "/", "%2F"), "+", "%2B") },
	} {
		t.Run(name, func(t *testing.T) {
			server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				w.WriteHeader(http.StatusTeapot)
				_, _ = io.WriteString(w, repeat(r.Header.Get("Authorization")))
			}))
			defer server.Close()
			client := egress.New(egress.Guard{AllowInside: true, AllowHTTP: true}, "1", time.Now)
			defer client.Close()
			door := api.NewDoor(s.shelf, replay.Regions{Known: []string{"us"}, Default: "us"}, clockAtNoon, func() string { return "TRACE" })
			h := &stack{Handler: api.Route(map[string]http.Handler{"webhook": api.Webhook(door, s.shelf, guard{}, api.Tries{Keys: s.shelf, Poster: client, Host: "reprise"})})}
			hook := s.hooks[acme]
			hook.Endpoint, hook.Authorization, hook.Last = server.URL, secret, webhook.Attempt{}
			s.hooks[acme] = hook
			var answers string
			lines := logged(t, func() {
				answers = h.ask("POST", testPath, "").Body.String() + h.ask("GET", statusPath, "").Body.String()
			})
			if !strings.Contains(answers, `"response_code":418`) || !strings.Contains(answers, `"last_response_code":418`) {
				t.Error(answers)
			}
			for _, leak := range []string{"5up3r", "Tok3n"} {
				if strings.Contains(answers+fmt.Sprint(lines), leak) {
					t.Errorf("%s\n%v", answers, lines)
				}
			}
		})
	}
}
