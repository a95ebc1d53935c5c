package api_test

import (
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"sync"
	"testing"
	"testing/iotest"
	"time"

	"reprise/shared/access"
)

func TestWithoutAGoodTokenNothingIsAnswered(t *testing.T) {
	t.Parallel()
	const expired, revoked = "rpr_expired", "rpr_revoked"
	for name, headers := range map[string][]string{
		"no header":                nil,
		"a blank one":              {""},
		"no scheme":                {admin},
		"no token":                 {"Bearer"},
		"a blank token":            {"Bearer  "},
		"another scheme":           {"Basic " + admin},
		"a scheme run together":    {"Bearer" + admin},
		"two tokens":               {"Bearer " + admin + " " + admin},
		"two headers":              {"Bearer " + admin, "Bearer " + admin},
		"two headers, joined":      {"Bearer " + admin + ",Bearer " + admin},
		"an unknown token":         {"Bearer rpr_nobody"},
		"its hash":                 {fmt.Sprintf("Bearer %x", access.HashOf(admin))},
		"more than the token":      {"Bearer " + admin + "x"},
		"another case":             {"Bearer " + strings.ToUpper(admin)},
		"an endless token":         {"Bearer " + strings.Repeat("a", 4<<10)},
		"an expired token":         {"Bearer " + expired},
		"a revoked token":          {"Bearer " + revoked},
		"a token with a tab in it": {"Bearer rpr_\tadmin"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := newStack(t)
			s.enable(acme)
			s.SaveToken(expired, access.Principal{Org: "acme", Role: access.Admin}, noon)
			s.SaveToken(revoked, access.Principal{Org: "acme", Role: access.Admin}, time.Time{})
			s.revoke(revoked, noon.Add(-time.Minute))
			for _, route := range [][2]string{{"PUT", jobPath}, {"GET", jobPath}, {"GET", hookPath}, {"PATCH", hookPath}, {"POST", logPath}} {
				w := s.ask(route[0], route[1], window("2026-03-08T11:00:00Z", "2026-03-08T11:00:00Z"), func(r *http.Request) {
					r.Header["Authorization"] = headers
					r.Header.Set("Reprise-Region", "mars") // is not even looked at
					r.Body = io.NopCloser(iotest.ErrReader(errors.New("the body was read")))
				})
				answered(t, w, 401, trouble("401", "Unauthorized", "Unauthorized"))
				if got := w.Header().Get("WWW-Authenticate"); got != "Bearer" {
					t.Errorf("WWW-Authenticate is %q", got)
				}
			}
			if len(s.jobs) > 0 || s.all() > 0 {
				t.Error("something was stored")
			}
		})
	}
}

func TestAGoodTokenIsTakenInEveryDress(t *testing.T) {
	t.Parallel()
	for _, header := range []string{"Bearer " + admin, "bearer " + admin, "BEARER   " + admin, " Bearer " + admin + " "} {
		if w := newStack(t).ask("GET", hookPath, "", with("Authorization", header)); w.Code != 200 {
			t.Errorf("%q: %s", header, w.Body)
		}
	}
}

func TestAProducerMayOnlySendEntries(t *testing.T) {
	t.Parallel()
	s := newStack(t)
	s.enable(acme)
	for _, route := range [][2]string{{"PUT", jobPath}, {"GET", jobPath}, {"GET", hookPath}, {"PATCH", hookPath}} {
		w := s.ask(route[0], route[1], window("2026-03-08T11:00:00Z", "2026-03-08T11:00:00Z"), with("Authorization", "Bearer "+producer))
		answered(t, w, 403, trouble("403", "Forbidden", "You do not have permission to perform this action"))
	}
	for _, secret := range []string{producer, admin} {
		w := s.ask("POST", logPath, lines(1), with("Authorization", "Bearer "+secret), with("Content-Type", ndjson))
		answered(t, w, 202, `{"accepted":1}`)
	}
	s.SaveToken("rpr_odd", access.Principal{Org: "acme", Role: "janitor"}, time.Time{})
	answered(t, s.ask("POST", logPath, lines(1), with("Authorization", "Bearer rpr_odd"), with("Content-Type", ndjson)),
		403, trouble("403", "Forbidden", "You do not have permission to perform this action"))
}

func TestATokenIsRememberedForAMinute(t *testing.T) {
	t.Parallel()
	s := newStack(t)
	for _, tt := range []struct {
		after   time.Duration
		lookups int
	}{{0, 1}, {time.Second, 1}, {59 * time.Second, 1}, {time.Minute, 2}, {90 * time.Second, 2}, {2 * time.Minute, 3}, {-time.Hour, 4}} {
		s.at(noon.Add(tt.after))
		if w := s.ask("GET", hookPath, ""); w.Code != 200 || s.lookups != tt.lookups {
			t.Errorf("after %v: %d with %d look-ups, want %d", tt.after, w.Code, s.lookups, tt.lookups)
		}
	}
}

func TestARevokedTokenIsRefusedWithinAMinute(t *testing.T) {
	t.Parallel()
	s := newStack(t)
	code := func(after time.Duration) int {
		s.at(noon.Add(after))
		return s.ask("GET", hookPath, "").Code
	}
	if got := code(0); got != 200 {
		t.Fatal(got)
	}
	s.revoke(admin, noon.Add(time.Second))
	if got := code(time.Minute); got != 401 {
		t.Errorf("a minute later it is answered %d", got)
	}
}

func TestARememberedTokenStillExpires(t *testing.T) {
	t.Parallel()
	s := newStack(t)
	s.SaveToken("rpr_short", access.Principal{Org: "acme", Role: access.Admin}, noon.Add(10*time.Second))
	for _, tt := range []struct {
		after time.Duration
		want  int
	}{{0, 200}, {10*time.Second - 1, 200}, {10 * time.Second, 401}} {
		s.at(noon.Add(tt.after))
		if w := s.ask("GET", hookPath, "", with("Authorization", "Bearer rpr_short")); w.Code != tt.want {
			t.Errorf("after %v: %d", tt.after, w.Code)
		}
	}
	if s.lookups != 1 {
		t.Errorf("%d look-ups", s.lookups)
	}
}

func TestAnUnknownTokenIsNeverRemembered(t *testing.T) {
	t.Parallel()
	s := newStack(t)
	nobody := with("Authorization", "Bearer rpr_new")
	if w := s.ask("GET", hookPath, "", nobody); w.Code != 401 {
		t.Fatal(w.Body)
	}
	s.SaveToken("rpr_new", access.Principal{Org: "acme", Role: access.Admin}, time.Time{})
	if w := s.ask("GET", hookPath, "", nobody); w.Code != 200 {
		t.Error("it was made in between:", w.Body)
	}
}

func TestManyCallersMayComeAtOnce(t *testing.T) {
	t.Parallel()
	s := newStack(t)
	var all sync.WaitGroup
	for n := range 50 {
		all.Go(func() {
			want, secret := 200, admin
			if n%3 == 0 {
				want, secret = 401, fmt.Sprint("nobody", n)
			}
			if w := s.ask("GET", hookPath, "", with("Authorization", "Bearer "+secret)); w.Code != want {
				t.Error(w.Body)
			}
		})
	}
	all.Wait()
}
