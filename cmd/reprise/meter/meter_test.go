package meter

import (
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

var noon = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)

func TestProgressIsALineNowAndThenWhereNobodyWatches(t *testing.T) {
	clock := noon
	var out strings.Builder
	m := New(&out, false, "sending", 1_000_000, func() time.Time { return clock })
	for range 12 {
		clock = clock.Add(time.Second)
		m.Add(20_000)
	}
	want := "  sending: 10 % of 1,000,000 entries, 20,000 entries/s, 45s left\n  sending: 20 % of 1,000,000 entries, 20,000 entries/s, 40s left\n"
	if out.String() != want {
		t.Errorf("got %q, want %q", out.String(), want)
	}
	if took := m.End(); took != 12*time.Second {
		t.Errorf("it took %s", took)
	}
}

func TestProgressOfAnUnknownNumberIsTold(t *testing.T) {
	clock := noon
	var out strings.Builder
	m := New(&out, false, "replaying", 0, func() time.Time { return clock })
	clock = clock.Add(TellEvery)
	m.Set(0, 0)
	if want := "  replaying: 0 entries, 0 entries/s\n"; out.String() != want {
		t.Errorf("got %q, want %q", out.String(), want)
	}
}

func TestWhatWasDoneBeforeIsOfNoRateAndAnEstimateIsAtMost(t *testing.T) {
	clock := noon
	var out strings.Builder
	m := New(&out, false, "replaying", 0, func() time.Time { return clock })
	m.Before(100_000)
	clock = clock.Add(TellEvery)
	m.Set(100_000, 200_000)
	clock = clock.Add(TellEvery)
	m.Set(110_000, 200_000)
	want := "  replaying: 50 % of at most 200,000 entries, 0 entries/s\n  replaying: 55 % of at most 200,000 entries, 1,000 entries/s, 1m30s left\n"
	if out.String() != want {
		t.Errorf("got %q, want %q", out.String(), want)
	}
}

func TestWhatIsAddedUpToAnUnknownNumberHasNoShare(t *testing.T) {
	clock := noon
	var out strings.Builder
	m := New(&out, false, "sending", 0, func() time.Time { return clock })
	clock = clock.Add(TellEvery)
	m.Add(10_000)
	if want := "  sending: 10,000 entries, 2,000 entries/s\n"; out.String() != want {
		t.Errorf("got %q, want %q", out.String(), want)
	}
}

func TestABarIsDrawnOnATerminal(t *testing.T) {
	clock := noon
	var out strings.Builder
	m := New(&out, true, "sending", 1000, func() time.Time { return clock })
	m.Set(500, 2000)
	m.Set(2100, 2000) // an estimate that was too low
	m.End()
	if !strings.Contains(out.String(), "|  of at most 2,000 entries, 0 entries/s") {
		t.Errorf("no bar: %q", out.String())
	}
}

func TestABarsFirstRateIsTheOneSinceItsBegin(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var out strings.Builder
		m := New(&out, true, "sending", 40_000, time.Now)
		<-time.After(400 * time.Millisecond)
		m.Add(10_000)
		if !strings.Contains(out.String(), "25% |███████                       |  of 40,000 entries, 25,000 entries/s, 1s left") {
			t.Errorf("got %q", out.String())
		}
	})
}

func TestThousandsAreApart(t *testing.T) {
	for n, want := range map[int64]string{0: "0", 999: "999", 1000: "1,000", 5_000_000: "5,000,000", -1234: "-1,234", -123: "-123"} {
		if got := Commas(n); got != want {
			t.Errorf("%d is %q, want %q", n, got, want)
		}
	}
}

func TestWhatIsCountedOneByOneIsTakenInThousands(t *testing.T) {
	m := New(&strings.Builder{}, false, "comparing", 5000, time.Now)
	one := m.Slowly()
	for range 2500 {
		one()
	}
	if m.done != 2000 {
		t.Errorf("%d are counted", m.done)
	}
}
