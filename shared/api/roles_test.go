package api_test

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"reprise/shared/access"
	"reprise/shared/api"
)

// mayAsk is who may ask for each route (CONTRACT.md §1): a new route needs a row.
func mayAsk() map[string]string {
	return map[string]string{
		"PUT /v2/audit-log-replay-job":          "admin",
		"PUT /v3/audit-log-replay-job":          "admin",
		"GET /v2/audit-log-replay-job":          "admin",
		"GET /v3/audit-log-replay-job":          "admin",
		"GET /v2/audit-log-replay-job/estimate": "admin",
		"GET /v3/audit-log-replay-job/estimate": "admin",
		"DELETE /v2/audit-log-replay-job":       "admin",
		"DELETE /v3/audit-log-replay-job":       "admin",
		"GET /v2/audit-log-webhook":             "admin",
		"PATCH /v2/audit-log-webhook":           "admin",
		"GET /v2/audit-log-webhook/status":      "admin",
		"GET /v3/audit-log-webhook/status":      "admin",
		"POST /v2/audit-log-webhook/test":       "admin",
		"GET /v2/audit-log-webhook/jwks.json":   "everybody",
		"POST /v2/audit-log-events":             "admin, intake",
		"GET /":                                 "everybody",
		"GET /console/{version}/{file}":         "everybody",
		"GET /openapi.yaml":                     "everybody",
	}
}

func TestEachRouteLetsInWhomTheContractNames(t *testing.T) {
	t.Parallel()
	rows := mayAsk()
	routes := slices.Concat(slices.Collect(func(yield func([]string) bool) {
		for _, of := range api.Routes() {
			if !yield(of) {
				return
			}
		}
	})...)
	for _, route := range routes {
		may, ok := rows[route]
		if !ok {
			t.Errorf("%s: nobody said who may ask for it", route)
		}
		delete(rows, route)
		t.Run(route, func(t *testing.T) {
			t.Parallel()
			for _, who := range []string{"nobody", "unknown", "expired", "revoked", "janitor", "intake", "admin"} {
				want := 0
				switch {
				case may == "everybody" || slices.Contains(strings.Split(may, ", "), who):
				case slices.Contains([]string{"janitor", "intake", "admin"}, who):
					want = 403
				default:
					want = 401
				}
				asksAs(t, route, who, want)
			}
		})
	}
	if len(rows) > 0 {
		t.Errorf("of no route: %v", rows)
	}
}

// asksAs sends a request of the route; want is 401, 403 or, where it may ask, 0.
func asksAs(t *testing.T, route, who string, want int) {
	t.Helper()
	s := newStack(t)
	s.enable(acme)
	s.SaveToken("rpr_expired", access.Principal{Org: "acme", Role: access.Admin}, noon)
	s.SaveToken("rpr_revoked", access.Principal{Org: "acme", Role: access.Admin}, time.Time{})
	s.revoke("rpr_revoked", noon)
	s.SaveToken("rpr_janitor", access.Principal{Org: "acme", Role: "janitor"}, time.Time{})
	header := map[string]string{"nobody": "", "intake": "Bearer " + producer, "admin": "Bearer " + admin}
	bearer, ok := header[who]
	if !ok {
		bearer = "Bearer rpr_" + who
	}
	method, path, _ := strings.Cut(route, " ")
	body := map[string]string{
		"PUT": window("2026-03-08T11:00:00Z", "2026-03-08T11:00:00Z"), "PATCH": `{"enabled":false}`, "POST": lines(1),
	}[method]
	w := s.ask(method, s.there(path), body, with("Authorization", bearer), with("Content-Type", ndjson))
	switch want {
	case 401:
		answered(t, w, 401, trouble("401", "Unauthorized", "Unauthorized"))
	case 403:
		answered(t, w, 403, trouble("403", "Forbidden", "You do not have permission to perform this action"))
	default:
		if w.Code == 401 || w.Code == 403 {
			t.Errorf("%s is answered %d", who, w.Code)
		}
		return
	}
	if len(s.jobs) > 0 || s.all() > 0 || !s.hooks[acme].Enabled {
		t.Errorf("%s changed something", who)
	}
}

// A request's secrets are in no line of the log, however badly it goes, and tokens put where none belong are not either.
func TestNoSecretOfARequestIsLogged(t *testing.T) {
	const token, password = "rpr_abcdefghijklmnopqrstuvwxyz-0123456789_ABCDEF", "hunter2"
	for name, before := range map[string]func(*stack){
		"well":       func(*stack) {},
		"an error":   func(s *stack) { s.fail = errors.New("reading /v2/" + token) },
		"a panic":    func(s *stack) { s.before = func(context.Context) { panic("at " + token) } },
		"no webhook": func(s *stack) { delete(s.hooks, acme) },
	} {
		t.Run(name, func(t *testing.T) {
			s := newStack(t)
			s.SaveToken(token, access.Principal{Org: "acme", Role: access.Admin}, time.Time{})
			s.enable(acme)
			before(s)
			var log bytes.Buffer
			old := slog.Default()
			slog.SetDefault(slog.New(slog.NewTextHandler(&log, &slog.HandlerOptions{Level: slog.LevelDebug})))
			defer slog.SetDefault(old)
			n := 0
			for _, r := range [][3]string{
				{"GET", jobPath + "?token=" + token, ""},
				{"GET", "/v2/" + token, ""},
				{"GET", hookPath + "/" + token, ""},
				{token, jobPath, ""},
				{"PATCH", hookPath, `{"authorization":"` + password + `"}`},
				{"PATCH", hookPath, `{"authorization":"` + password + `\u0000"}`},
				{"PATCH", hookPath, `{"` + password + `":1}`},
				{"PATCH", hookPath, `{"authorization":["` + password + `"]}`},
				{"POST", logPath, `{"` + password + `":1,"` + password + `":2}`},
				{"POST", logPath, `{"` + token + `":1,"` + token + `":2}`},
				{"PUT", jobPath, `{"start_at":"` + token + `"}`},
			} {
				s.ask(r[0], r[1], r[2], with("Authorization", "Bearer "+token), with("Content-Type", ndjson), func(q *http.Request) { q.Header.Set("X-Token", token) })
				n++
			}
			if lines := strings.Count(log.String(), "msg=request"); lines != n {
				t.Errorf("%d lines of %d requests", lines, n)
			}
			for _, secret := range []string{token, strings.TrimPrefix(token, "rpr_"), password} {
				if at := strings.Index(log.String(), secret); at >= 0 {
					t.Errorf("the log says %s", log.String()[max(0, at-200):at])
				}
			}
		})
	}
}

// The log tells that entries were refused, and where, not in their producer's words.
func TestBadEntriesAreOnlyCountedInTheLog(t *testing.T) {
	s := newStack(t)
	lines := logged(t, func() {
		s.ask("POST", logPath, lines(1)+`{"name":"x"}`+"\n"+`{"hunter2":1,"hunter2":2}`, with("Content-Type", ndjson))
	})
	if len(lines) != 1 {
		t.Fatal(lines)
	}
	if diff := cmp.Diff("Invalid entry; rules broken: 3, first by line 2", lines[0]["err"]); diff != "" {
		t.Error(diff)
	}
}
