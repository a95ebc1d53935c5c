package demo

import (
	"encoding/json"
	"slices"
	"testing"
	"time"

	"reprise/shared/auditlog"
	"reprise/shared/replay"
)

var noon = time.Date(2026, 3, 1, 12, 0, 0, 123e6, time.UTC)

func day() replay.Window { return replay.Window{From: noon.Add(-24 * time.Hour), To: noon} }

func all(t *testing.T, s source) []string {
	t.Helper()
	var got []string
	for line, err := range s.Lines {
		if err != nil {
			t.Fatal(err)
		}
		got = append(got, string(line))
	}
	return got
}

func TestGeneratedEntriesAreTheSameInEveryRun(t *testing.T) {
	if a, b := all(t, generated(500, day())), all(t, generated(500, day())); !slices.Equal(a, b) {
		t.Error("two runs differ")
	}
}

func TestGeneratedEntriesFillTheWindowFromItsFirstMillisecondToItsLast(t *testing.T) {
	for _, n := range []int64{2, 3, 1000, 2001} {
		s := generated(n, day())
		var times []time.Time
		for _, line := range all(t, s) {
			m, err := readMoments([]byte(line))
			if err != nil {
				t.Fatalf("%v: %s", err, line)
			}
			times = append(times, m.at)
		}
		if int64(len(times)) != n || s.Entries != n {
			t.Fatalf("%d entries, %d promised, want %d", len(times), s.Entries, n)
		}
		if !times[0].Equal(day().From) || !times[n-1].Equal(day().To) {
			t.Errorf("%d entries lie from %s to %s", n, times[0], times[n-1])
		}
		for i := 1; i < len(times); i++ {
			if step, even := times[i].Sub(times[i-1]), day().To.Sub(day().From)/time.Duration(n-1); (step - even).Abs() > time.Millisecond {
				t.Fatalf("entry %d comes %s after the one before, want %s", i, step, even)
			}
		}
	}
}

func TestGeneratedEntriesAreTakenBySizeAndKind(t *testing.T) {
	kinds := map[string]int{}
	var size, least, most int
	lines := all(t, generated(3000, day()))
	for _, line := range lines {
		e, err := auditlog.Parse([]byte(line), org, noon)
		if err != nil {
			t.Fatalf("%v: %s", err, line)
		}
		n := len(e.Raw) + auditlog.SignatureSize
		if size += n; least == 0 || n < least {
			least = n
		}
		most = max(most, n)
		var read struct{ Name string }
		if err := json.Unmarshal([]byte(line), &read); err != nil {
			t.Fatal(err)
		}
		kinds[read.Name[:5]]++
	}
	if mean := size / len(lines); mean < 500 || mean > 700 {
		t.Errorf("a signed line has %d bytes, want 500 to 700 (%d to %d)", mean, least, most)
	}
	for _, kind := range []string{"AUTHE", "Authz", "Ingre"} {
		if kinds[kind] < 150 {
			t.Errorf("%d entries of kind %s, want more", kinds[kind], kind)
		}
	}
}

func TestOutsidersLieAMillisecondOutsideOfTheWindow(t *testing.T) {
	lines := outsiders(day())
	for i, want := range []time.Time{day().From.Add(-time.Millisecond), day().To.Add(time.Millisecond)} {
		m, err := readMoments(lines[i])
		if err != nil || !m.at.Equal(want) {
			t.Errorf("outsider %d happened at %s (%v), want %s", i, m.at, err, want)
		}
		if day().Holds(m.at) {
			t.Errorf("outsider %d lies in the window", i)
		}
	}
}
