package auditlog

import (
	"bytes"
	"strconv"
	"time"

	"reprise/shared/replay"
)

// maxAhead is how far a producer's clock may run before ours (CONTRACT.md §6).
const maxAhead = 5 * time.Minute

// dated brings event_ts to UTC, makes what is missing of event_ts and rt from the other, and gives the entry's instant.
// At least one of them must be there; both are of their type.
func (d draft) dated(now time.Time) (draft, time.Time, error) {
	rt, hasRT := d.given("rt")
	ts, hasTS := d.given("event_ts")
	var exact, at time.Time
	if hasTS {
		literal, _ := unquote(ts.value)
		t, ok := replay.ParseTime(string(literal))
		if !ok {
			return nil, at, replay.InputError{invalid("event_ts", replay.RuleDateTime, "must be an RFC 3339 date-time")}
		}
		exact, ts.value = t, utc(literal, t)
		at = t.Truncate(time.Millisecond)
	}
	from := "event_ts"
	if hasRT {
		from = "rt"
		at, _ = instant(rt.value)
	}
	// Both sides in whole milliseconds: an entry is not older than seven days for the microseconds of our own clock.
	now = now.Truncate(time.Millisecond)
	switch {
	case at.Before(now.Add(-replay.Retention)):
		if seconds := time.Unix(at.UnixMilli(), 0); hasRT && !seconds.Before(now.Add(-replay.Retention)) && !seconds.After(now.Add(maxAhead)) {
			return nil, at, wrong(from, "must be in milliseconds since 1970: this is in seconds")
		}
		return nil, at, wrong(from, "must be within the last seven days")
	case at.After(now.Add(maxAhead)):
		return nil, at, wrong(from, "must not be more than five minutes in the future")
	}
	if hasRT && hasTS {
		if apart := exact.Sub(at).Abs(); apart >= time.Second {
			return nil, at, wrong("event_ts", "must agree with rt to the second")
		}
	}
	if !hasRT {
		d = d.put("rt", strconv.AppendInt(nil, at.UnixMilli(), 10))
	}
	if !hasTS {
		d = d.put("event_ts", stamp(at))
	}
	return d, at, nil
}

// utc is the string of a date-time that says the same as literal in UTC, with the same digits of its fraction: an offset
// is of whole minutes and changes none.
func utc(literal []byte, t time.Time) []byte {
	const date = "2006-01-02T15:04:05"
	var fraction []byte
	if rest := literal[len(date):]; rest[0] == '.' {
		fraction = rest[:bytes.IndexAny(rest, "Zz+-")]
	}
	return dateTime(t, fraction)
}

// stamp is the string of a date-time made from whole milliseconds: with three digits of fraction, or none if they are zero.
func stamp(at time.Time) []byte {
	ms := at.Nanosecond() / int(time.Millisecond)
	if ms == 0 {
		return dateTime(at, nil)
	}
	return dateTime(at, []byte{'.', '0' + byte(ms/100), '0' + byte(ms/10%10), '0' + byte(ms%10)})
}

// dateTime is the string of a date-time in UTC; fraction begins with its dot. RFC3339 is the one layout that package time
// writes without reading it first.
func dateTime(t time.Time, fraction []byte) []byte {
	value := append(make([]byte, 0, len(`""`)+len(time.RFC3339)+len(fraction)), '"')
	value = t.AppendFormat(value, time.RFC3339)
	value = append(value[:len(value)-len("Z")], fraction...)
	return append(value, `Z"`...)
}

// instant reads rt: whole milliseconds since the epoch.
func instant(literal []byte) (at time.Time, ok bool) {
	const most = 15 // digits: beyond every date with a year of four
	if len(literal) == 0 || len(literal) > most || len(literal) > 1 && literal[0] == '0' {
		return time.Time{}, false
	}
	var ms int64
	for _, c := range literal {
		if c < '0' || c > '9' {
			return time.Time{}, false
		}
		ms = ms*10 + int64(c-'0')
	}
	return time.UnixMilli(ms).UTC(), true
}
