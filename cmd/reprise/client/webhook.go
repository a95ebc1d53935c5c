package client

import (
	"context"
	"net/http"
	"time"
)

// Unconfigured is a webhook's endpoint where there is none (CONTRACT.md §3).
const Unconfigured = "unconfigured"

// Webhook is a region's webhook as the API answers it. Its authorization is never answered.
type Webhook struct {
	Endpoint   string    `json:"endpoint"`
	Enabled    bool      `json:"enabled"`
	Format     string    `json:"log_format"`
	SkipVerify bool      `json:"skip_ssl_verification"`
	UpdatedAt  time.Time `json:"updated_at"`
	Raw        []byte    `json:"-"`
}

// Patch changes what of it is not nil.
type Patch struct {
	Endpoint      *string `json:"endpoint,omitempty"`
	Authorization *string `json:"authorization,omitempty"` // a secret
	Enabled       *bool   `json:"enabled,omitempty"`
	Format        *string `json:"log_format,omitempty"`
	SkipVerify    *bool   `json:"skip_ssl_verification,omitempty"`
}

// WebhookStatus is how a region's webhook is, with its last attempt. The code is 0 where nobody answered.
type WebhookStatus struct {
	Enabled bool      `json:"webhook_enabled"`
	Status  string    `json:"webhook_status"` // active, inactive or unconfigured
	At      time.Time `json:"last_attempt_at"`
	Code    int       `json:"last_response_code"`
	Message string    `json:"last_response_message"`
	Raw     []byte    `json:"-"`
}

// Test is what came of a test entry: a code with a message, or a reason why there is none.
type Test struct {
	Code    int    `json:"response_code"` // 0: nobody answered
	Message string `json:"response_message"`
	Reason  string `json:"reason"`
	// Duration is in milliseconds; nil where nothing was sent.
	Duration *int64 `json:"duration_ms"`
	Raw      []byte `json:"-"`
}

// OK reports whether the receiver took the entry.
func (t Test) OK() bool { return t.Code/100 == 2 }

// Webhook asks for the region's webhook.
func (c *Client) Webhook(ctx context.Context) (w Webhook, err error) {
	w.Raw, err = c.read(ctx, request{method: http.MethodGet, path: WebhookPath, twice: true}, nil, &w)
	return w, err
}

// SetWebhook changes the region's webhook, and returns what it is then. It may be sent again: what is set twice is set.
func (c *Client) SetWebhook(ctx context.Context, p Patch) (w Webhook, err error) {
	w.Raw, err = c.read(ctx, request{method: http.MethodPatch, path: WebhookPath, twice: true}, p, &w)
	return w, err
}

// WebhookStatus asks how the region's webhook is.
func (c *Client) WebhookStatus(ctx context.Context) (s WebhookStatus, err error) {
	s.Raw, err = c.read(ctx, request{method: http.MethodGet, path: WebhookPath + "/status", twice: true}, nil, &s)
	return s, err
}

// TestWebhook has one entry sent to the region's webhook. It is not sent again where no answer came: the receiver would be tried twice.
func (c *Client) TestWebhook(ctx context.Context) (t Test, err error) {
	t.Raw, err = c.read(ctx, request{method: http.MethodPost, path: WebhookPath + "/test"}, nil, &t)
	return t, err
}

// Keys asks for the JWKS that signatures are checked with, as it came.
func (c *Client) Keys(ctx context.Context) ([]byte, error) {
	return c.do(ctx, request{method: http.MethodGet, path: KeysPath, twice: true})
}
