package replay_test

import (
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"reprise/shared/replay"
)

var fence = replay.Fence{Scope: replay.Scope{Org: "acme", Region: "us"}, JobID: "01J"}

func jobOver(w replay.Window) replay.Job { return replay.NewJob(fence, "ops", w, noon) }

func TestAPlanCoversEveryCountedMillisecondExactlyOnce(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		from := noon.Add(-time.Duration(rapid.Int64Range(0, 7*24*3600*1000).Draw(t, "from")) * time.Millisecond)
		w := replay.Window{From: from, To: from.Add(time.Duration(rapid.Int64Range(0, noon.Sub(from).Milliseconds()).Draw(t, "length")) * time.Millisecond)}
		var counts []replay.Count
		for hour := noon.Add(-200 * time.Hour).Truncate(time.Hour); hour.Before(noon.Add(2 * time.Hour)); hour = hour.Add(time.Hour) {
			if rapid.IntRange(0, 3).Draw(t, "counted") > 0 {
				entries := rapid.Int64Range(1, 5_000_000).Draw(t, "entries")
				counts = append(counts, replay.Count{Hour: hour, Entries: entries, Bytes: entries * rapid.Int64Range(60, 1000).Draw(t, "size")})
			}
		}
		lanes := rapid.IntRange(1, 32).Draw(t, "lanes")
		plan := replay.Cut(jobOver(w), counts, lanes)
		if len(plan.Slices) > replay.MaxSlices {
			t.Fatalf("%d slices", len(plan.Slices))
		}
		covered(t, w, counts, plan.Slices)
		for n, s := range plan.Slices {
			if s.N != n || s.Lane != n%lanes || s.Fence != fence {
				t.Fatalf("slice %d is %+v", n, s)
			}
		}
	})
}

// covered checks borders: slices in order without overlap, within the window, no counted hour's part outside of them.
func covered(t *rapid.T, w replay.Window, counts []replay.Count, all []replay.Slice) {
	for i, s := range all {
		if s.Window.To.Before(s.Window.From) || s.Window.From.Before(w.From) || s.Window.To.After(w.To) {
			t.Fatalf("slice %d: %v in %v", i, s.Window, w)
		}
		if i > 0 && !s.Window.From.After(all[i-1].Window.To) {
			t.Fatalf("slices %d and %d overlap", i-1, i)
		}
		if begins := s.Window.From; i > 0 && !begins.Equal(begins.Truncate(time.Minute)) {
			t.Fatalf("slice %d begins in mid minute: %v", i, begins)
		}
	}
	for _, c := range counts {
		// Every border of the hour's part must be held by a slice, and what lies between two slices must be empty hours only.
		for at := c.Hour; at.Before(c.Hour.Add(time.Hour)); at = at.Add(time.Minute) {
			for _, instant := range []time.Time{at, at.Add(time.Minute - time.Millisecond), w.From, w.To} {
				inHour := !instant.Before(c.Hour) && instant.Before(c.Hour.Add(time.Hour))
				if inHour && w.Holds(instant) && !slices.ContainsFunc(all, func(s replay.Slice) bool { return s.Window.Holds(instant) }) {
					t.Fatalf("no slice holds %v of a counted hour", instant)
				}
			}
		}
	}
}

func TestAPlanIsCutForItsLanes(t *testing.T) {
	day := replay.Window{From: noon.Add(-24 * time.Hour), To: noon}
	hours := func(n int, entries, bytes int64) (counts []replay.Count) {
		for i := range n {
			counts = append(counts, replay.Count{Hour: day.From.Add(time.Duration(i) * time.Hour), Entries: entries, Bytes: bytes})
		}
		return counts
	}
	rows := []struct {
		story    string
		counts   []replay.Count
		min, max int
	}{
		{"nothing was counted", nil, 0, 0},
		{"hours of nothing", hours(24, 0, 0), 0, 0},
		{"one entry", hours(1, 1, 600), 1, 1},
		{"a small job has four slices a lane", hours(24, 8_000, 8_000*600), 16, 24},
		{"one busy hour is cut at minutes", hours(1, 100_000, 100_000*600), 15, 17},
		{"a large job is cut by size", hours(24, 60_000, 60_000*600), 16, 32},
		{"a huge one grows its slices", hours(24, 60_000_000, 60_000_000*600), 16, 32},
	}
	for _, row := range rows {
		t.Run(row.story, func(t *testing.T) {
			plan := replay.Cut(jobOver(day), row.counts, 4)
			if n := len(plan.Slices); n < row.min || n > row.max {
				t.Errorf("%d slices, want %d to %d", n, row.min, row.max)
			}
		})
	}
}

func TestAHintThatIsTooHighChangesNoCoverage(t *testing.T) {
	w := replay.Window{From: noon.Add(-90 * time.Minute), To: noon}
	once := []replay.Count{{Hour: noon.Add(-2 * time.Hour), Entries: 10, Bytes: 6000}, {Hour: noon.Add(-time.Hour), Entries: 1, Bytes: 600}}
	twice := []replay.Count{{Hour: noon.Add(-2 * time.Hour), Entries: 20, Bytes: 12000}, {Hour: noon.Add(-time.Hour), Entries: 500, Bytes: 300000}}
	ends := func(counts []replay.Count) replay.Window {
		s := replay.Cut(jobOver(w), counts, 4).Slices
		return replay.Window{From: s[0].Window.From, To: s[len(s)-1].Window.To}
	}
	if diff := cmp.Diff(ends(once), ends(twice)); diff != "" {
		t.Error(diff)
	}
}
