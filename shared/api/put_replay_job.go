package api

import (
	"errors"
	"fmt"
	"net/http"

	"reprise/shared/access"
	"reprise/shared/replay"
)

// PutReplayJob answers PUT /v2/audit-log-replay-job (CONTRACT.md §2); newID makes job ids (ULIDs).
// Properties that the contract does not know are passed over: clients of the original may send more.
func PutReplayJob(door *Door, jobs Acceptor, hooks Webhooks, newID func() string) http.Handler {
	return door.admit(access.Admin, func(r *http.Request, c *caller) (reply, error) {
		window, err := readWindow(r, c)
		if err != nil {
			return reply{}, err
		}
		hook, err := hooks.Webhook(r.Context(), c.scope())
		if err != nil {
			return reply{}, fmt.Errorf("reading the webhook: %w", err)
		}
		if !hook.Enabled {
			return reply{}, badRequest("Webhook not enabled", replay.InputError{
				{Field: "webhook", Rule: replay.RuleRequired, Reason: "must be configured and enabled"},
			})
		}
		job := replay.NewJob(replay.Fence{Scope: c.scope(), JobID: newID()}, c.Label, window, c.now)
		err = jobs.Accept(r.Context(), job)
		if errors.Is(err, replay.ErrConflict) {
			p := refuse(http.StatusConflict, "A replay job is currently running")
			p.cause = err
			return reply{}, p
		}
		if err != nil {
			return reply{}, fmt.Errorf("accepting the job: %w", err)
		}
		return ok(http.StatusAccepted, viewOf(job))
	})
}

func readWindow(r *http.Request, c *caller) (replay.Window, error) {
	var start, end *string
	if _, err := readObject(r, map[string]any{"start_at": &start, "end_at": &end}); err != nil {
		return replay.Window{}, err
	}
	return replay.ParseWindow(orBlank(start), orBlank(end), c.now)
}

func orBlank(s *string) string {
	if s == nil {
		return ""
	}
	return *s
}
