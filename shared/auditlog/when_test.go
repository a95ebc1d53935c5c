package auditlog

import (
	"encoding/json"
	"fmt"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

func TestOneInstantIsMadeFromTheOther(t *testing.T) {
	stories := []struct {
		name, members string
		ts            string
		rt            int64
	}{
		{"rt alone", `"rt":1750000000123`, "2025-06-15T15:06:40.123Z", 1750000000123},
		{"rt alone, with a zero at the end", `"rt":1750000000120`, "2025-06-15T15:06:40.120Z", 1750000000120},
		{"rt alone, a whole second", `"rt":1750000000000`, "2025-06-15T15:06:40Z", 1750000000000},
		{"rt alone, as a string", `"rt":"1750000000123"`, "2025-06-15T15:06:40.123Z", 1750000000123},
		{"event_ts alone", `"event_ts":"2025-06-15T15:06:40Z"`, "2025-06-15T15:06:40Z", 1750000000000},
		{"event_ts with nine digits, floored", `"event_ts":"2025-06-15T15:06:40.123999999Z"`, "2025-06-15T15:06:40.123999999Z", 1750000000123},
		{"event_ts with more digits than a clock has", `"event_ts":"2025-06-15T15:06:40.1239999999999Z"`, "2025-06-15T15:06:40.1239999999999Z", 1750000000123},
		{"event_ts keeps zeros at the end", `"event_ts":"2025-06-15T15:06:40.500000Z"`, "2025-06-15T15:06:40.500000Z", 1750000000500},
		{"event_ts in lower case", `"event_ts":"2025-06-15t15:06:40z"`, "2025-06-15T15:06:40Z", 1750000000000},
		{"event_ts in escapes", `"event_ts":"2025-06-15T15:06:40\u005a"`, "2025-06-15T15:06:40Z", 1750000000000},
		{"event_ts with an offset", `"event_ts":"2025-06-16T00:36:40.10+09:30"`, "2025-06-15T15:06:40.10Z", 1750000000100},
		{"event_ts with an offset to the west", `"event_ts":"2025-06-15T08:06:40-07:00"`, "2025-06-15T15:06:40Z", 1750000000000},
		{"both, event_ts cut to the second", `"event_ts":"2025-06-15T15:06:40Z","rt":1750000000999`, "2025-06-15T15:06:40Z", 1750000000999},
		{"both, event_ts rounded up", `"event_ts":"2025-06-15T15:06:41Z","rt":1750000000001`, "2025-06-15T15:06:41Z", 1750000000001},
		{"both, each with its digits", `"event_ts":"2025-06-15T15:06:40.999999Z","rt":1750000000000`, "2025-06-15T15:06:40.999999Z", 1750000000000},
	}
	for _, s := range stories {
		t.Run(s.name, func(t *testing.T) {
			e, err := Parse([]byte(`{"name":"n","event_class_id":"c",`+s.members+`}`), org, now())
			if err != nil {
				t.Fatal(err)
			}
			var got struct {
				TS string `json:"event_ts"`
				RT int64  `json:"rt"`
			}
			if err := json.Unmarshal(e.Raw, &got); err != nil {
				t.Fatal(err)
			}
			if got.TS != s.ts || got.RT != s.rt {
				t.Errorf("got event_ts %s and rt %d, want %s and %d", got.TS, got.RT, s.ts, s.rt)
			}
			if diff := cmp.Diff(time.UnixMilli(s.rt).UTC(), e.At); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestABadInstantIsRefusedNamingTheKeyItCameFrom(t *testing.T) {
	stories := []struct{ name, members, want string }{
		{"no date-time", `"event_ts":"yesterday"`, "event_ts is_date_time must be an RFC 3339 date-time"},
		{"a number", `"event_ts":1750000000`, "event_ts is_date_time must be an RFC 3339 date-time"},
		{"a leap second", `"event_ts":"2016-12-31T23:59:60Z"`, "event_ts is_date_time must be an RFC 3339 date-time"},
		{"an hour of one digit", `"event_ts":"2025-06-15T5:06:40Z"`, "event_ts is_date_time must be an RFC 3339 date-time"},
		{"a comma before the fraction", `"event_ts":"2025-06-15T15:06:40,5Z"`, "event_ts is_date_time must be an RFC 3339 date-time"},
		{"the year 0", `"event_ts":"0000-06-15T15:06:40Z"`, "event_ts is_date_time must be an RFC 3339 date-time"},
		{"the year 10000", `"event_ts":"10000-06-15T15:06:40Z"`, "event_ts is_date_time must be an RFC 3339 date-time"},
		{"no offset", `"event_ts":"2025-06-15T15:06:40"`, "event_ts is_date_time must be an RFC 3339 date-time"},
		{"a bad event_ts beside a good rt", `"event_ts":"now","rt":1750000000000`, "event_ts is_date_time must be an RFC 3339 date-time"},
		{"rt is a fraction", `"rt":1750000000000.0`, "rt invalid must be a whole number of milliseconds since 1970"},
		{"rt has an exponent", `"rt":175e10`, "rt invalid must be a whole number of milliseconds since 1970"},
		{"rt is negative", `"rt":-1`, "rt invalid must be a whole number of milliseconds since 1970"},
		{"rt has spaces", `"rt":" 1750000000000"`, "rt invalid must be a whole number of milliseconds since 1970"},
		{"rt has a leading zero", `"rt":"01750000000000"`, "rt invalid must be a whole number of milliseconds since 1970"},
		{"rt is out of all bounds", `"rt":99999999999999999999999`, "rt invalid must be a whole number of milliseconds since 1970"},
		{"rt is true", `"rt":true`, "rt invalid must be a whole number of milliseconds since 1970"},
		{"rt in seconds is old", `"rt":1740000000`, "rt invalid must be within the last seven days"},
		{"rt is in seconds", `"rt":1750000000`, "rt invalid must be in milliseconds since 1970: this is in seconds"},
		{"rt is in seconds, as a string", `"rt":"1750000000"`, "rt invalid must be in milliseconds since 1970: this is in seconds"},
		{"rt in microseconds is ahead", `"rt":175000000000000`, "rt invalid must not be more than five minutes in the future"},
		{"event_ts is old", `"event_ts":"2025-06-08T15:09:39.999Z"`, "event_ts invalid must be within the last seven days"},
		{"event_ts is ahead", `"event_ts":"2025-06-15T15:14:40.001Z"`, "event_ts invalid must not be more than five minutes in the future"},
		{"a second apart", `"event_ts":"2025-06-15T15:06:40Z","rt":1750000001000`, "event_ts invalid must agree with rt to the second"},
		{"a second apart, the other way", `"event_ts":"2025-06-15T15:06:41.5Z","rt":1750000000500`, "event_ts invalid must agree with rt to the second"},
	}
	for _, s := range stories {
		t.Run(s.name, func(t *testing.T) {
			_, err := Parse([]byte(`{"name":"n","event_class_id":"c",`+s.members+`}`), org, now())
			wantRefusal(t, err, s.want)
		})
	}
}

func TestTheEdgesOfWhatIsTakenAreTakenWhateverTheClocksMicroseconds(t *testing.T) {
	for _, clock := range []time.Time{now(), now().Add(999_999 * time.Nanosecond)} {
		for _, ms := range []int64{now().UnixMilli() - 7*24*3600*1000, now().UnixMilli() + 5*60*1000} {
			if _, err := Parse(fmt.Appendf(nil, `{"name":"n","event_class_id":"c","rt":%d}`, ms), org, clock); err != nil {
				t.Errorf("%d at %v: %v", ms, clock, err)
			}
		}
	}
}
