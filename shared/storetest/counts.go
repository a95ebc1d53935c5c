package storetest

import (
	"testing"
	"time"

	"reprise/shared/replay"
)

// countGuarantees: a plan must be right with any hint that is not too low (DESIGN.md §3, "count, then keep").
func countGuarantees() []guarantee {
	return []guarantee{
		{"nothing was counted in an empty store", nothingWasCounted},
		{"counts add up, each hour by itself", countsAddUp},
		{"counting nothing is no error", countingNothing},
		{"a window yields the count of every hour that it touches", hoursThatTouchTheWindow},
		{"a week of hours is counted at once, in order", aWeekOfHours},
		{"the counts of two scopes never touch", countsOfTwoScopes},
		{"no addition is lost among many at once", noAdditionIsLost},
	}
}

// hour is so many hours from noon.
func hour(n int) time.Time { return noon().Add(time.Duration(n) * time.Hour) }

// counted checks what a window yields.
func (b *bench) counted(t *testing.T, what string, at replay.Scope, w replay.Window, want ...replay.Count) {
	t.Helper()
	got, err := b.CountsIn(t.Context(), at, w)
	expect(t, "CountsIn", err, nil)
	same(t, what, got, want)
	for _, c := range got {
		plain(t, what, c.Hour)
	}
}

func (b *bench) add(t *testing.T, at replay.Scope, counts ...replay.Count) {
	t.Helper()
	expect(t, "AddCounts", b.AddCounts(t.Context(), at, counts), nil)
}

func nothingWasCounted(t *testing.T, b *bench) {
	b.counted(t, "an empty store", b.scope(), around())
}

func countsAddUp(t *testing.T, b *bench) {
	at := b.scope()
	b.add(t, at, replay.Count{Hour: hour(0), Entries: 3, Bytes: 1000})
	b.counted(t, "once", at, around(), replay.Count{Hour: hour(0), Entries: 3, Bytes: 1000})
	b.add(t, at, replay.Count{Hour: hour(0), Entries: 3, Bytes: 1000}, replay.Count{Hour: hour(1), Entries: 1, Bytes: 1 << 54})
	b.add(t, at, replay.Count{Hour: hour(-1), Entries: 1 << 54, Bytes: 2}, replay.Count{Hour: hour(1), Entries: 1, Bytes: 1})
	b.counted(t, "summed", at, around(),
		replay.Count{Hour: hour(-1), Entries: 1 << 54, Bytes: 2},
		replay.Count{Hour: hour(0), Entries: 6, Bytes: 2000},
		replay.Count{Hour: hour(1), Entries: 2, Bytes: 1<<54 + 1})
}

func countingNothing(t *testing.T, b *bench) {
	at := b.scope()
	b.add(t, at)
	b.counted(t, "nothing", at, around())
}

func hoursThatTouchTheWindow(t *testing.T, b *bench) {
	at := b.scope()
	var counts []replay.Count
	for n := range 12 { // 18:00 to 05:00 of the next day
		counts = append(counts, replay.Count{Hour: hour(6 + n), Entries: int64(n + 1), Bytes: 100})
	}
	b.add(t, at, counts[4:]...)
	b.add(t, at, counts[:4]...)
	for _, row := range []struct {
		name, from, to string
		first, until   int
	}{
		{"one hour, edge to edge", "2040-03-01T20:00:00.000Z", "2040-03-01T20:59:59.999Z", 2, 3},
		{"one ms in mid hour", "2040-03-01T20:30:00.000Z", "2040-03-01T20:30:00.000Z", 2, 3},
		{"ends with the first ms of the next", "2040-03-01T20:00:00.000Z", "2040-03-01T21:00:00.000Z", 2, 4},
		{"begins with the last ms of an hour", "2040-03-01T20:59:59.999Z", "2040-03-01T21:59:59.999Z", 2, 4},
		{"from mid hour to mid hour", "2040-03-01T18:30:00.000Z", "2040-03-01T21:15:00.000Z", 0, 4},
		{"across midnight", "2040-03-01T23:59:59.999Z", "2040-03-02T00:00:00.000Z", 5, 7},
		{"hours that were never counted are left out", "2040-02-20T00:00:00.000Z", "2040-03-09T00:00:00.000Z", 0, 12},
		{"before any", "2040-02-20T00:00:00.000Z", "2040-03-01T17:59:59.999Z", 0, 0},
		{"after any", "2040-03-02T06:00:00.000Z", "2040-03-09T00:00:00.000Z", 0, 0},
	} {
		b.counted(t, row.name, at, windowOf(t, row.from, row.to), counts[row.first:row.until]...)
	}
	quiet := b.scope()
	b.add(t, quiet, counts[0], counts[11])
	b.counted(t, "a gap between two", quiet, windowOf(t, "2040-03-01T18:59:00Z", "2040-03-02T05:00:00Z"), counts[0], counts[11])
}

// aWeekOfHours: one request may hold entries of seven days.
func aWeekOfHours(t *testing.T, b *bench) {
	at := b.scope()
	var week []replay.Count
	for n := range 7*24 + 2 {
		week = append(week, replay.Count{Hour: hour(n), Entries: 1, Bytes: int64(n + 1)})
	}
	b.add(t, at, week...)
	b.counted(t, "a week", at, replay.Window{From: hour(0), To: hour(len(week))}, week...)
}

func countsOfTwoScopes(t *testing.T, b *bench) {
	org := b.scope().Org
	scopes := []replay.Scope{
		{Org: org, Region: "eu"}, {Org: org, Region: "eu-2"}, {Org: org, Region: "us"}, {Org: org + "2", Region: "eu"}, {Org: b.scope().Org, Region: "eu"},
	}
	for i, at := range scopes {
		b.add(t, at, replay.Count{Hour: hour(0), Entries: int64(i + 1), Bytes: 10})
	}
	for i, at := range scopes {
		b.counted(t, at.Region, at, around(), replay.Count{Hour: hour(0), Entries: int64(i + 1), Bytes: 10})
	}
	b.counted(t, "a scope without any", replay.Scope{Org: org, Region: "au"}, around())
}

// noAdditionIsLost: too high would be harmless, an SDK's retry may count twice; too low never.
func noAdditionIsLost(t *testing.T, b *bench) {
	at := b.scope()
	const callers, times = 16, 8
	for _, err := range together(callers, func(i int) error {
		for range times {
			both := []replay.Count{{Hour: hour(0), Entries: 1, Bytes: 100}, {Hour: hour(1 + i%2), Entries: 2, Bytes: 50}}
			if err := b.AddCounts(t.Context(), at, both); err != nil {
				return err
			}
		}
		return nil
	}) {
		expect(t, "AddCounts", err, nil)
	}
	got, err := b.CountsIn(t.Context(), at, around())
	expect(t, "CountsIn", err, nil)
	same(t, "hours", len(got), 3)
	const n = callers * times
	for i, least := range []replay.Count{{Entries: n, Bytes: 100 * n}, {Entries: n, Bytes: 25 * n}, {Entries: n, Bytes: 25 * n}} {
		if got[i].Entries < least.Entries || got[i].Bytes < least.Bytes {
			t.Errorf("hour %d: counted %d entries and %d bytes, of %d and %d", i, got[i].Entries, got[i].Bytes, least.Entries, least.Bytes)
		}
	}
}
