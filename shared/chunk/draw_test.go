package chunk_test

import (
	"strings"
	"time"

	"pgregory.net/rapid"

	"reprise/shared/auditlog"
	"reprise/shared/chunk"
	"reprise/shared/replay"
)

// drawMoment is an instant around some minute borders, so that many coincide and some lie at the very edge.
func drawMoment(t *rapid.T, label string) time.Duration {
	minute := rapid.SampledFrom([]time.Duration{-time.Minute, 0, time.Minute, 59 * time.Minute, time.Hour}).Draw(t, label+" minute")
	within := rapid.OneOf(
		rapid.SampledFrom([]int{0, 1, 30_000, 59_998, 59_999}),
		rapid.IntRange(0, 59_999),
	).Draw(t, label+" ms")
	return minute + time.Duration(within)*time.Millisecond
}

// drawEntries are those of one body, in any order: mostly small ones, some of which make chunks that are not tiny.
func drawEntries(t *rapid.T) []auditlog.Entry {
	n := rapid.IntRange(0, 12).Draw(t, "entries")
	entries := make([]auditlog.Entry, n)
	for i := range entries {
		size := rapid.SampledFrom([]int{0, 0, 1, 100, 100, 2000, 9000, 9000, 30_000}).Draw(t, "size")
		filling := strings.Repeat("abc ", size/4)
		if rapid.Bool().Draw(t, "noisy") {
			filling = noise(uint64(i), size)
		}
		entries[i] = entry(drawMoment(t, "entry"), filling)
	}
	return entries
}

// drawChunks are those of some bodies, in order of key.
func drawChunks(t *rapid.T) []chunk.Chunk {
	bodies := make([][]auditlog.Entry, rapid.IntRange(1, 3).Draw(t, "bodies"))
	for i := range bodies {
		bodies[i] = drawEntries(t)
	}
	return pack(t, bodies...)
}

func drawWindow(t *rapid.T) replay.Window {
	if rapid.Bool().Draw(t, "all day") {
		return allDay()
	}
	from, to := noon.Add(drawMoment(t, "from")), noon.Add(drawMoment(t, "to"))
	if to.Before(from) {
		from, to = to, from
	}
	return replay.Window{From: from, To: to}
}

func drawLimit(t *rapid.T, label string) int {
	return rapid.SampledFrom([]int{0, 1, 300, 1000, 10_000, 60_000, chunk.Size, replay.BatchLimit, 1 << 30}).Draw(t, label)
}

// drawCursor is the start, or a place in a chunk, or one where no chunk is any more.
func drawCursor(t *rapid.T, chunks []chunk.Chunk) replay.Cursor {
	if len(chunks) == 0 || rapid.Bool().Draw(t, "from the start") {
		return replay.Cursor{}
	}
	c := rapid.SampledFrom(chunks).Draw(t, "cursor's chunk")
	line := rapid.IntRange(0, c.Entries).Draw(t, "cursor's line")
	if rapid.IntRange(0, 9).Draw(t, "gone") == 0 {
		return replay.Cursor{Chunk: c.Key + "0", Line: line}
	}
	return replay.Cursor{Chunk: c.Key, Line: line}
}

// drawWrite is a way to write lines that makes them shorter, longer or empty; nil is as they are.
func drawWrite(t *rapid.T) func(dst, line []byte) ([]byte, error) {
	switch rapid.IntRange(0, 3).Draw(t, "write") {
	case 0:
		return shout
	case 1: // another length for each line
		return func(dst, line []byte) ([]byte, error) {
			dst = append(dst, line[:len(line)%97]...)
			return append(dst, strings.Repeat("+", len(line)%7*100)...), nil
		}
	case 2:
		return func(dst, _ []byte) ([]byte, error) { return dst, nil }
	default:
		return nil
	}
}
