// Package chunk is how entries lie together: cut, compressed once, spliced into batches.
package chunk

import (
	"fmt"
	"time"

	"reprise/shared/replay"
)

// Size is where a chunk is cut: decoded bytes. Four make a batch of 1 MiB, and a chunk's stored form stays far
// below an item's 400 KB, even where nothing compresses (DESIGN.md §4).
const Size = 256 << 10

// Chunk is a run of signed lines of one minute, each ended by a newline, compressed by itself.
type Chunk struct {
	// Key orders chunks by their first entry's time: 13 digits of milliseconds since the epoch, a minus, then the id: 24 hex
	// digits of the hash of the decoded request body and 8 of the chunk's place among that body's chunks. So the same body sent
	// again stores nothing twice, and its chunks stay in order even where they begin in one millisecond.
	Key         string
	First, Last time.Time
	Entries     int
	Bytes       int    // decoded
	CRC         uint32 // IEEE CRC-32 of the decoded lines
	Deflate     []byte // raw DEFLATE (RFC 1951) that ends with a sync flush: byte-aligned, no final block
}

// endMilli is the first instant that 13 digits of milliseconds cannot be followed by another: November 2286.
const endMilli = 9_999_999_999_999

const minuteMilli = int64(time.Minute / time.Millisecond)

// Range is the keys of every chunk that may hold a line of the window: from up to, not including, until.
// A chunk lies within one minute, so the range begins with the minute of w.From.
func Range(w replay.Window) (from, until string) {
	first := min(max(w.From.UnixMilli(), 0), endMilli)
	after := min(max(w.To.UnixMilli()+1, 0), endMilli)
	return keyTime(first - first%minuteMilli), keyTime(after)
}

// keyTime is how a key begins. It is smaller than every key of that millisecond and larger than every key of the one before.
func keyTime(milli int64) string { return fmt.Sprintf("%013d", milli) }
