package chunk_test

import (
	"crypto/sha256"
	"fmt"
	"hash/crc32"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"reprise/shared/auditlog"
	"reprise/shared/chunk"
	"reprise/shared/replay"
)

func TestPackCutsAtMinutesAndAtSize(t *testing.T) {
	type run struct {
		First, Last time.Duration // after noon
		Entries     int
	}
	const fits = chunk.Size / 1024 // to the byte
	tests := map[string]struct {
		entries []auditlog.Entry
		want    []run
	}{
		"no entries, no chunks":                 {nil, nil},
		"one entry":                             {evenly(1, 0, 0), []run{{0, 0, 1}}},
		"the last millisecond and the next":     {[]auditlog.Entry{entry(time.Minute-time.Millisecond, ""), entry(time.Minute, "")}, []run{{59999 * time.Millisecond, 59999 * time.Millisecond, 1}, {time.Minute, time.Minute, 1}}},
		"out of order":                          {[]auditlog.Entry{entry(2*time.Second, "c"), entry(0, "a"), entry(time.Second, "b")}, []run{{0, 2 * time.Second, 3}}},
		"just as many as fit":                   {evenly(fits, time.Millisecond, 1024), []run{{0, time.Duration(fits-1) * time.Millisecond, fits}}},
		"one more than fits":                    {evenly(fits+1, time.Millisecond, 1024), []run{{0, time.Duration(fits-1) * time.Millisecond, fits}, {time.Duration(fits) * time.Millisecond, time.Duration(fits) * time.Millisecond, 1}}},
		"quiet minutes in between make nothing": {evenly(3, 10*time.Minute, 0), []run{{0, 0, 1}, {10 * time.Minute, 10 * time.Minute, 1}, {20 * time.Minute, 20 * time.Minute, 1}}},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			chunks, _, err := chunk.Pack([32]byte{}, test.entries, signingKey(1))
			if err != nil {
				t.Fatal(err)
			}
			var got []run
			for _, c := range chunks {
				got = append(got, run{c.First.Sub(noon), c.Last.Sub(noon), c.Entries})
			}
			if diff := cmp.Diff(test.want, got); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestEqualEntriesOfOneBodyAreAllKeptInTheOrderTheyCame(t *testing.T) {
	key := signingKey(1)
	var entries []auditlog.Entry
	var first, second []string
	for i := range 50 { // enough for a sort that is not stable to show it
		entries = append(entries, entry(time.Millisecond, fmt.Sprint(i/2)), entry(0, fmt.Sprint(i/2)))
		second = append(second, string(key.Sign(nil, entries[2*i])))
		first = append(first, string(key.Sign(nil, entries[2*i+1])))
	}
	var got []string
	for _, p := range places(t, pack(t, entries)) {
		got = append(got, p.line)
	}
	if diff := cmp.Diff(append(first, second...), got); diff != "" {
		t.Error(diff)
	}
}

func TestPackSaysOfAChunkWhatIsInIt(t *testing.T) {
	body := sha256.Sum256([]byte("body"))
	chunks, _, err := chunk.Pack(body, evenly(600, 250*time.Millisecond, 1500), signingKey(1))
	if err != nil {
		t.Fatal(err)
	}
	seen := make(map[string]bool)
	for _, c := range chunks {
		lines := text(places(t, []chunk.Chunk{c}))
		if c.Bytes != len(lines) || c.Entries != strings.Count(lines, "\n") || c.CRC != crc32.ChecksumIEEE([]byte(lines)) {
			t.Errorf("%s says %d bytes, %d entries, CRC %08x of %d bytes of lines", c.Key, c.Bytes, c.Entries, c.CRC, len(lines))
		}
		if c.Bytes > chunk.Size || !strings.HasSuffix(string(c.Deflate), "\x00\x00\xff\xff") {
			t.Errorf("%s: %d bytes, or no sync flush at its end", c.Key, c.Bytes)
		}
		if !regexp.MustCompile(`^[0-9]{13}-[0-9a-f]{32}$`).MatchString(c.Key) || seen[c.Key] {
			t.Errorf("key %q", c.Key)
		}
		seen[c.Key] = true
	}
	// Pinned: another key for the same body would store it twice.
	if want := fmt.Sprintf("1773489600000-%x00000000", body[:12]); chunks[0].Key != want {
		t.Errorf("the first key is %s, want %s", chunks[0].Key, want)
	}
}

func TestPackCountsTheHoursInOrder(t *testing.T) {
	entries := []auditlog.Entry{entry(time.Hour, ""), entry(-time.Millisecond, ""), entry(59*time.Minute, ""), entry(0, "")}
	chunks, got, err := chunk.Pack([32]byte{}, entries, signingKey(1))
	if err != nil {
		t.Fatal(err)
	}
	line := int64(chunks[0].Bytes)
	want := []replay.Count{{Hour: noon.Add(-time.Hour), Entries: 1, Bytes: line}, {Hour: noon, Entries: 2, Bytes: 2 * line}, {Hour: noon.Add(time.Hour), Entries: 1, Bytes: line}}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

func TestPackLeavesTheCallersEntriesAsTheyAre(t *testing.T) {
	entries, want := evenly(3, -time.Second, 0), evenly(3, -time.Second, 0)
	pack(t, entries)
	if diff := cmp.Diff(want, entries); diff != "" {
		t.Error(diff)
	}
}

func TestPackRefusesWhatCouldNotBeStored(t *testing.T) {
	good := evenly(1, 0, 0)[0]
	tests := map[string]struct {
		entry auditlog.Entry
		key   auditlog.Key
		want  string
	}{
		"an empty key":                {good, auditlog.Key{ID: "k7"}, `key "k7"`},
		"a time before 1970":          {auditlog.Entry{At: time.UnixMilli(-1), Raw: good.Raw}, signingKey(1), "entry 1: its time"},
		"a time of 14 digits":         {auditlog.Entry{At: time.UnixMilli(1e13), Raw: good.Raw}, signingKey(1), "entry 1: its time"},
		"an entry of two lines":       {auditlog.Entry{At: noon, Raw: []byte("{}\n{}")}, signingKey(1), "entry 1: it is not one line"},
		"a line larger than a chunk":  {entry(0, strings.Repeat("x", chunk.Size)), signingKey(1), "more than a chunk's"},
		"a line as large as no other": {entry(0, noise(1, auditlog.MaxEntry-100)), signingKey(1), ""},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			chunks, _, err := chunk.Pack([32]byte{}, []auditlog.Entry{good, test.entry}, test.key)
			switch {
			case test.want == "" && (err != nil || len(chunks[0].Deflate) > 300<<10):
				t.Errorf("got %v", err)
			case test.want != "" && (err == nil || !strings.Contains(err.Error(), test.want)):
				t.Errorf("got error %v, want it to say %q", err, test.want)
			}
		})
	}
}

func TestChunksThatBeginInOneMillisecondStayInOrder(t *testing.T) {
	var entries []auditlog.Entry
	for i := range 40 {
		entries = append(entries, entry(0, noise(uint64(i), 60_000)))
	}
	chunks, _, err := chunk.Pack([32]byte{7}, entries, signingKey(1))
	if err != nil {
		t.Fatal(err)
	}
	if len(chunks) < 5 || !slices.IsSortedFunc(chunks, func(a, b chunk.Chunk) int { return strings.Compare(a.Key, b.Key) }) {
		t.Errorf("%d chunks, not in order of key", len(chunks))
	}
}

func TestTheSameBodyGetsTheSameKeysAndCutsWithAnyKey(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		entries := drawEntries(t)
		type cut struct {
			Key            string
			First, Last    time.Time
			Entries, Bytes int
		}
		var cuts [2][]cut
		var counts [2][]replay.Count
		for i := range cuts {
			chunks, c, err := chunk.Pack([32]byte{7}, entries, signingKey(byte(i)))
			if err != nil {
				t.Fatal(err)
			}
			counts[i] = c
			for _, c := range chunks {
				cuts[i] = append(cuts[i], cut{c.Key, c.First, c.Last, c.Entries, c.Bytes})
			}
		}
		if diff := cmp.Diff(cuts[0], cuts[1]) + cmp.Diff(counts[0], counts[1]); diff != "" {
			t.Fatal(diff)
		}
	})
}

func TestChunksOfTheSameMillisecondHaveKeysOfTheirOwn(t *testing.T) {
	chunks := pack(t, evenly(5, 0, 100_000))
	if len(chunks) != 3 || chunks[0].Key == chunks[1].Key || chunks[1].Key == chunks[2].Key {
		t.Errorf("got %d chunks, with the keys %s, %s ...", len(chunks), chunks[0].Key, chunks[1].Key)
	}
}

func TestOtherBodiesGetOtherKeys(t *testing.T) {
	entries := evenly(1, 0, 0)
	if a := pack(t, entries, entries); a[0].Key == a[1].Key {
		t.Errorf("two bodies have the key %s", a[0].Key)
	}
}

func TestRangeHoldsEveryChunkThatMayTouchTheWindow(t *testing.T) {
	tests := map[string]struct {
		w           replay.Window
		from, until string
	}{
		"the minute of from up to to + 1 ms": {replay.Window{From: time.UnixMilli(1750280466889), To: time.UnixMilli(1750280466890)}, "1750280460000", "1750280466891"},
		"one instant":                        {replay.Window{From: time.UnixMilli(60000), To: time.UnixMilli(60000)}, "0000000060000", "0000000060001"},
		"fractions of a millisecond":         {replay.Window{From: time.Unix(120, 999999), To: time.Unix(120, 1999999)}, "0000000120000", "0000000120002"},
		"all of time":                        {replay.Window{From: time.Date(1, 1, 1, 0, 0, 0, 0, time.UTC), To: time.Date(9999, 1, 1, 0, 0, 0, 0, time.UTC)}, "0000000000000", "9999999999999"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			if from, until := chunk.Range(test.w); from != test.from || until != test.until {
				t.Errorf("got %s to %s, want %s to %s", from, until, test.from, test.until)
			}
		})
	}
	rapid.Check(t, func(t *rapid.T) {
		chunks := drawChunks(t)
		w := drawWindow(t)
		from, until := chunk.Range(w)
		for _, p := range places(t, chunks) {
			if w.Holds(p.at) && (p.cursor.Chunk < from || p.cursor.Chunk >= until) {
				t.Fatalf("%s is not in %s to %s", p.cursor.Chunk, from, until)
			}
		}
	})
}
