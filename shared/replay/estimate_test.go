package replay_test

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"reprise/shared/replay"
)

func TestAnEstimateIsNeverTooLow(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		from := noon.Add(-time.Duration(rapid.Int64Range(0, 7*24*3600*1000).Draw(t, "from")) * time.Millisecond)
		w := replay.Window{From: from, To: from.Add(time.Duration(rapid.Int64Range(0, noon.Sub(from).Milliseconds()).Draw(t, "length")) * time.Millisecond)}
		var want replay.Estimate
		hours := make(map[time.Time]replay.Count)
		for range rapid.IntRange(0, 50).Draw(t, "entries") {
			at := noon.Add(-time.Duration(rapid.Int64Range(0, 8*24*3600*1000).Draw(t, "at")) * time.Millisecond)
			size := rapid.Int64Range(60, 128<<10).Draw(t, "size")
			c := hours[at.Truncate(time.Hour)]
			hours[at.Truncate(time.Hour)] = replay.Count{Hour: at.Truncate(time.Hour), Entries: c.Entries + 1, Bytes: c.Bytes + size}
			if w.Holds(at) {
				want.Entries++
				want.Bytes += size
			}
		}
		var counts []replay.Count
		for _, c := range hours {
			counts = append(counts, c)
		}
		lanes := rapid.IntRange(1, 32).Draw(t, "lanes")
		got := replay.EstimateOf(w, counts, lanes)
		full := (want.Bytes + replay.BatchLimit - 1) / replay.BatchLimit // as many requests as it takes, were there but one slice
		if got.Entries < want.Entries || got.Bytes < want.Bytes || got.Requests < full {
			t.Fatalf("%+v of at least %+v in %d requests", got, want, full)
		}
		if busy := time.Duration(got.Requests) * 250 * time.Millisecond / time.Duration(lanes); got.Time < busy || got.Time%time.Second != 0 {
			t.Fatalf("%+v cannot be done in %d lanes", got, lanes)
		}
		if plan := replay.Cut(jobOver(w), counts, lanes); got.Entries != plan.Entries || (got.Requests > 0) != (len(plan.Slices) > 0) {
			t.Fatalf("%+v, though the plan has %d slices and %d entries", got, len(plan.Slices), plan.Entries)
		}
	})
}

func TestAnEstimateIsMadeFromWholeHours(t *testing.T) {
	hour := noon.Add(-time.Hour)
	many := []replay.Count{{Hour: hour, Entries: 1_000_000, Bytes: 600 << 20}, {Hour: noon.Add(-2 * time.Hour), Entries: 10, Bytes: 6000}}
	for story, tt := range map[string]struct {
		w      replay.Window
		counts []replay.Count
		lanes  int
		want   replay.Estimate
	}{
		"nothing was counted":              {replay.Window{From: hour, To: noon}, nil, 4, replay.Estimate{}},
		"an hour of nothing":               {replay.Window{From: hour, To: noon}, []replay.Count{{Hour: hour}}, 4, replay.Estimate{}},
		"hours outside":                    {replay.Window{From: noon, To: noon}, many, 4, replay.Estimate{}},
		"one entry":                        {replay.Window{From: hour, To: noon}, []replay.Count{{Hour: hour, Entries: 1, Bytes: 219}}, 4, replay.Estimate{Entries: 1, Bytes: 219, Requests: 1, Time: time.Second}},
		"an instant costs its hour":        {replay.Window{From: hour, To: hour}, many[:1], 4, replay.Estimate{Entries: 1_000_000, Bytes: 600 << 20, Requests: 601, Time: 151 * time.Second}},
		"an hour in four lanes":            {replay.Window{From: hour, To: noon}, many[:1], 4, replay.Estimate{Entries: 1_000_000, Bytes: 600 << 20, Requests: 616, Time: 39 * time.Second}},
		"in one lane it takes longer":      {replay.Window{From: hour, To: noon}, many[:1], 1, replay.Estimate{Entries: 1_000_000, Bytes: 600 << 20, Requests: 610, Time: 153 * time.Second}},
		"a quiet hour joins its neighbour": {replay.Window{From: hour.Add(-time.Minute), To: noon}, many, 1, replay.Estimate{Entries: 1_000_010, Bytes: 600<<20 + 6000, Requests: 610, Time: 153 * time.Second}},
	} {
		if diff := cmp.Diff(tt.want, replay.EstimateOf(tt.w, tt.counts, tt.lanes)); diff != "" {
			t.Errorf("%s: %s", story, diff)
		}
	}
}

func TestEstimatesOfReplaysSideBySideAddUpButForTheirTime(t *testing.T) {
	a := replay.Estimate{Entries: 1, Bytes: 2, Requests: 3, Time: 4 * time.Second}
	b := replay.Estimate{Entries: 10, Bytes: 20, Requests: 30, Time: 3 * time.Second}
	want := replay.Estimate{Entries: 11, Bytes: 22, Requests: 33, Time: 4 * time.Second}
	if a.Add(b) != want || b.Add(a) != want || a.Add(replay.Estimate{}) != a {
		t.Errorf("%+v, %+v", a.Add(b), b.Add(a))
	}
}
