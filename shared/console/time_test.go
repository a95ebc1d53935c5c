package console_test

import (
	"fmt"
	"testing"

	"github.com/chromedp/cdproto/emulation"
	"github.com/google/go-cmp/cmp"
)

// inZone is what an expression about the page's module of times gives, in a zone.
func (p *page) inZone(zone, expression string) string {
	p.t.Helper()
	call(p, emulation.SetTimezoneOverride, emulation.SetTimezoneOverrideParams{TimezoneID: zone})
	script := value[string](p, `document.querySelector("script[type=module]").src`)
	return awaited[string](p, fmt.Sprintf(`import(new URL("time.js", %q)).then((t) => JSON.stringify(%s))`, script, expression))
}

// What a clock shows twice, skips, or shows a day later: the instants are those of the IANA time zone database.
func TestTheClockIsReadInEveryZone(t *testing.T) {
	t.Parallel()
	p := newWorld(t, 1).visit()
	p.show("/")
	for _, c := range []struct{ story, zone, expression, want string }{
		{"an hour that comes twice: a start is the first", "Europe/Berlin", `t.instant("2026-10-25", "02:30:00", false).at`, "1792888200000"},
		{"an hour that comes twice: an end is the second", "Europe/Berlin", `t.instant("2026-10-25", "02:30:00", true).at`, "1792891800000"},
		{"both", "Europe/Berlin", `t.instants("2026-10-25", "02:30:00")`, "[1792888200000,1792891800000]"},
		{"before it", "Europe/Berlin", `t.instants("2026-10-25", "01:59:59")`, "[1792886399000]"},
		{"after it", "Europe/Berlin", `t.instants("2026-10-25", "03:00:00")`, "[1792893600000]"},
		{"an hour that is skipped", "Europe/Berlin", `t.instants("2026-03-29", "02:30:00")`, "[]"},
		{"an hour that is skipped: a start is before it, an end behind", "Europe/Berlin", `[false, true].map((end) => t.fields(t.instant("2026-03-29", "02:30:00", end).at).time)`, `["01:30:00","03:30:00"]`},
		{"the day with 25 hours", "Europe/Berlin", `t.instant("2026-10-26", "00:00:00").at - t.instant("2026-10-25", "00:00:00").at`, "90000000"},
		{"the day with 23 hours", "America/New_York", `t.instant("2026-03-09", "00:00:00").at - t.instant("2026-03-08", "00:00:00").at`, "82800000"},
		{"an hour that comes twice, behind UTC", "America/New_York", `t.instants("2026-11-01", "01:15:00")`, "[1793510100000,1793513700000]"},
		{"summer and winter", "America/New_York", `[t.offset(1793510100000), t.offset(1793513700000)]`, `["UTC−04:00","UTC−05:00"]`},
		{"three quarters of an hour", "Asia/Kathmandu", `[t.offset(1793510100000), t.instants("2026-11-01", "00:00:00")]`, `["UTC+05:45",[1793470500000]]`},
		{"a day ahead", "Pacific/Apia", `[t.offset(1793510100000), t.fields(1793510100000).date]`, `["UTC+13:00","2026-11-01"]`},
		{"half an hour back", "Australia/Lord_Howe", `t.instants("2026-04-05", "01:45:00")`, "[1775313900000,1775315700000]"},
		{"no zone", "UTC", `[t.offset(0), t.utc(1792888200000)]`, `["UTC",{"date":"2026-10-25","time":"00:30:00"}]`},
		{"what was read is what is written", "Europe/Berlin", `["2026-10-24", "2026-10-25", "2026-10-26"].map((d) => t.fields(t.instant(d, "12:00:00", true).at).date)`, `["2026-10-24","2026-10-25","2026-10-26"]`},
		{"the days of the last week over a change of the clock", "Europe/Berlin", `(({ first, last, rows }) => [first, last, rows.length, rows[0][0], rows.at(-1)[6]])(t.weeks(1793102400000))`, `["2026-10-20","2026-10-27",2,"2026-10-19","2026-11-01"]`},
		{"days that there are not", "UTC", `[t.readDate("2026-02-29"), t.readDate("2028-2-29"), t.readDate("24.12.2026"), t.readTime("24:00"), t.readTime("9:05")]`, `[null,"2028-02-29",null,null,"09:05:00"]`},
	} {
		if diff := cmp.Diff(c.want, p.inZone(c.zone, c.expression)); diff != "" {
			t.Errorf("%s, %s: %s (-want +got):\n%s", c.zone, c.story, c.expression, diff)
		}
	}
}
