package demo

import (
	"bufio"
	"bytes"
	"compress/gzip"
	"errors"
	"fmt"
	"io"
	"iter"
	"os"
)

// maxLine is the longest line that is read: far above any entry (CONTRACT.md §6), low enough for a file of anything else to fail.
const maxLine = 4 << 20

// Line is one line of a file, without its end.
type Line struct {
	N      int64 // from 1, blank ones counted
	Text   []byte
	Padded bool // white space around Text was taken away
}

// lines yields the lines of a file that are not blank, each valid until the next. A file that is gzipped is known by its
// first two bytes (RFC 1952 §2.3.1), whatever its name.
func lines(path string) iter.Seq2[Line, error] {
	return func(yield func(Line, error) bool) {
		f, err := os.Open(path)
		if err != nil {
			yield(Line{}, err)
			return
		}
		defer f.Close()
		r, err := decompressed(f)
		if err != nil {
			yield(Line{}, fmt.Errorf("reading %s: %w", path, err))
			return
		}
		s := bufio.NewScanner(r)
		s.Buffer(make([]byte, 64<<10), maxLine)
		var n int64
		for s.Scan() {
			n++
			text := bytes.TrimSpace(s.Bytes())
			if len(text) > 0 && !yield(Line{n, text, len(text) < len(s.Bytes())}, nil) {
				return
			}
		}
		if err := s.Err(); err != nil {
			yield(Line{}, fmt.Errorf("reading %s after line %d: %w", path, n, err))
		}
	}
}

func decompressed(f io.Reader) (io.Reader, error) {
	r := bufio.NewReaderSize(f, 256<<10)
	magic, err := r.Peek(2)
	if err != nil && !errors.Is(err, io.EOF) {
		return nil, err
	}
	if !bytes.Equal(magic, []byte{0x1f, 0x8b}) {
		return r, nil
	}
	return gzip.NewReader(r)
}
