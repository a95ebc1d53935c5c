// Package lines reads files of entries, one a line.
package lines

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

// Max is the longest line that is read, in bytes: far above any entry (CONTRACT.md §6), low enough for a file of anything else
// to fail.
const Max = 4 << 20

// Line is one line of a file, without its end.
type Line struct {
	N      int64 // from 1, blank ones counted
	Text   []byte
	Padded bool // white space around Text was taken away, a carriage return among it
}

// Of yields the lines of a file that are not blank, as Read does.
func Of(path string) iter.Seq2[Line, error] {
	return func(yield func(Line, error) bool) {
		f, err := os.Open(path)
		if err != nil {
			yield(Line{}, err)
			return
		}
		defer f.Close()
		Read(f, path)(yield)
	}
}

// Read yields the lines of r that are not blank, each valid until the next. What is gzipped is known by its first two bytes
// (RFC 1952 §2.3.1), whatever it is called. An error says behind which line, and ends it.
func Read(r io.Reader, name string) iter.Seq2[Line, error] {
	return func(yield func(Line, error) bool) {
		r, err := decompressed(r)
		if err != nil {
			yield(Line{}, fmt.Errorf("reading %s: %w", name, err))
			return
		}
		s := bufio.NewScanner(r)
		s.Buffer(make([]byte, 64<<10), Max)
		var n int64
		for s.Scan() {
			n++
			text := bytes.TrimSpace(s.Bytes())
			if len(text) > 0 && !yield(Line{n, text, len(text) < len(s.Bytes())}, nil) {
				return
			}
		}
		err = s.Err()
		if errors.Is(err, bufio.ErrTooLong) {
			err = fmt.Errorf("a line is longer than %d bytes: no entry is", Max)
		}
		if err != nil {
			yield(Line{}, fmt.Errorf("reading %s after line %d: %w", name, n, err))
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
