package replay

import (
	"strings"
	"time"
)

const (
	// EntriesLife is how long entries, with their hours' counts, are kept: Retention, a job's MaxAge, and a day to spare (DESIGN.md §3).
	EntriesLife = 9 * 24 * time.Hour
	// SlicesLife is how long a job's plan and slices are kept; its tally stays in the job (DESIGN.md §3).
	SlicesLife = 30 * 24 * time.Hour
	// Retention is how far back a window may begin (CONTRACT.md §2); entries outlive it by the day that a job may take.
	Retention = 7 * 24 * time.Hour
	// Tolerance is what either end of a window may lie outside of [now-Retention, now]: a request takes time, a clock may be ahead (CONTRACT.md §2).
	Tolerance = 60 * time.Second
)

// Window is a range of time, both ends included, in whole milliseconds and UTC.
type Window struct{ From, To time.Time }

// Holds reports whether t, floored to milliseconds, lies in the window.
func (w Window) Holds(t time.Time) bool {
	t = t.Truncate(time.Millisecond)
	return !t.Before(w.From) && !t.After(w.To)
}

// Invalid is one thing that is wrong with what a caller gave: which field, which rule, in words (CONTRACT.md §1).
type Invalid struct{ Field, Rule, Reason string }

// The rules that an Invalid may name (CONTRACT.md §1).
const (
	RuleRequired        = "required"
	RuleDateTime        = "is_date_time"
	RuleInvalid         = "invalid"
	RuleUnknownProperty = "unknown_property"
	RuleDuplicate       = "duplicate"
	RuleTooLarge        = "too_large"
)

// InputError is bad input: at least one Invalid. Nothing was done.
type InputError []Invalid

func (e InputError) Error() string {
	var b strings.Builder
	for i, v := range e {
		if i > 0 {
			b.WriteString("; ")
		}
		b.WriteString(v.Field + ": " + v.Reason)
	}
	return b.String()
}

// ParseWindow applies every rule of CONTRACT.md §2 to the two strings of a request, or returns an InputError:
// first for what is missing, then for what is no date-time, then for what is out of range.
func ParseWindow(start, end string, now time.Time) (Window, error) {
	fields := []struct{ name, text string }{{"start_at", start}, {"end_at", end}}
	var bad InputError
	for _, f := range fields {
		if strings.TrimSpace(f.text) == "" {
			bad = append(bad, Invalid{f.name, RuleRequired, "cannot be blank"})
		}
	}
	if bad != nil {
		return Window{}, bad
	}
	var times [2]time.Time
	for i, f := range fields {
		t, ok := ParseTime(f.text)
		if !ok {
			bad = append(bad, Invalid{f.name, RuleDateTime, "must be an RFC 3339 date-time"})
		}
		times[i] = t.Truncate(time.Millisecond)
	}
	if bad != nil {
		return Window{}, bad
	}
	for i, f := range fields {
		switch {
		case times[i].Before(now.Add(-Retention - Tolerance)):
			bad = append(bad, Invalid{f.name, RuleInvalid, "must be within the last seven days"})
		case times[i].After(now.Add(Tolerance)):
			bad = append(bad, Invalid{f.name, RuleInvalid, "must not be in the future"})
		}
	}
	if bad == nil && times[0].After(times[1]) {
		bad = append(bad, Invalid{"start_at", RuleInvalid, "must not be after end_at"})
	}
	if bad != nil {
		return Window{}, bad
	}
	return Window{times[0], times[1]}, nil
}

// ParseTime reads a date-time exactly as RFC 3339 §5.6 writes it: two-digit hours, a dot before fractions,
// any offset, T and Z in either case. Years are 0001 to 9999; a leap second is refused (CONTRACT.md §2).
// The result is in UTC and keeps all digits up to nanoseconds.
func ParseTime(s string) (time.Time, bool) {
	const shape = "0000-00-00T00:00:00"
	if len(s) <= len(shape) {
		return time.Time{}, false
	}
	s = strings.ToUpper(s)
	for i := range shape {
		if c := s[i]; shape[i] == '0' && !digit(c) || shape[i] != '0' && c != shape[i] {
			return time.Time{}, false
		}
	}
	rest := s[len(shape):]
	if rest[0] == '.' { // a comma, which time.Parse would take, never gets here
		n := 1
		for n < len(rest) && digit(rest[n]) {
			n++
		}
		if n == 1 {
			return time.Time{}, false
		}
		rest = rest[n:]
	}
	if !zone(rest) {
		return time.Time{}, false
	}
	t, err := time.Parse(time.RFC3339Nano, s) // days of the month, hours, minutes and seconds in range
	if err != nil || s[:4] == "0000" || t.UTC().Year() < 1 || t.UTC().Year() > 9999 {
		return time.Time{}, false
	}
	return t.UTC(), true
}

func zone(s string) bool {
	return s == "Z" || len(s) == len("+00:00") && (s[0] == '+' || s[0] == '-') && s[3] == ':' &&
		digit(s[1]) && digit(s[2]) && digit(s[4]) && digit(s[5]) && s[1:3] <= "23" && s[4:] <= "59"
}

func digit(c byte) bool { return '0' <= c && c <= '9' }
