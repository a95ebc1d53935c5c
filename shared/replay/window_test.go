package replay_test

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"reprise/shared/replay"
)

var noon = time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC)

func at(s string) time.Time {
	t, err := time.Parse(time.RFC3339Nano, s)
	if err != nil {
		panic(err)
	}
	return t.UTC()
}

func TestAWindowIsTakenInEveryDressOfRFC3339(t *testing.T) {
	rows := []struct{ story, start, end, from, to string }{
		{"plain", "2026-11-23T10:00:00Z", "2026-11-23T11:00:00Z", "2026-11-23T10:00:00Z", "2026-11-23T11:00:00Z"},
		{"equal ends", "2026-11-23T10:00:00Z", "2026-11-23T10:00:00Z", "2026-11-23T10:00:00Z", "2026-11-23T10:00:00Z"},
		{"offsets", "2026-11-23T12:30:00+02:30", "2026-11-22T23:00:00-12:00", "2026-11-23T10:00:00Z", "2026-11-23T11:00:00Z"},
		{"an unknown offset", "2026-11-23T10:00:00-00:00", "2026-11-23T11:00:00Z", "2026-11-23T10:00:00Z", "2026-11-23T11:00:00Z"},
		{"nine digits are floored", "2026-11-23T10:00:00.123999999Z", "2026-11-23T11:00:00.1239Z", "2026-11-23T10:00:00.123Z", "2026-11-23T11:00:00.123Z"},
		{"one digit", "2026-11-23T10:00:00.5Z", "2026-11-23T11:00:00.50Z", "2026-11-23T10:00:00.5Z", "2026-11-23T11:00:00.5Z"},
		{"lower case", "2026-11-23t10:00:00z", "2026-11-23T11:00:00z", "2026-11-23T10:00:00Z", "2026-11-23T11:00:00Z"},
		{"a start seven days and a minute ago", "2026-11-16T11:59:00Z", "2026-11-23T12:00:00Z", "2026-11-16T11:59:00Z", "2026-11-23T12:00:00Z"},
		{"an end a minute ahead", "2026-11-23T12:01:00Z", "2026-11-23T12:01:00Z", "2026-11-23T12:01:00Z", "2026-11-23T12:01:00Z"},
	}
	for _, row := range rows {
		t.Run(row.story, func(t *testing.T) {
			w, err := replay.ParseWindow(row.start, row.end, noon)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(replay.Window{From: at(row.from), To: at(row.to)}, w); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestAWindowThatBreaksARuleNamesTheFieldAndTheRule(t *testing.T) {
	const ok = "2026-11-23T11:00:00Z"
	one := func(field, rule, reason string) replay.InputError {
		return replay.InputError{{Field: field, Rule: rule, Reason: reason}}
	}
	const dateTime = "must be an RFC 3339 date-time"
	rows := []struct {
		story, start, end string
		want              replay.InputError
	}{
		{"both missing", "", " ", replay.InputError{{"start_at", "required", "cannot be blank"}, {"end_at", "required", "cannot be blank"}}},
		{"one missing hides what is wrong with the other", "x", "", one("end_at", "required", "cannot be blank")},
		{"both no times", "yesterday", "1700000000", replay.InputError{{"start_at", "is_date_time", dateTime}, {"end_at", "is_date_time", dateTime}}},
		{"start after end", "2026-11-23T11:00:00.001Z", ok, one("start_at", "invalid", "must not be after end_at")},
		{"more than seven days and a minute ago", "2026-11-16T11:58:59.999Z", ok, one("start_at", "invalid", "must be within the last seven days")},
		{"seven days and two minutes ago", "2026-11-16T11:58:00Z", ok, one("start_at", "invalid", "must be within the last seven days")},
		{"in the future", ok, "2026-11-23T12:01:00.001Z", one("end_at", "invalid", "must not be in the future")},
		{"a billion years", "0001-01-01T00:00:00Z", "9999-12-31T23:59:59Z", replay.InputError{
			{"start_at", "invalid", "must be within the last seven days"}, {"end_at", "invalid", "must not be in the future"},
		}},
	}
	for _, form := range []string{
		"2026-11-23", "2026-11-23T11:00Z", "2026-11-23T11:00:00", "2026-11-23 11:00:00Z", "2026-11-23T1:00:00Z", "2026-11-23T11:0:00Z",
		"2026-11-23T11:00:00,5Z", "2026-11-23T11:00:00.Z", "2026-11-23T11:00:60Z", "2026-06-30T23:59:60Z", "2026-11-23T24:00:00Z", "2026-11-23T11:60:00Z",
		"2026-02-29T11:00:00Z", "2026-11-31T11:00:00Z", "2026-13-01T11:00:00Z", "2026-00-01T11:00:00Z", "0000-11-23T11:00:00Z", "10000-11-23T11:00:00Z",
		"26-11-23T11:00:00Z", "+2026-11-23T11:00:00Z", "-2026-11-23T11:00:00Z", "2026-11-23T11:00:00+0200", "2026-11-23T11:00:00+02", "2026-11-23T11:00:00+24:00",
		"2026-11-23T11:00:00+02:60", "2026-11-23T11:00:00Z ", " 2026-11-23T11:00:00Z", "2026-11-23T11:00:00ZZ", "2026-11-23T11:00:00.1.2Z", "２０２６-11-23T11:00:00Z",
		"2026-11-23T11:00:00UTC", "20261123T110000Z", "0001-01-01T00:00:00+01:00", "9999-12-31T23:59:59-01:00", strings.Repeat("2", 10000),
	} {
		rows = append(rows, struct {
			story, start, end string
			want              replay.InputError
		}{"a wrong form: " + form[:min(40, len(form))], form, ok, one("start_at", "is_date_time", dateTime)})
	}
	for _, row := range rows {
		t.Run(row.story, func(t *testing.T) {
			_, err := replay.ParseWindow(row.start, row.end, noon)
			var bad replay.InputError
			if !errors.As(err, &bad) {
				t.Fatalf("got %v, want an InputError", err)
			}
			if diff := cmp.Diff(row.want, bad); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestAWindowHoldsBothItsEnds(t *testing.T) {
	w := replay.Window{From: noon, To: noon.Add(time.Second)}
	for d, want := range map[time.Duration]bool{
		-time.Millisecond: false, 0: true, time.Second: true, time.Second + 999*time.Microsecond: true, time.Second + time.Millisecond: false,
	} {
		if got := w.Holds(noon.Add(d)); got != want {
			t.Errorf("%v: got %v", d, got)
		}
	}
}

func FuzzParseTime(f *testing.F) {
	for _, s := range []string{"2026-11-23T11:00:00Z", "2026-11-23t11:00:00.123456789+02:30", "0000-01-01T00:00:00Z", "2026-11-23T11:00:00,5Z"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		got, ok := replay.ParseTime(s)
		if !ok {
			return
		}
		if want, err := time.Parse(time.RFC3339Nano, strings.ToUpper(s)); err != nil || !want.Equal(got) {
			t.Errorf("%q: got %v, the standard library says %v, %v", s, got, want, err)
		}
		if again, ok := replay.ParseTime(got.Format(time.RFC3339Nano)); !ok || !again.Equal(got) {
			t.Errorf("%q: %v is not read back", s, got)
		}
	})
}
