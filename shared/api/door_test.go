package api_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"reprise/shared/access"
	"reprise/shared/api"
	"reprise/shared/replay"
)

func clockAtNoon() time.Time { return noon }

// logged is what f logs, a line each.
func logged(t *testing.T, f func()) []map[string]any {
	t.Helper()
	var b bytes.Buffer
	old := slog.Default()
	slog.SetDefault(slog.New(slog.NewJSONHandler(&b, nil)))
	defer slog.SetDefault(old)
	f()
	var lines []map[string]any
	for d := json.NewDecoder(&b); d.More(); {
		var line map[string]any
		if err := d.Decode(&line); err != nil {
			t.Fatal(err)
		}
		delete(line, "time")
		lines = append(lines, line)
	}
	return lines
}

func TestARequestIsOneLineOfTheLog(t *testing.T) {
	s := newStack(t)
	tick := noon
	door := api.NewDoor(s.shelf, replay.Regions{Known: []string{"us"}, Default: "us"}, func() time.Time {
		tick = tick.Add(time.Millisecond)
		return tick
	}, func() string { return "TRACE" })
	h := api.GetReplayJob(door, s.shelf, s.shelf, s.shelf, lanes)
	var sizes []int
	got := logged(t, func() {
		for _, secret := range []string{admin, producer, "rpr_stolen"} {
			r := httptest.NewRequest("GET", jobPath+"?token=x", nil)
			r.Header.Set("Authorization", "Bearer "+secret)
			w := httptest.NewRecorder()
			h.ServeHTTP(w, r)
			sizes = append(sizes, w.Body.Len())
		}
	})
	line := func(n, status int, org, region, err string) map[string]any {
		m := map[string]any{
			"level": "INFO", "msg": "request", "method": "GET", "path": jobPath, "status": float64(status), "trace": "TRACE",
			"org": org, "region": region, "took": float64(time.Millisecond), "bytes": float64(sizes[n]),
		}
		if err != "" {
			m["err"] = err
		}
		return m
	}
	want := []map[string]any{
		line(0, 200, "acme", "us", ""),
		line(1, 403, "acme", "", "You do not have permission to perform this action"),
		line(2, 401, "", "", "Unauthorized: the token is unknown"),
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

func TestWhatIsOursIsLoggedAndNotTold(t *testing.T) {
	const oops = "the disk said hunter2"
	ours := trouble("500", "Internal Server Error", "Internal Server Error")
	late := trouble("503", "Service Unavailable", "The request took too long")
	for _, tt := range []struct {
		name   string
		before func(*stack)
		code   int
		want   string
		level  string
		log    string
	}{
		{"an error of the store", func(s *stack) { s.fail = errors.New(oops) }, 500, ours, "ERROR", oops},
		{"not found where nothing is looked for", func(s *stack) { s.fail = replay.ErrNotFound }, 500, ours, "ERROR", "not found"},
		{"a panic", func(s *stack) { s.before = func(context.Context) { panic(oops) } }, 500, ours, "ERROR", "panic: " + oops},
		{"a panic with nil", func(s *stack) { s.before = func(context.Context) { panic(nil) } }, 500, ours, "ERROR", "panic"},
		{"a deadline", func(s *stack) { s.fail = fmt.Errorf("reading: %w", context.DeadlineExceeded) }, 503, late, "ERROR", "deadline"},
		{"a client that hung up", func(s *stack) { s.fail = fmt.Errorf("reading: %w", context.Canceled) }, 503, late, "INFO", "canceled"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			s := newStack(t)
			s.enable(acme)
			tt.before(s)
			for _, route := range []struct{ method, path, body, kind string }{
				{"PUT", jobPath, window("2026-03-08T11:00:00Z", "2026-03-08T11:00:00Z"), ""},
				{"GET", hookPath, "", ""},
				{"PATCH", hookPath, "{}", ""},
				{"GET", jwksPath, "", ""},
				{"POST", logPath, lines(1), ndjson},
			} {
				lines := logged(t, func() {
					answered(t, s.ask(route.method, route.path, route.body, with("Content-Type", route.kind)), tt.code, tt.want)
				})
				if len(lines) != 1 || lines[0]["level"] != tt.level || !strings.Contains(fmt.Sprint(lines[0]["err"]), tt.log) {
					t.Errorf("%s %s logs %v", route.method, route.path, lines)
				}
				if stack, ok := lines[0]["stack"].(string); ok != strings.Contains(tt.name, "panic") || ok && !strings.Contains(stack, "shelf_test.go") {
					t.Errorf("the stack is %v", lines[0]["stack"])
				}
			}
		})
	}
}

// shut is a store of tokens that cannot answer.
type shut struct{}

func (shut) Token(context.Context, access.Hash) (access.Token, error) {
	return access.Token{}, errors.New("the disk is gone")
}

func TestAStoreOfTokensThatFailsIsNotTheCallersFault(t *testing.T) {
	t.Parallel()
	s := newShelf(t)
	door := api.NewDoor(shut{}, replay.Regions{Known: []string{"us"}, Default: "us"}, clockAtNoon, func() string { return "TRACE" })
	r := httptest.NewRequest("GET", jobPath, nil)
	r.Header.Set("Authorization", "Bearer "+admin)
	w := httptest.NewRecorder()
	api.GetReplayJob(door, s, s, s, lanes).ServeHTTP(w, r)
	answered(t, w, 500, trouble("500", "Internal Server Error", "Internal Server Error"))
}

func TestAnAnswerIsNeverConfusedByWhatTheClientAccepts(t *testing.T) {
	t.Parallel()
	for _, accept := range []string{"", "text/html", "application/xml;q=0.9", "*/*;q=0", "nonsense"} {
		if w := newStack(t).ask("GET", jobPath, "", with("Accept", accept)); w.Code != http.StatusOK {
			t.Errorf("%q: %s", accept, w.Body)
		}
	}
}
