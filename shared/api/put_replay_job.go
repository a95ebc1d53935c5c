package api

import (
	"context"
	"errors"
	"fmt"
	"net/http"

	"reprise/shared/access"
	"reprise/shared/replay"
)

// PutReplayJob answers PUT /v2/audit-log-replay-job (CONTRACT.md §2); newID makes job ids (ULIDs).
// Properties that the contract does not know are passed over: clients of the original may send more.
func PutReplayJob(door *Door, jobs Acceptor, hooks Webhooks, newID func() string) http.Handler {
	return door.admitWide(access.Admin, func(r *http.Request, c *caller) (reply, error) {
		window, err := readWindow(r, c)
		if err != nil {
			return reply{}, err
		}
		targets, err := enabled(r.Context(), hooks, c.scopes())
		if err != nil {
			return reply{}, err
		}
		if len(targets) == 0 {
			return reply{}, badRequest("Webhook not enabled", replay.InputError{
				{Field: "webhook", Rule: replay.RuleRequired, Reason: "must be configured and enabled"},
			})
		}
		all := make([]replay.Job, len(targets))
		for i, at := range targets {
			all[i] = replay.NewJob(replay.Fence{Scope: at, JobID: newID()}, c.Label, window, c.now)
		}
		err = jobs.Accept(r.Context(), all...)
		if errors.Is(err, replay.ErrConflict) {
			p := refuse(http.StatusConflict, "A replay job is currently running")
			p.cause = err
			return reply{}, p
		}
		if err != nil {
			return reply{}, fmt.Errorf("accepting the job: %w", err)
		}
		views := make([]jobView, len(all))
		for i, job := range all {
			views[i] = viewOf(job)
		}
		return ok(http.StatusAccepted, answerOf(c, all, views))
	})
}

// enabled is those of the scopes whose webhook is.
func enabled(ctx context.Context, hooks Webhooks, scopes []replay.Scope) (all []replay.Scope, err error) {
	for _, at := range scopes {
		hook, err := hooks.Webhook(ctx, at)
		if err != nil {
			return nil, fmt.Errorf("reading the webhook of region %s: %w", at.Region, err)
		}
		if hook.Enabled {
			all = append(all, at)
		}
	}
	return all, nil
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
