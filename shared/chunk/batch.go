package chunk

import (
	"bytes"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"fmt"
	"hash/crc32"
	"iter"
	"slices"
	"time"

	"reprise/shared/auditlog"
	"reprise/shared/replay"
)

// tiny is the decoded size below which a chunk is not spliced: a run of such chunks is compressed anew as one piece, which
// is smaller than the many and faster for the receiver to read (DESIGN.md §4).
const tiny = 8 << 10

// Batch is what one POST carries.
type Batch struct {
	ID    string        // hash of the job and of what is in the batch: chunk keys and cuts
	Body  []byte        // one gzip member (RFC 1952); valid until the batch after the next is asked for
	First time.Time     // the instant of its first line; of the first of that chunk where the line has no rt
	Last  replay.Cursor // of its last line
	Tally replay.Tally  // Batches: 1
}

// Batches cuts the chunks of a window, from a cursor on, into batches of at most limit decoded bytes, but at least one line.
// Write, if it is not nil, appends to dst what is sent instead of a stored line, both without a newline: limit and tally
// then count what it made. It must make the same length of a line each time, and fail only where that is no stored line.
// Chunks must come in order of key, as a store's Chunks yields them, each valid until the next; the first may lie before the cursor.
// A chunk that lies whole within window and limit, and is sent as it was stored, is spliced; see DESIGN.md §4 for what is not.
// A window without lines yields nothing. The first error ends the sequence; it wraps a *Damage where a chunk is not what was stored.
func Batches(job string, w replay.Window, from replay.Cursor, limit int, write func(dst, line []byte) ([]byte, error), chunks iter.Seq2[Chunk, error]) iter.Seq2[Batch, error] {
	return func(yield func(Batch, error) bool) {
		b := binder{job: job, window: w, limit: int64(limit), write: write, yield: yield}
		b.begin()
		for c, err := range chunks {
			if err != nil {
				b.fail(fmt.Errorf("read chunks: %w", err))
				return
			}
			if !b.take(c, from) {
				return
			}
		}
		b.send()
	}
}

// binder makes batches. Its methods that return a bool say whether to go on.
type binder struct {
	job    string
	window replay.Window
	limit  int64
	write  func(dst, line []byte) ([]byte, error) // nil: lines are sent as they were stored
	yield  func(Batch, error) bool

	key         string // of the chunk taken last
	body, spare []byte // of the batch in the making; of the one before, which is still in use
	crc         uint32 // of what is in body, decoded
	run         []byte // lines of the batch that are to be compressed as its next piece
	line        []byte // the one that write made last
	first       time.Time
	tally       replay.Tally
	content     []byte // what the batch's ID is made of, but for the cut in hand
	cut         cut
	scratch     []byte // of the checksums
	z           compressor
	d           decoder
}

// cut is lines of a chunk, from up to, not including, to.
type cut struct {
	key      string
	from, to int
}

// begin starts a batch in the other buffer: the caller may still be sending the one before.
func (b *binder) begin() {
	b.body, b.spare = append(b.spare[:0], gzipHeader...), b.body
	b.crc, b.tally, b.cut = 0, replay.Tally{}, cut{}
	b.content = binary.BigEndian.AppendUint64(b.content[:0], uint64(len(b.job)))
	b.content = append(b.content, b.job...)
}

// take puts what the window and the cursor leave of c into batches.
func (b *binder) take(c Chunk, from replay.Cursor) bool {
	sum, scratch := c.checksum(b.scratch)
	b.scratch = scratch
	switch {
	case c.Key <= b.key: // it would be lost, or sent twice
		return b.fail(fmt.Errorf("read chunks: %s comes after %s", c.Key, b.key))
	case c.Checksum != sum: // before anything is believed of what it says
		return b.fail(damaged(c, errors.New("its checksum is another than it was stored with")))
	case c.Entries < 1 || c.Bytes < c.Entries:
		return b.fail(damaged(c, fmt.Errorf("it says %d lines in %d bytes", c.Entries, c.Bytes)))
	}
	b.key = c.Key
	first := 0
	if c.Key == from.Chunk {
		first = from.Line
	}
	if c.Key < from.Chunk || first >= c.Entries || c.Last.Before(b.window.From) || c.First.After(b.window.To) {
		return true
	}
	inside := b.window.Holds(c.First) && b.window.Holds(c.Last)
	if first > 0 || !inside || int64(c.Bytes) > b.limit || b.write != nil {
		return b.lines(c, first, !inside)
	}
	return b.whole(c)
}

// whole puts a chunk that is in the window and within the limit into a batch, as it was stored if it is not tiny.
func (b *binder) whole(c Chunk) bool {
	if !b.room(c.Bytes) {
		return false
	}
	if b.tally.Entries == 0 {
		b.first = c.First
	}
	if c.Bytes < tiny {
		lines, err := b.d.lines(c)
		if err != nil {
			return b.fail(err)
		}
		b.run = append(b.run, lines...)
	} else {
		if !flushed(c.Deflate) {
			return b.fail(damaged(c, errNoFlush))
		}
		if err := b.compress(); err != nil {
			return b.fail(err)
		}
		b.body = append(b.reserve(c), c.Deflate...)
		b.crc = combine(b.crc, c.CRC, c.Bytes)
	}
	b.include(cut{c.Key, 0, c.Entries}, c.Bytes)
	return true
}

// reserve is the body with room for c. Where it has to grow, it doubles: append grows large memory by a quarter, and each slice
// would begin with copying what it has again and again.
func (b *binder) reserve(c Chunk) []byte {
	need := len(c.Deflate)
	if cap(b.body)-len(b.body) >= need {
		return b.body
	}
	return slices.Grow(b.body, max(need, cap(b.body)))
}

// lines puts a chunk's lines into batches, from the first-th on: all of them, or those in the window.
func (b *binder) lines(c Chunk, first int, filter bool) bool {
	lines, err := b.d.lines(c)
	if err != nil {
		return b.fail(err)
	}
	i := -1
	for line := range bytes.Lines(lines) {
		i++
		if i < first {
			continue
		}
		if filter {
			at, ok := auditlog.At(line)
			if !ok {
				return b.fail(damaged(c, fmt.Errorf("its line %d has no rt", i+1)))
			}
			if !b.window.Holds(at) {
				continue
			}
		}
		sent, err := b.written(line)
		if err != nil {
			return b.fail(damaged(c, fmt.Errorf("its line %d: %w", i+1, err)))
		}
		if !b.room(len(sent)) {
			return false
		}
		if b.tally.Entries == 0 {
			b.first = c.First
			if at, ok := auditlog.At(line); ok {
				b.first = at
			}
		}
		b.run = append(b.run, sent...)
		b.include(cut{c.Key, i, i + 1}, len(sent))
	}
	return true
}

// written is what is sent of a line, both with their newline; valid until the next.
func (b *binder) written(line []byte) ([]byte, error) {
	if b.write == nil {
		return line, nil
	}
	sent, err := b.write(b.line[:0], line[:len(line)-1])
	if err != nil {
		return nil, err
	}
	b.line = append(sent, '\n')
	return b.line, nil
}

// room sends the batch in the making, if there is one, where that many bytes more would break the limit.
func (b *binder) room(bytes int) bool {
	if b.tally.Bytes+int64(bytes) > b.limit {
		return b.send()
	}
	return true
}

// include counts what was put into the batch. Neighbouring lines make one cut, however they came in: the ID must not tell.
func (b *binder) include(got cut, bytes int) {
	b.tally = b.tally.Add(replay.Tally{Entries: int64(got.to - got.from), Bytes: int64(bytes)})
	if b.cut.key == got.key && b.cut.to == got.from {
		b.cut.to = got.to
		return
	}
	b.closeCut()
	b.cut = got
}

func (b *binder) closeCut() {
	if b.cut.to == 0 {
		return
	}
	b.content = binary.BigEndian.AppendUint64(b.content, uint64(len(b.cut.key)))
	b.content = append(b.content, b.cut.key...)
	b.content = binary.BigEndian.AppendUint64(b.content, uint64(b.cut.from))
	b.content = binary.BigEndian.AppendUint64(b.content, uint64(b.cut.to))
}

// compress makes a piece of the lines that wait for it.
func (b *binder) compress() error {
	if len(b.run) == 0 {
		return nil
	}
	body, err := b.z.append(b.body, b.run)
	if err != nil {
		return err
	}
	b.body = body
	b.crc = crc32.Update(b.crc, crc32.IEEETable, b.run)
	b.run = b.run[:0]
	return nil
}

// send yields the batch in the making, if there is a line in it, then begins another.
func (b *binder) send() bool {
	if b.tally.Entries == 0 {
		return true
	}
	if err := b.compress(); err != nil {
		return b.fail(err)
	}
	b.body = appendTrailer(b.body, b.crc, b.tally.Bytes)
	last := replay.Cursor{Chunk: b.cut.key, Line: b.cut.to}
	b.closeCut()
	id := sha256.Sum256(b.content)
	b.tally.Batches = 1
	if !b.yield(Batch{hex.EncodeToString(id[:16]), b.body, b.first, last, b.tally}, nil) {
		return false
	}
	b.begin()
	return true
}

func (b *binder) fail(err error) bool {
	b.yield(Batch{}, err)
	return false
}
