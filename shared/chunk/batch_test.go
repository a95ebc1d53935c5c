package chunk_test

import (
	"bytes"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"iter"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"reprise/shared/auditlog"
	"reprise/shared/chunk"
	"reprise/shared/replay"
)

// full is n chunks of almost Size, a minute each.
func full(t testing.TB, n int) []chunk.Chunk {
	t.Helper()
	var entries []auditlog.Entry
	for i := range n {
		for _, e := range evenly(chunk.Size/1000, 0, 1000) {
			moved := entry(time.Duration(i)*time.Minute, "")
			e.At, e.Raw = moved.At, bytes.Replace(e.Raw, []byte(`"rt":1773489600000`), moved.Raw[bytes.Index(moved.Raw, []byte(`"rt":17`)):][:18], 1)
			entries = append(entries, e)
		}
	}
	return pack(t, entries)
}

func TestChunksLieInABatchAsTheyWereStored(t *testing.T) {
	chunks := full(t, 5)
	want := "\x1f\x8b\x08\x00\x00\x00\x00\x00\x00\xff"
	for _, c := range chunks[:4] {
		want += string(c.Deflate)
	}
	want += "\x03\x00"
	batches := collect(t, chunk.Batches("job", allDay(), replay.Cursor{}, replay.BatchLimit, nil, stored(chunks)))
	if len(batches) != 2 || !strings.HasPrefix(string(batches[0].Body), want) || len(batches[0].Body) != len(want)+8 {
		t.Errorf("four full chunks were not laid one after the other into the first of %d batches", len(batches))
	}
}

func TestAWindowWithoutLinesYieldsNothing(t *testing.T) {
	chunks := pack(t, evenly(10, 2*time.Second, 100))
	tests := map[string]struct {
		w      replay.Window
		from   replay.Cursor
		chunks []chunk.Chunk
	}{
		"no chunks":                   {allDay(), replay.Cursor{}, nil},
		"all before":                  {replay.Window{From: noon.Add(19 * time.Second), To: noon.Add(time.Hour)}, replay.Cursor{}, chunks},
		"all after":                   {replay.Window{From: noon.Add(-time.Hour), To: noon.Add(-1)}, replay.Cursor{}, chunks},
		"between two lines":           {replay.Window{From: noon.Add(3 * time.Second), To: noon.Add(3 * time.Second)}, replay.Cursor{}, chunks},
		"all behind the cursor":       {allDay(), replay.Cursor{Chunk: chunks[0].Key, Line: 10}, chunks},
		"a cursor behind that chunk":  {allDay(), replay.Cursor{Chunk: chunks[0].Key + "0", Line: 0}, chunks},
		"only lines after the window": {replay.Window{From: noon, To: noon.Add(time.Second)}, replay.Cursor{Chunk: chunks[0].Key, Line: 1}, chunks},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			if got := collect(t, chunk.Batches("job", test.w, test.from, 1000, nil, stored(test.chunks))); len(got) > 0 {
				t.Errorf("got %d batches, the first with %+v", len(got), got[0].Tally)
			}
		})
	}
}

func TestAChunkOutsideOfTheWindowIsNotEvenDecoded(t *testing.T) {
	chunks := pack(t, evenly(3, time.Minute, 0))
	chunks[0].Deflate, chunks[2].Deflate = nil, nil
	chunks[0], chunks[2] = chunks[0].Sealed(), chunks[2].Sealed()
	w := replay.Window{From: noon.Add(time.Millisecond), To: noon.Add(2*time.Minute - time.Millisecond)}
	got := collect(t, chunk.Batches("job", w, replay.Cursor{}, 1000, nil, stored(chunks)))
	if len(got) != 1 || got[0].Last.Chunk != chunks[1].Key {
		t.Errorf("got %d batches", len(got))
	}
}

func TestBothEndsOfTheWindowAreInIt(t *testing.T) {
	chunks := pack(t, evenly(5, time.Second, 0))
	w := replay.Window{From: noon.Add(time.Second), To: noon.Add(3 * time.Second)}
	batches := collect(t, chunk.Batches("job", w, replay.Cursor{}, replay.BatchLimit, nil, stored(chunks)))
	if len(batches) != 1 || batches[0].Last != (replay.Cursor{Chunk: chunks[0].Key, Line: 4}) {
		t.Fatalf("got %+v", batches)
	}
	if diff := cmp.Diff(text(places(t, chunks)[1:4]), gunzip(t, batches[0].Body)); diff != "" {
		t.Error(diff)
	}
}

func TestARunOfTinyChunksIsOnePiece(t *testing.T) {
	var bodies [][]auditlog.Entry
	for i := range 50 {
		bodies = append(bodies, []auditlog.Entry{entry(time.Duration(i)*time.Millisecond, "the same in each")})
	}
	chunks := pack(t, bodies...)
	var apart int
	for _, c := range chunks {
		apart += len(c.Deflate)
	}
	batches := collect(t, chunk.Batches("job", allDay(), replay.Cursor{}, replay.BatchLimit, nil, stored(chunks)))
	if len(batches) != 1 || len(batches[0].Body) > apart*3/4 {
		t.Errorf("%d bytes of tiny chunks became %d batches, the first of %d bytes", apart, len(batches), len(batches[0].Body))
	}
	if got := gunzip(t, batches[0].Body); got != text(places(t, chunks)) {
		t.Error("their lines are others")
	}
}

func TestALineLargerThanTheLimitIsABatchByItself(t *testing.T) {
	chunks := pack(t, []auditlog.Entry{entry(0, "a"), entry(1, noise(1, 5000)), entry(2, "b"), entry(3, "c")})
	var got []int64
	for _, b := range collect(t, chunk.Batches("job", allDay(), replay.Cursor{}, 1000, nil, stored(chunks))) {
		got = append(got, b.Tally.Entries)
	}
	if diff := cmp.Diff([]int64{1, 1, 2}, got); diff != "" {
		t.Error(diff)
	}
}

func TestABatchIsCutRightAtTheLimit(t *testing.T) {
	tests := map[string][]chunk.Chunk{
		"spliced": pack(t, evenly(20, 0, 1000), evenly(20, 0, 1000)),
		"tiny":    pack(t, evenly(2, 0, 1000), evenly(2, 0, 1000)),
		"a chunk": pack(t, evenly(2, 0, 1000)),
	}
	for name, chunks := range tests {
		t.Run(name, func(t *testing.T) {
			size := 0
			for _, c := range chunks {
				size += c.Bytes
			}
			for limit, want := range map[int]int{size: 1, size - 1: 2} {
				if got := collect(t, chunk.Batches("job", allDay(), replay.Cursor{}, limit, nil, stored(chunks))); len(got) != want {
					t.Errorf("%d bytes became %d batches of at most %d", size, len(got), limit)
				}
			}
		})
	}
}

func TestTheLimitCountsWhatIsSent(t *testing.T) {
	chunks := pack(t, evenly(20, 0, 1000), evenly(2, time.Second, 1000))
	size := 22 * 1000 // as they are stored
	for limit, want := range map[int][]int64{2*size - 22: {22}, 2*size - 23: {21, 1}, size: {11, 11}, 1998: {1, 1}} {
		var got []int64
		for _, b := range collect(t, chunk.Batches("job", allDay(), replay.Cursor{}, limit, shout, stored(chunks))) {
			if got = append(got, b.Tally.Entries); b.Tally.Bytes != int64(len(gunzip(t, b.Body))) {
				t.Errorf("a batch of %d bytes says %d", len(gunzip(t, b.Body)), b.Tally.Bytes)
			}
		}
		if diff := cmp.Diff(want, got[:len(want)]); diff != "" {
			t.Errorf("%d bytes: %s", limit, diff)
		}
	}
}

func TestALineThatCannotBeWrittenIsDamage(t *testing.T) {
	chunks := pack(t, evenly(3, time.Second, 100))
	odd := errors.New("no such line")
	n := 0
	write := func(dst, line []byte) ([]byte, error) {
		if n++; n == 3 {
			return dst, odd
		}
		return append(dst, line...), nil
	}
	for b, err := range chunk.Batches("job", allDay(), replay.Cursor{}, 1000, write, stored(chunks)) {
		var damage *chunk.Damage
		if !errors.As(err, &damage) || !errors.Is(err, odd) || damage.Key != chunks[0].Key || b.Tally.Entries > 0 {
			t.Errorf("got %+v, %v", b.Tally, err)
		}
		if want := "chunk " + chunks[0].Key + " is damaged: its line 3: no such line"; err.Error() != want {
			t.Errorf("got %q", err)
		}
	}
}

func TestAnotherJobGivesAnotherID(t *testing.T) {
	chunks := pack(t, evenly(1, 0, 0))
	a := collect(t, chunk.Batches("a", allDay(), replay.Cursor{}, 1000, nil, stored(chunks)))
	b := collect(t, chunk.Batches("b", allDay(), replay.Cursor{}, 1000, nil, stored(chunks)))
	if a[0].ID == b[0].ID {
		t.Errorf("two jobs have a batch %s", a[0].ID)
	}
}

// A batch that is sent again may have been sent first by an older build: its ID must be the same.
func TestAnIDIsTheHashOfTheJobWithEachChunksKeyAndCut(t *testing.T) {
	chunks := pack(t, evenly(3, time.Second, 100), evenly(5, time.Second, 100))
	w := replay.Window{From: noon, To: noon.Add(3 * time.Second)}
	kept := min(4, chunks[1].Entries)
	want := sha256.New()
	for _, part := range []any{"job", chunks[0].Key, 1, min(4, chunks[0].Entries), chunks[1].Key, 0, kept} {
		switch part := part.(type) {
		case string:
			want.Write(binary.BigEndian.AppendUint64(nil, uint64(len(part))))
			want.Write([]byte(part))
		case int:
			want.Write(binary.BigEndian.AppendUint64(nil, uint64(part)))
		}
	}
	got := collect(t, chunk.Batches("job", w, replay.Cursor{Chunk: chunks[0].Key, Line: 1}, replay.BatchLimit, nil, stored(chunks)))
	if id := hex.EncodeToString(want.Sum(nil)[:16]); len(got) != 1 || got[0].ID != id {
		t.Errorf("got %s, want %s", got[0].ID, id)
	}
}

func TestALineLeftOutBetweenTwoOthersGivesAnotherID(t *testing.T) {
	sorted := deflated(t, "a key", "{\"rt\":1}\n{\"rt\":2}\n{\"rt\":3}\n", 6)
	mixed := deflated(t, "a key", "{\"rt\":1}\n{\"rt\":9}\n{\"rt\":3}\n", 6)
	w := replay.Window{From: time.UnixMilli(1), To: time.UnixMilli(3)}
	var ids []string
	for _, c := range []chunk.Chunk{sorted, mixed} {
		c.First, c.Last = time.UnixMilli(1), time.UnixMilli(9)
		ids = append(ids, collect(t, chunk.Batches("job", w, replay.Cursor{}, 1000, nil, stored([]chunk.Chunk{c.Sealed()})))[0].ID)
	}
	if ids[0] == ids[1] {
		t.Errorf("%s names three lines, and two of them", ids[0])
	}
}

func TestALateChunkMakesAnotherBatch(t *testing.T) {
	chunks := pack(t, evenly(1, 0, 0), evenly(1, 0, 0))
	first := collect(t, chunk.Batches("job", allDay(), replay.Cursor{}, 1000, nil, stored(chunks[1:])))
	second := collect(t, chunk.Batches("job", allDay(), replay.Cursor{}, 1000, nil, stored(chunks)))
	if first[0].ID == second[0].ID || first[0].Last != second[0].Last {
		t.Errorf("got %s up to %v, then %s up to %v", first[0].ID, first[0].Last, second[0].ID, second[0].Last)
	}
}

func TestNoChunkIsAskedForAfterTheCallerStops(t *testing.T) {
	chunks := pack(t, evenly(10, time.Minute, 0))
	asked := 0
	counted := func(yield func(chunk.Chunk, error) bool) {
		for _, c := range chunks {
			asked++
			if !yield(c, nil) {
				return
			}
		}
	}
	for range chunk.Batches("job", allDay(), replay.Cursor{}, 1, nil, counted) {
		break
	}
	if asked != 2 { // the second one showed that the first batch was full
		t.Errorf("%d chunks were asked for", asked)
	}
}

func TestTheFirstErrorEndsTheSequence(t *testing.T) {
	broken := errors.New("the disk is gone")
	large := pack(t, evenly(30, time.Second, 1000)) // spliced
	small := pack(t, evenly(3, time.Second, 0))     // decoded
	tests := map[string]struct {
		chunks iter.Seq2[chunk.Chunk, error]
		want   string
	}{
		"the store fails":         {then(large, chunk.Chunk{}, broken), "read chunks: the disk is gone"},
		"keys out of order":       {then(large, with(small, func(c *chunk.Chunk) { c.Key = "0" }), nil), "read chunks: 0 comes after " + large[0].Key},
		"a key twice":             {then(large, large[0], nil), "comes after"},
		"no sync flush, spliced":  {then(nil, with(large, func(c *chunk.Chunk) { c.Deflate = c.Deflate[:len(c.Deflate)-1] }), nil), large[0].Key + " is damaged: it does not end with a sync flush"},
		"no sync flush, decoded":  {then(nil, with(small, func(c *chunk.Chunk) { c.Deflate = nil }), nil), small[0].Key + " is damaged: it does not end with a sync flush"},
		"no lines":                {then(nil, with(small, func(c *chunk.Chunk) { c.Entries = 0 }), nil), "it says 0 lines"},
		"fewer bytes than lines":  {then(nil, with(small, func(c *chunk.Chunk) { c.Bytes = 2 }), nil), "it says 3 lines in 2 bytes"},
		"another CRC, decoded":    {then(nil, with(small, func(c *chunk.Chunk) { c.CRC++ }), nil), small[0].Key + " is damaged: its CRC-32"},
		"another count, decoded":  {then(nil, with(small, func(c *chunk.Chunk) { c.Entries++ }), nil), "it has 3 lines, not the 4 it says"},
		"another length, decoded": {then(nil, with(small, func(c *chunk.Chunk) { c.Bytes++ }), nil), "it says"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			var errs []error
			for b, err := range chunk.Batches("job", allDay(), replay.Cursor{}, replay.BatchLimit, nil, test.chunks) {
				if errs = append(errs, err); err != nil && b.Body != nil {
					t.Error("a batch came with the error")
				}
			}
			if len(errs) != 1 || errs[0] == nil || !strings.Contains(errs[0].Error(), test.want) {
				t.Errorf("got %v, want one error that says %q", errs, test.want)
			}
		})
	}
	for _, err := range chunk.Batches("job", allDay(), replay.Cursor{}, 1000, nil, then(nil, chunk.Chunk{}, broken)) {
		if !errors.Is(err, broken) {
			t.Errorf("%v is not the store's error", err)
		}
	}
}

// then is chunks, then another or an error.
func then(chunks []chunk.Chunk, c chunk.Chunk, err error) iter.Seq2[chunk.Chunk, error] {
	return func(yield func(chunk.Chunk, error) bool) {
		for _, c := range chunks {
			if !yield(c, nil) {
				return
			}
		}
		yield(c, err)
	}
}

// with is the first of the chunks, changed before it was stored.
func with(chunks []chunk.Chunk, change func(*chunk.Chunk)) chunk.Chunk {
	c := chunks[0]
	c.Deflate = slices.Clone(c.Deflate)
	change(&c)
	return c.Sealed()
}

func TestAChunkThatIsNotWhatWasStoredIsNeverSent(t *testing.T) {
	large, small := pack(t, evenly(30, time.Second, 1000))[0], pack(t, evenly(3, time.Second, 0))[0]
	changes := map[string]func(*chunk.Chunk){
		"its key":             func(c *chunk.Chunk) { c.Key = c.Key[:len(c.Key)-1] + "x" },
		"its first time":      func(c *chunk.Chunk) { c.First = c.First.AddDate(1, 0, 0) }, // outside the window: it would be passed over
		"its last time":       func(c *chunk.Chunk) { c.Last = c.Last.AddDate(-1, 0, 0) },
		"its count":           func(c *chunk.Chunk) { c.Entries++ },
		"its length":          func(c *chunk.Chunk) { c.Bytes++ },
		"its CRC":             func(c *chunk.Chunk) { c.CRC ^= 1 << 31 },
		"its checksum":        func(c *chunk.Chunk) { c.Checksum ^= 1 },
		"a bit of its bytes":  func(c *chunk.Chunk) { c.Deflate[len(c.Deflate)/2] ^= 4 },
		"a byte lost":         func(c *chunk.Chunk) { c.Deflate = c.Deflate[1:] },
		"bytes overwritten":   func(c *chunk.Chunk) { clear(c.Deflate[5:20]) },
		"its bytes, but ends": func(c *chunk.Chunk) { c.Deflate = []byte(sync) },
	}
	for what, change := range changes {
		t.Run(what, func(t *testing.T) {
			for kind, c := range map[string]chunk.Chunk{"spliced": large, "decoded": small} {
				c.Deflate = slices.Clone(c.Deflate)
				change(&c)
				n := 0
				for b, err := range chunk.Batches("job", allDay(), replay.Cursor{}, replay.BatchLimit, nil, then(nil, c, nil)) {
					n++
					var damage *chunk.Damage
					if !errors.As(err, &damage) || damage.Key != c.Key || !damage.At().Equal(noon) || b.Body != nil {
						t.Errorf("%s: got a batch of %d bytes, %v", kind, len(b.Body), err)
					}
				}
				if n != 1 {
					t.Errorf("%s: got %d batches, want one error", kind, n)
				}
			}
		})
	}
	if at := (&chunk.Damage{Key: "what"}).At(); !at.IsZero() {
		t.Errorf("a key that is none is of %v", at)
	}
}

func TestAFilteredLineWithoutAnRtIsAnError(t *testing.T) {
	chunks := pack(t, []auditlog.Entry{{At: noon, Raw: []byte(`{"a":1}`)}, entry(time.Second, "")})
	w := replay.Window{From: noon, To: noon}
	for _, err := range chunk.Batches("job", w, replay.Cursor{}, 1000, nil, stored(chunks)) {
		if err == nil || !strings.Contains(err.Error(), "line 1 has no rt") {
			t.Errorf("got %v", err)
		}
	}
}
