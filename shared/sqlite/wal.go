package sqlite

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
)

// The write-ahead log's format: https://sqlite.org/fileformat2.html#the_write_ahead_log.
const (
	walHeader   = 32
	frameHeader = 24
	walMagic    = 0x377f0682 // its last bit says that checksums are of big-endian words
	pageSize    = 4096       // of a file that was made here
)

// Lost is how many pages of the file's write-ahead log are of no use because one before them is damaged: what was written
// last, before the file was last closed or its process died. SQLite passes over them without a word, because a log that
// was cut off while it was written looks nearly the same. But there no commit follows: the pages of a transaction that was
// rolled back, or killed, lie in the log until another is written over them, and when that is shorter, the rest of them
// lies behind it. Only the machine's loss of power, or somebody who wrote to the log, leaves a commit there.
// It must be called before Open, which forgets them, and while nobody writes to the file; path is the file's Place.
func Lost(path string) (pages int, err error) {
	f, err := os.Open(path + "-wal")
	if errors.Is(err, fs.ErrNotExist) {
		return 0, nil
	}
	if err == nil {
		defer func() { _ = f.Close() }()
		pages, err = lost(f)
	}
	if err != nil {
		return 0, fmt.Errorf("data file %s: reading its log: %w", path, err)
	}
	return pages, nil
}

func lost(log io.Reader) (pages int, err error) {
	head := make([]byte, walHeader)
	if _, err := io.ReadFull(log, head); err != nil {
		return 0, ofEnd(err)
	}
	magic, size := binary.BigEndian.Uint32(head), binary.BigEndian.Uint32(head[8:])
	sum := walSum{order: binary.LittleEndian}
	if magic&1 == 1 {
		sum.order = binary.BigEndian
	}
	sum.add(head[:24])
	known := magic&^1 == walMagic && sum.is(head[24:])
	if !known {
		size = pageSize
	}
	frame, behind := make([]byte, frameHeader+size), 0
	for intact, follows := known, true; ; {
		if _, err := io.ReadFull(log, frame); err != nil {
			return pages, ofEnd(err)
		}
		mine := !known || string(frame[8:16]) == string(head[16:24]) // else it is left over from before the log began anew
		if !intact && mine {
			behind++
		}
		sum.add(frame[:8])
		sum.add(frame[frameHeader:])
		whole := mine && sum.is(frame[16:24])
		commits := binary.BigEndian.Uint32(frame[4:]) > 0 && (whole || !follows) // one that was killed may have left its beginning
		if !known || mine && commits {
			pages = behind
		}
		intact = intact && whole
		follows = mine
		sum.a, sum.b = binary.BigEndian.Uint32(frame[16:]), binary.BigEndian.Uint32(frame[20:]) // what the next is said to go on from
	}
}

// ofEnd takes the end of the log, also in the middle of a frame, for no error.
func ofEnd(err error) error {
	if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
		return nil
	}
	return err
}

// walSum is a checksum over all of the log up to somewhere: each frame says it, and the next one's goes on from there.
type walSum struct {
	order binary.ByteOrder
	a, b  uint32
}

// add takes the next bytes in, a multiple of 8.
func (s *walSum) add(data []byte) {
	for ; len(data) >= 8; data = data[8:] {
		s.a += s.order.Uint32(data) + s.b
		s.b += s.order.Uint32(data[4:]) + s.a
	}
}

// is compares it with how the log says it.
func (s *walSum) is(said []byte) bool {
	return binary.BigEndian.Uint32(said) == s.a && binary.BigEndian.Uint32(said[4:]) == s.b
}
