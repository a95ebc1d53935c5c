package client

import (
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"reprise/shared/localtest"
	"reprise/shared/openapitest"
	"reprise/shared/replay"
)

// All that the client asks is held to openapi.yaml, and so is what the service answers.
func TestTheServiceUnderstandsTheClientAndTheClientTheService(t *testing.T) {
	address, token := localtest.Serve(t, 1)
	file, err := openapitest.Load()
	if err != nil {
		t.Fatal(err)
	}
	c := New(Config{API: "http://" + address, Token: token, Now: time.Now})
	c.http.Transport = file.Transport(c.http.Transport, func(err error) { t.Error(err) })
	ctx, now := t.Context(), time.Now()
	receiver := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) { _, _ = io.Copy(io.Discard, r.Body) }))
	defer receiver.Close()

	none, err := c.Job(ctx, true)
	if err != nil || none.Status != replay.Unconfigured || !none.StartAt.IsZero() || len(none.Raw) == 0 {
		t.Errorf("a job before there was any: %+v, %v", none, err)
	}
	refused := func(name string, err error, status int, want ...Invalid) {
		t.Helper()
		var r *Refusal
		if !errors.As(err, &r) || r.Status != status || r.Instance == "" {
			t.Errorf("%s: %v", name, err)
		} else if diff := cmp.Diff(want, r.Invalid); diff != "" {
			t.Errorf("%s: %s", name, diff)
		}
	}
	_, err = c.Replay(ctx, now.Add(-time.Hour), now)
	refused("a replay without a webhook", err, 400, Invalid{"webhook", "required", "must be configured and enabled"})
	refused("cancelling nothing", c.Cancel(ctx), 404)

	secret, format, on := "Bearer x", "json", true
	set, err := c.SetWebhook(ctx, Patch{Endpoint: &receiver.URL, Authorization: &secret, Format: &format, Enabled: &on})
	got, errGet := c.Webhook(ctx)
	want := Webhook{Endpoint: receiver.URL, Enabled: true, Format: "json", UpdatedAt: set.UpdatedAt, Raw: set.Raw}
	if diff := cmp.Diff([]Webhook{want, want}, []Webhook{set, got}); errors.Join(err, errGet) != nil || diff != "" || set.UpdatedAt.IsZero() {
		t.Errorf("the webhook: %v, %v: %s", err, errGet, diff)
	}
	if test, err := c.TestWebhook(ctx); err != nil || !test.OK() || test.Duration == nil {
		t.Errorf("its test: %+v, %v", test, err)
	}
	if status, err := c.WebhookStatus(ctx); err != nil || status.Status != "active" || status.Code != 200 || status.At.IsZero() {
		t.Errorf("its status: %+v, %v", status, err)
	}

	replays(t, c, now)
	if keys, err := c.Keys(ctx); err != nil || len(keys) == 0 {
		t.Errorf("the keys: %s, %v", keys, err)
	}
}

// replays has an entry sent again, asked for in all regions, followed in one.
func replays(t *testing.T, c *Client, now time.Time) {
	ctx := t.Context()
	entry := fmt.Sprintf(`{"event_class_id":"c","name":"n","rt":%d}`+"\n", now.Add(-time.Minute).UnixMilli())
	if n, err := c.Send(ctx, []byte(entry), false); err != nil || n != 1 {
		t.Errorf("%d entries accepted: %v", n, err)
	}
	if e, err := c.Estimate(ctx, now.Add(-time.Hour), now); err != nil || e.Entries != 1 || e.Requests == 0 || e.Bytes == 0 {
		t.Errorf("the estimate: %+v, %v", e, err)
	}
	put, err := c.In("global").Replay(ctx, now.Add(-time.Hour), now)
	if err != nil || put.Status != replay.Accepted || len(put.Regions) != 1 || put.Regions["us"].ID == "" {
		t.Fatalf("the replay: %+v, %v", put, err)
	}
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	var last Job
	for last, err = c.Job(ctx, true); err == nil && last.Status.Live(); last, err = c.Job(ctx, true) {
		<-tick.C
	}
	if err != nil || last.Status != replay.Completed || last.ID != put.Regions["us"].ID || last.Progress.Entries != 1 || len(last.Progress.Slices) != last.Progress.SlicesTotal {
		t.Errorf("its end: %+v, %v", last, err)
	}
}
