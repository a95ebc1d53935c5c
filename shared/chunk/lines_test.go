package chunk_test

import (
	"bytes"
	"compress/flate"
	"hash/crc32"
	"math"
	"runtime"
	"strings"
	"testing"

	"reprise/shared/chunk"
)

// deflated is lines as another compressor makes a chunk of them: Go's, at some level.
func deflated(t testing.TB, key, lines string, level int) chunk.Chunk {
	t.Helper()
	var b bytes.Buffer
	w, err := flate.NewWriter(&b, level)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := w.Write([]byte(lines)); err != nil {
		t.Fatal(err)
	}
	if err := w.Flush(); err != nil {
		t.Fatal(err)
	}
	return chunk.Chunk{
		Key: key, First: noon, Last: noon, Entries: strings.Count(lines, "\n"), Bytes: len(lines),
		CRC: crc32.ChecksumIEEE([]byte(lines)), Deflate: b.Bytes(),
	}.Sealed()
}

// sync is an empty stored block: what every piece ends with.
const sync = "\x00\x00\x00\xff\xff"

func TestADamagedChunkIsAnErrorThatNamesIt(t *testing.T) {
	good := deflated(t, "the key", strings.Repeat("a line\n", 100), 6)
	tests := map[string]struct {
		change func(*chunk.Chunk)
		want   string
	}{
		"cut off":                          {func(c *chunk.Chunk) { c.Deflate = c.Deflate[:len(c.Deflate)-2] }, "sync flush"},
		"nothing there":                    {func(c *chunk.Chunk) { c.Deflate = nil }, "sync flush"},
		"only the end of a flush":          {func(c *chunk.Chunk) { c.Deflate = []byte(sync[1:]) }, "sync flush"},
		"cut off, but for the flush":       {func(c *chunk.Chunk) { c.Deflate = append(c.Deflate[:8:8], sync...) }, ""},
		"a final block before its end":     {func(c *chunk.Chunk) { c.Deflate = append(c.Deflate, "\x03\x00"+sync...) }, "ends before its last byte"},
		"a stored block that is too long":  {func(c *chunk.Chunk) { c.Deflate = []byte("\x00\x09\x00\xf6\xffab\n" + sync) }, "unexpected EOF"},
		"more than it says":                {func(c *chunk.Chunk) { c.Bytes-- }, "more than the 699 bytes"},
		"less than it says":                {func(c *chunk.Chunk) { c.Bytes++ }, "decodes to 700 bytes, not the 701"},
		"it says less than nothing":        {func(c *chunk.Chunk) { c.Bytes = -1 }, "more than the -1"},
		"it says more than there could be": {func(c *chunk.Chunk) { c.Bytes = math.MaxInt }, ""},
		"another CRC":                      {func(c *chunk.Chunk) { c.CRC ^= 1 }, "CRC-32"},
		"more lines":                       {func(c *chunk.Chunk) { c.Entries-- }, "has 100 lines, not the 99"},
		"fewer lines":                      {func(c *chunk.Chunk) { c.Entries++ }, "has 100 lines, not the 101"},
		"a line without an end":            {func(c *chunk.Chunk) { *c = deflated(t, c.Key, "a\nb", 6) }, "has 1 lines"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			c := good
			test.change(&c)
			n := 0
			for line, err := range c.Lines() {
				n++
				if err == nil || !strings.Contains(err.Error(), "the key") || !strings.Contains(err.Error(), test.want) {
					t.Errorf("got %q, %v", line, err)
				}
			}
			if n != 1 {
				t.Errorf("got %d lines, want one error", n)
			}
		})
	}
}

func TestLinesEndWhereTheCallerStops(t *testing.T) {
	c := deflated(t, "the key", "a\n\nb\n", 6)
	var got []string
	for line, err := range c.Lines() {
		if err != nil {
			t.Fatal(err)
		}
		if got = append(got, string(line)); len(got) == 2 {
			break
		}
	}
	if len(got) != 2 || got[0] != "a" || got[1] != "" {
		t.Errorf("got %q", got)
	}
}

func TestADamagedChunkCostsNoMoreMemoryThanItSays(t *testing.T) {
	bomb := deflated(t, "the key", strings.Repeat("\n", 8<<20), 1)
	bomb.Bytes, bomb.Entries = 1000, 1000
	huge := deflated(t, "the key", "a\n", 6)
	huge.Bytes = math.MaxInt
	for _, c := range []chunk.Chunk{bomb, huge} {
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		for _, err := range c.Lines() {
			if err == nil {
				t.Error("no error")
			}
		}
		runtime.ReadMemStats(&after)
		if got := after.TotalAlloc - before.TotalAlloc; got > 2<<20 {
			t.Errorf("%d bytes of memory were used to decode %d", got, c.Bytes)
		}
	}
}

// FuzzLines: a damaged chunk gives an error, or the right lines after all; never a panic.
func FuzzLines(f *testing.F) {
	good := deflated(f, "", "{\"rt\":1}\n{\"rt\":2}\n", 6)
	f.Add(good.Deflate, good.Entries, good.Bytes, good.CRC)
	f.Add(good.Deflate[:5], good.Entries, good.Bytes, good.CRC)
	f.Add([]byte("\x00\x03\x00\xfc\xffab\n"+sync), 1, 3, crc32.ChecksumIEEE([]byte("ab\n")))
	f.Add([]byte("\x03\x00"+sync), 0, 0, uint32(0))
	f.Add([]byte(sync), 0, 0, uint32(0))
	f.Add([]byte(sync), -1, math.MinInt, uint32(0))
	f.Add([]byte(sync), 1, math.MaxInt, uint32(0))
	f.Fuzz(func(t *testing.T, deflate []byte, entries, size int, crc uint32) {
		c := chunk.Chunk{Key: "the key", First: noon, Last: noon, Entries: entries, Bytes: size, CRC: crc, Deflate: deflate}
		var lines []byte
		n := 0
		for line, err := range c.Lines() {
			if err != nil {
				if n > 0 || !strings.Contains(err.Error(), c.Key) {
					t.Fatalf("after %d lines: %v", n, err)
				}
				return
			}
			n++
			lines = append(append(lines, line...), '\n')
		}
		if n != entries || len(lines) != size || crc32.ChecksumIEEE(lines) != crc {
			t.Fatalf("%d lines, %d bytes, CRC %08x where it says %d, %d, %08x", n, len(lines), crc32.ChecksumIEEE(lines), entries, size, crc)
		}
	})
}
