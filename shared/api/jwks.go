package api

import (
	"fmt"
	"net/http"

	"reprise/shared/auditlog"
)

// publicCache lets what is everybody's be served nearby for five minutes: a new key is seen that late at most.
const publicCache = "public, max-age=300"

// JWKS answers GET /v2/audit-log-webhook/jwks.json to everybody (CONTRACT.md §3).
func JWKS(door *Door, keys PublicKeys) http.Handler {
	return door.anyone(func(r *http.Request, _ *caller) (reply, error) {
		all, err := keys.PublicKeys(r.Context())
		if err != nil {
			return reply{}, fmt.Errorf("reading the keys: %w", err)
		}
		return reply{
			status: http.StatusOK,
			kind:   "application/json",
			body:   append(auditlog.JWKS(all), '\n'), // like every other answer
			header: map[string]string{"Cache-Control": publicCache},
		}, nil
	})
}
