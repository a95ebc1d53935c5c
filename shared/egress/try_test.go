package egress

import (
	"context"
	"crypto/rand"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"reprise/shared/access"
	"reprise/shared/api"
	"reprise/shared/auditlog"
	"reprise/shared/replay"
	"reprise/shared/webhook"
)

// office is one webhook, with the token that may have it tested.
type office struct {
	hook webhook.Config
	key  auditlog.Key
}

func (o *office) Token(context.Context, access.Hash) (access.Token, error) {
	return access.Token{Principal: access.Principal{Org: o.hook.Org, Role: access.Admin, Label: "ada"}}, nil
}

func (o *office) Webhook(context.Context, replay.Scope) (webhook.Config, error) { return o.hook, nil }

func (o *office) SaveWebhook(context.Context, webhook.Config) error { return replay.ErrConflict }

func (o *office) Attempted(_ context.Context, _ webhook.Config, a webhook.Attempt, off bool) error {
	o.hook.Last, o.hook.Enabled = a, o.hook.Enabled && !off
	return nil
}

func (o *office) SigningKey(context.Context) (auditlog.Key, error) { return o.key, nil }

// tested is what a test of the endpoint is answered, by way of c; and what is noted then.
func tested(t *testing.T, c *Client, endpoint string) (answer string, noted webhook.Attempt) {
	t.Helper()
	key, err := auditlog.NewKey(rand.Reader, time.Now())
	if err != nil {
		t.Fatal(err)
	}
	o := &office{hook: to(endpoint), key: key}
	door := api.NewDoor(o, replay.Regions{Known: []string{"eu"}, Default: "eu"}, time.Now, func() string { return "TRACE" })
	h := api.Webhook(door, o, Guard{}, api.Tries{Keys: o, Poster: c, Host: "reprise"})
	r := httptest.NewRequestWithContext(t.Context(), http.MethodPost, "/v2/audit-log-webhook/test", nil)
	r.Header.Set("Authorization", "Bearer x")
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	if w.Code != http.StatusOK {
		t.Errorf("%d %s", w.Code, w.Body)
	}
	return strings.TrimSpace(w.Body.String()), o.hook.Last
}

func TestATestSaysThatItIsOneAndNamesNoJob(t *testing.T) {
	var got http.Header
	s := serve(t, func(_ http.ResponseWriter, r *http.Request) { got = r.Header })
	answer, noted := tested(t, inside(t), s.URL)
	if !strings.HasPrefix(answer, `{"response_code":200,"response_message":"OK","duration_ms":`) || noted.Code != 200 || !noted.OK {
		t.Error(answer, noted)
	}
	if len(got.Get("Webhook-Id")) < 16 {
		t.Errorf("Webhook-Id is %q", got.Get("Webhook-Id"))
	}
	for _, name := range []string{"Webhook-Id", "Webhook-Timestamp", "Content-Length"} {
		got.Del(name)
	}
	want := http.Header{
		"Authorization":    {secret},
		"Content-Type":     {"text/plain; charset=utf-8"},
		"Content-Encoding": {"gzip"},
		"User-Agent":       {"reprise/1.2.3"},
		"Reprise-Delivery": {"test"},
		"Reprise-Region":   {"eu"},
		"Reprise-Attempt":  {"1"},
		"Reprise-Entries":  {"1"},
	}
	if d := cmp.Diff(want, got); d != "" {
		t.Error(d)
	}
}

func TestATestOfAReceiverThatHangsIsAnsweredInTime(t *testing.T) {
	hung := make(chan struct{})
	endpoint := raw(t, func(c net.Conn) { <-hung })
	defer close(hung)
	c := inside(t)
	c.limit = 50 * time.Millisecond
	answer, noted := tested(t, c, endpoint)
	if !strings.HasPrefix(answer, `{"reason":"no answer within 15 s","duration_ms":`) {
		t.Error(answer)
	}
	if noted.OK || noted.Code != 0 || noted.Message != "no answer within 15 s" || noted.At.IsZero() {
		t.Errorf("%+v", noted)
	}
}

func TestATestGoesNowhereThatAReplayWouldNot(t *testing.T) {
	s := serve(t, func(http.ResponseWriter, *http.Request) { t.Error("it was sent") })
	outside := New(Guard{}, "1.2.3", time.Now)
	defer outside.Close()
	for endpoint, want := range map[string]string{
		s.URL:                      `{"reason":"nothing was sent: the endpoint must be an https URL"}`,
		"https://user@example.com": `{"reason":"nothing was sent: the endpoint must not carry a user or a password"}`,
		"https://localhost":        `{"reason":"nothing was sent: the endpoint must not point inside: its address is not one of the public internet"}`,
		"https://127.0.0.1":        `{"reason":"nothing was sent: the endpoint must not point inside: its address is not one of the public internet"}`,
	} {
		if answer, noted := tested(t, outside, endpoint); answer != want || noted.OK || noted.At.IsZero() {
			t.Errorf("%s: %s, noted %+v", endpoint, answer, noted)
		}
	}
}
