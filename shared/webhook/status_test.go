package webhook_test

import (
	"errors"
	"testing"
	"time"

	"reprise/shared/auditlog"
	"reprise/shared/webhook"
)

// standing is what a life comes to.
type standing struct {
	name  string
	life  life
	want  webhook.Status
	tried bool // whether the status still shows an attempt
}

func standings() []standing {
	var (
		configured = patch(webhook.Patch{Endpoint: new("https://logs.example/in"), Authorization: new("Bearer a")})
		on         = patch(webhook.Patch{Enabled: new(true)})
		off        = patch(webhook.Patch{Enabled: new(false)})
		ok         = answer(204)
		failed     = answer(503)
		silent     = answer(0)
		refused    = answer(401)
		gone       = func(c webhook.Config) webhook.Config {
			c = answer(410)(c)
			c.Version, c.Enabled, c.Gone = c.Version+1, false, true
			return c
		}
		moved  = patch(webhook.Patch{Endpoint: new("https://other.example/in")})
		known  = patch(webhook.Patch{Authorization: new("Bearer b")})
		format = patch(webhook.Patch{Format: new(string(auditlog.JSON))})
		same   = patch(webhook.Patch{Endpoint: new("https://logs.example/in"), Authorization: new("Bearer a")})
		trust  = patch(webhook.Patch{SkipVerify: new(true)})
	)
	return []standing{
		{"never configured", life{}, webhook.Unconfigured, false},
		{"patched without an endpoint", life{format, known}, webhook.Unconfigured, false},
		{"configured, never enabled", life{configured}, webhook.Inactive, false},
		{"configured, never enabled, tested well", life{configured, ok}, webhook.Inactive, true},
		{"enabled, never tried", life{configured, on}, webhook.Active, false},
		{"the last attempt succeeded", life{configured, on, failed, ok}, webhook.Active, true},
		{"the last attempt failed", life{configured, on, ok, failed}, webhook.Inactive, true},
		{"nobody answered the last attempt", life{configured, on, ok, silent}, webhook.Inactive, true},
		{"the last attempt was refused", life{configured, on, refused}, webhook.Inactive, true},
		{"the next success", life{configured, on, failed, failed, ok}, webhook.Active, true},
		{"failed, then another endpoint", life{configured, on, failed, moved}, webhook.Active, false},
		{"failed, then another authorization", life{configured, on, failed, known}, webhook.Active, false},
		{"failed, then only another format", life{configured, on, failed, format}, webhook.Inactive, true},
		{"failed, then the same endpoint and authorization once more", life{configured, on, failed, same}, webhook.Inactive, true},
		{"failed, then another look at certificates", life{configured, on, failed, trust}, webhook.Inactive, true},
		{"failed, off, on", life{configured, on, failed, off, on}, webhook.Inactive, true},
		{"succeeded, then another endpoint", life{configured, on, ok, moved}, webhook.Active, false},
		{"disabled", life{configured, on, off}, webhook.Inactive, false},
		{"disabled after a success", life{configured, on, ok, off}, webhook.Inactive, true},
		{"disabled, then another endpoint", life{configured, on, off, moved}, webhook.Inactive, false},
		{"on again after a success", life{configured, on, ok, off, on}, webhook.Active, true},
		{"turned off by a 410", life{configured, on, gone}, webhook.Inactive, true},
		{"turned off by a 410, then another endpoint", life{configured, on, gone, moved}, webhook.Inactive, false},
		{"turned off by a 410, then on", life{configured, on, gone, on}, webhook.Inactive, true},
		{"turned off by a 410, tested well, then on", life{configured, on, gone, ok, on}, webhook.Active, true},
		{"a 410 to a test alone", life{configured, on, answer(410)}, webhook.Inactive, true},
	}
}

// A status is what a webhook's life so far comes to: patches, and answers of its receiver.
func TestAStatusIsWhatTheWebhooksLifeComesTo(t *testing.T) {
	t.Parallel()
	for _, tt := range standings() {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			got := tt.life.lived(t)
			if got.Status() != tt.want || got.Last.At.IsZero() == tt.tried {
				t.Errorf("%s, last attempt %+v; want %s, an attempt: %t", got.Status(), got.Last, tt.want, tt.tried)
			}
		})
	}
}

func TestAWebhookIsGoneUntilSomebodySaysWhetherItIsToBeOn(t *testing.T) {
	t.Parallel()
	gone := saved()
	gone.Enabled, gone.Gone = false, true
	for name, tt := range map[string]struct {
		patch webhook.Patch
		want  bool
	}{
		"nothing":          {webhook.Patch{}, true},
		"another format":   {webhook.Patch{Format: new("json")}, true},
		"another endpoint": {webhook.Patch{Endpoint: new("https://other.example")}, true},
		"on":               {webhook.Patch{Enabled: new(true)}, false},
		"off":              {webhook.Patch{Enabled: new(false)}, false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if got, err := gone.Apply(tt.patch, now); err != nil || got.Gone != tt.want {
				t.Errorf("%+v, %v", got, err)
			}
		})
	}
}

// life is what happens to a webhook, in order.
type life []func(webhook.Config) webhook.Config

func (l life) lived(t *testing.T) (c webhook.Config) {
	t.Helper()
	for i, happens := range l {
		before := c
		if c = happens(c); c.Version == 0 {
			t.Fatalf("step %d could not happen to %+v", i+1, before)
		}
	}
	return c
}

// patch gives the zero Config where the patch is refused.
func patch(p webhook.Patch) func(webhook.Config) webhook.Config {
	return func(c webhook.Config) webhook.Config {
		next, err := c.Apply(p, now)
		if err != nil {
			return webhook.Config{}
		}
		return next
	}
}

// answer is an attempt that a store recorded; 0 is none that came.
func answer(code int) func(webhook.Config) webhook.Config {
	return func(c webhook.Config) webhook.Config {
		a := webhook.Answer{Code: code}
		if code == 0 {
			a.Err = errSilent
		}
		c.Last = a.Attempt(now.Add(time.Minute))
		return c
	}
}

var errSilent = errors.New("nobody answered")
