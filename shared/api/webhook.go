package api

import (
	"errors"
	"fmt"
	"net/http"
	"strings"

	"reprise/shared/access"
	"reprise/shared/auditlog"
	"reprise/shared/replay"
	"reprise/shared/webhook"
)

// unconfigured is the endpoint where there is none: a client of the original checks for this very word (CONTRACT.md §3).
const unconfigured = "unconfigured"

// merges is how often a PATCH is merged again over one that was faster. Each time somebody's was saved.
const merges = 10

const (
	// maxUnknown is how many unknown properties an answer names.
	maxUnknown = 20
	// maxName is how much of such a name it shows, in bytes: there may be anything in it.
	maxName = 100
)

// Webhook answers GET and PATCH /v2/audit-log-webhook, GET of its status, POST of its test (CONTRACT.md §3).
func Webhook(door *Door, hooks Configs, guard Guard, tries Tries) http.Handler {
	under := newTests()
	return door.admit(access.Admin, func(r *http.Request, c *caller) (reply, error) {
		switch r.Method {
		case http.MethodGet:
			hook, err := hooks.Webhook(r.Context(), c.scope())
			if err != nil {
				return reply{}, fmt.Errorf("reading the webhook: %w", err)
			}
			if strings.HasSuffix(r.URL.Path, "/status") {
				return ok(http.StatusOK, showStatus(hook))
			}
			return ok(http.StatusOK, showHook(hook))
		case http.MethodPatch:
			return patchHook(r, c, hooks, guard)
		case http.MethodPost:
			if !under.begin(c.scope()) {
				return reply{}, tooMany(errTested)
			}
			defer under.end(c.scope())
			return tryHook(r, c, hooks, tries)
		default:
			return reply{}, fmt.Errorf("%s was sent to the webhook", r.Method) // the routes are wrong
		}
	})
}

func patchHook(r *http.Request, c *caller, hooks Configs, guard Guard) (reply, error) {
	p, err := readPatch(r)
	if err != nil {
		return reply{}, err
	}
	for range merges {
		old, err := hooks.Webhook(r.Context(), c.scope())
		if err != nil {
			return reply{}, fmt.Errorf("reading the webhook: %w", err)
		}
		hook, err := old.Apply(p, c.now)
		if err != nil {
			return reply{}, err
		}
		if err := checkEndpoint(guard, p); err != nil {
			return reply{}, err
		}
		// A crash here leaves the webhook as it was.
		err = hooks.SaveWebhook(r.Context(), hook)
		if errors.Is(err, replay.ErrConflict) {
			continue
		}
		if err != nil {
			return reply{}, fmt.Errorf("saving the webhook: %w", err)
		}
		return ok(http.StatusOK, showHook(hook))
	}
	return reply{}, soon(http.StatusServiceUnavailable, "Others are changing the webhook at the same time")
}

// checkEndpoint leaves an endpoint alone that is not given: it was checked when it was, and is again when it is dialled.
func checkEndpoint(guard Guard, p webhook.Patch) error {
	if p.Endpoint == nil {
		return nil
	}
	if err := guard.CheckEndpoint(*p.Endpoint); err != nil {
		return badRequest("Invalid endpoint", replay.InputError{{Field: "endpoint", Reason: err.Error()}})
	}
	return nil
}

func readPatch(r *http.Request) (webhook.Patch, error) {
	var p webhook.Patch
	unknown, err := readObject(r, map[string]any{
		"endpoint":              &p.Endpoint,
		"authorization":         &p.Authorization,
		"enabled":               &p.Enabled,
		"log_format":            &p.Format,
		"skip_ssl_verification": &p.SkipVerify,
	})
	if err != nil {
		return p, err
	}
	var bad replay.InputError
	for _, name := range unknown[:min(len(unknown), maxUnknown)] {
		bad = append(bad, replay.Invalid{Field: shorten(name), Rule: replay.RuleUnknownProperty, Reason: "is not a property of a webhook"})
	}
	if bad != nil {
		refused := badRequest(detailOf(bad[0]), bad)
		// A secret in the wrong place of the JSON is a name: the log only counts them.
		refused.logged = fmt.Sprintf("%s: %d", replay.RuleUnknownProperty, len(unknown))
		return p, refused
	}
	return p, nil
}

// shorten is name, or its start with a mark, at most maxName bytes, whole characters.
func shorten(name string) string {
	const mark = "…"
	if len(name) <= maxName {
		return name
	}
	return strings.ToValidUTF8(name[:maxName-len(mark)], "") + mark
}

// hookView is a webhook on the wire. It has no authorization, so that none can slip out.
type hookView struct {
	Endpoint   string          `json:"endpoint"`
	Enabled    bool            `json:"enabled"`
	Format     auditlog.Format `json:"log_format"`
	SkipVerify bool            `json:"skip_ssl_verification"`
	UpdatedAt  string          `json:"updated_at"`
}

// statusView is a webhook's status on the wire. There is no code where nobody answered.
type statusView struct {
	Enabled bool           `json:"webhook_enabled"`
	Status  webhook.Status `json:"webhook_status"`
	At      string         `json:"last_attempt_at,omitempty"`
	Code    int            `json:"last_response_code,omitempty"`
	Message string         `json:"last_response_message,omitempty"`
}

func showStatus(c webhook.Config) statusView {
	return statusView{c.Enabled, c.Status(), stampIf(c.Last.At), c.Last.Code, c.Last.Message}
}

func showHook(c webhook.Config) hookView {
	v := hookView{c.Endpoint, c.Enabled, c.Written(), c.SkipVerify, stamp(c.UpdatedAt)}
	if v.Endpoint == "" {
		v.Endpoint = unconfigured
	}
	return v
}
