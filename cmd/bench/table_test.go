package main

import (
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"reprise/shared/replay"
)

func TestTheMedianLiesBetweenTheTwoInTheMiddle(t *testing.T) {
	got := []float64{figures{3, 1, 2}.median(), figures{4, 1, 2, 3}.median(), figures{7}.median(), figures{1, 2, 3, 4, 5}.at(0.99)}
	if diff := cmp.Diff([]float64{2, 2.5, 7, 4.96}, got); diff != "" {
		t.Error(diff)
	}
}

func TestAGoalIsMetByItsLimit(t *testing.T) {
	for _, story := range []struct {
		goal goal
		v    float64
		met  bool
	}{
		{least(0.9), 0.9, true},
		{least(0.9), 0.899, false},
		{most(40), 40, true},
		{most(40), 40.1, false},
	} {
		if got := story.goal.met(story.v); got != story.met {
			t.Errorf("%v %s: met is %t", story.v, story.goal, got)
		}
	}
}

func TestFiguresReplaceOnlyWhatStandsBetweenTheirMarks(t *testing.T) {
	file := filepath.Join(t.TempDir(), "BENCHMARKS.md")
	for _, step := range []struct{ part, text string }{{"put", "one\n"}, {"replay", "two\n"}, {"put", "three\n"}} {
		if err := put(file, step.part, step.text); err != nil {
			t.Fatal(err)
		}
	}
	got, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	want := "<!-- put: measured -->\n\nthree\n\n<!-- put: end -->\n\n<!-- replay: measured -->\n\ntwo\n\n<!-- replay: end -->\n"
	if diff := cmp.Diff(want, string(got)); diff != "" {
		t.Error(diff)
	}
	if err := os.WriteFile(file, []byte("by hand\n<!-- put: measured -->\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := put(file, "put", "four\n"); err == nil {
		t.Error("a mark was lost, and what stands behind it would be too")
	}
}

func TestEveryCopyOfAChunkHasAKeyOfItsOwn(t *testing.T) {
	b := &bench{config: config{}, folder: t.TempDir(), now: time.Now().UTC().Truncate(time.Millisecond)}
	f, err := b.newFile(t.Context(), "copies")
	if err != nil {
		t.Fatal(err)
	}
	defer f.store.Close()
	if err := f.take(t.Context(), home(), 100, b.day(), 3); err != nil {
		t.Fatal(err)
	}
	entries, last := 0, ""
	for c, err := range f.store.Chunks(t.Context(), home(), b.day(), replay.Cursor{}) {
		if err != nil {
			t.Fatal(err)
		}
		if c.Key <= last {
			t.Errorf("%s comes after %s", c.Key, last)
		}
		last = c.Key
		for _, err := range c.Lines() {
			if err != nil {
				t.Fatal(err)
			}
			entries++
		}
	}
	if entries != 300 {
		t.Errorf("%d entries of 3 times 100", entries)
	}
}
