// Package chunk is how entries lie together: cut, compressed once, spliced into batches.
package chunk

import (
	"encoding/binary"
	"fmt"
	"hash/crc32"
	"strconv"
	"strings"
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
	Checksum    uint32 // of all the rest, made by Sealed: a spliced chunk is not decoded, so nothing else would notice damage
	Deflate     []byte // raw DEFLATE (RFC 1951) that ends with a sync flush: byte-aligned, no final block
}

// Sealed is c with its checksum, as it is stored.
func (c Chunk) Sealed() Chunk {
	c.Checksum, _ = c.checksum(nil)
	return c
}

// checksum is a CRC-32C: processors have an instruction for it, so that a batch takes some microseconds more (DESIGN.md §4).
// It returns scratch, which may be nil, to be used again.
func (c Chunk) checksum(scratch []byte) (sum uint32, head []byte) {
	head = append(scratch[:0], c.Key...)
	for _, n := range [...]int64{c.First.UnixMilli(), c.Last.UnixMilli(), int64(c.Entries), int64(c.Bytes), int64(c.CRC)} {
		head = binary.BigEndian.AppendUint64(head, uint64(n))
	}
	table := crc32.MakeTable(crc32.Castagnoli)
	return crc32.Update(crc32.Checksum(head, table), table, c.Deflate), head
}

// Damage is the error of a chunk that is not what was stored. Nothing of it may be sent, and no other try mends it.
type Damage struct {
	Key string // of the chunk; where it could not be read at all, of one at or before it
	Err error  // what is wrong
}

func (d *Damage) Error() string { return fmt.Sprintf("chunk %s is damaged: %v", d.Key, d.Err) }

// Unwrap is what is wrong.
func (d *Damage) Unwrap() error { return d.Err }

// At is the instant that the key begins with; the zero time where it begins with none.
func (d *Damage) At() time.Time { return KeyTime(d.Key) }

// KeyTime is the instant that a chunk's key begins with; the zero time where it begins with none.
func KeyTime(key string) time.Time {
	digits, _, _ := strings.Cut(key, "-")
	milli, err := strconv.ParseInt(digits, 10, 64)
	if err != nil {
		return time.Time{}
	}
	return time.UnixMilli(milli).UTC()
}

func damaged(c Chunk, err error) error { return &Damage{c.Key, err} }

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
