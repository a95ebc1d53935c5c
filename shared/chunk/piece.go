package chunk

import (
	"bytes"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"iter"

	"github.com/klauspost/compress/flate"
)

// level is the compression of a piece. 6 makes an entry 7 % smaller and its compression cost more than twice as much, which made
// the whole intake a tenth slower (BENCHMARKS.md).
const level = 2

// A piece is raw DEFLATE that ends with a sync flush: an empty stored block (RFC 1951 §3.2.4), whose header is padded to
// the byte and whose LEN and NLEN are these four bytes. No block of it is final and none looks back before its start, so
// pieces may be laid one after the other.
var errNoFlush = errors.New("it does not end with a sync flush")

func flushed(deflate []byte) bool {
	return len(deflate) > 4 && string(deflate[len(deflate)-4:]) == "\x00\x00\xff\xff"
}

// finalBlock ends a run of pieces: BFINAL, fixed Huffman codes, end of block (RFC 1951 §3.2.6), padded to two bytes.
const finalBlock = "\x03\x00"

// compressor makes pieces; its writer takes most of a megabyte, so it is kept from piece to piece.
type compressor struct {
	w   *flate.Writer
	out sink
}

// sink is a buffer to append to.
type sink []byte

func (s *sink) Write(p []byte) (int, error) {
	*s = append(*s, p...)
	return len(p), nil
}

// append compresses lines into a piece at the end of dst.
func (z *compressor) append(dst, lines []byte) ([]byte, error) {
	if z.w == nil {
		w, err := flate.NewWriter(nil, level)
		if err != nil {
			return dst, fmt.Errorf("compress: %w", err)
		}
		z.w = w
	}
	z.out = dst
	z.w.Reset(&z.out)
	_, err := z.w.Write(lines)
	if err == nil {
		err = z.w.Flush() // never Close: that would write a final block
	}
	dst, z.out = z.out, nil
	if err != nil {
		return dst, fmt.Errorf("compress: %w", err)
	}
	return dst, nil
}

// decoder reads chunks; it is kept from chunk to chunk for its memory.
type decoder struct {
	src  bytes.Reader
	r    io.Reader // from src; also a flate.Resetter
	most io.LimitedReader
	in   []byte
	out  bytes.Buffer
}

// lines is what c decodes to, valid until the next call. Everything that c says of itself is checked, and no more than one
// byte over c.Bytes is decoded, so that a damaged chunk costs no more memory than it says.
func (d *decoder) lines(c Chunk) ([]byte, error) {
	if !flushed(c.Deflate) {
		return nil, damaged(c, errNoFlush)
	}
	// With the final block after it a piece is a whole stream: an end of file that is not the one of this block is damage.
	d.in = append(append(d.in[:0], c.Deflate...), finalBlock...)
	d.src.Reset(d.in)
	if d.r == nil {
		d.r = flate.NewReader(&d.src)
	} else if err := d.r.(flate.Resetter).Reset(&d.src, nil); err != nil {
		return nil, damaged(c, err)
	}
	d.most = io.LimitedReader{R: d.r, N: int64(c.Bytes) + 1}
	d.out.Reset()
	n, err := d.out.ReadFrom(&d.most)
	switch {
	case err != nil:
		return nil, damaged(c, err)
	case n == int64(c.Bytes)+1:
		return nil, damaged(c, fmt.Errorf("it decodes to more than the %d bytes it says", c.Bytes))
	case n != int64(c.Bytes):
		return nil, damaged(c, fmt.Errorf("it decodes to %d bytes, not the %d it says", n, c.Bytes))
	case d.src.Len() > 0:
		return nil, damaged(c, errors.New("it ends before its last byte"))
	}
	out := d.out.Bytes()
	switch lines := bytes.Count(out, []byte{'\n'}); {
	case crc32.ChecksumIEEE(out) != c.CRC:
		return nil, damaged(c, errors.New("its CRC-32 is another than it says"))
	case lines != c.Entries || !bytes.HasSuffix(out, []byte{'\n'}):
		return nil, damaged(c, fmt.Errorf("it has %d lines, not the %d it says", lines, c.Entries))
	}
	return out, nil
}

// Lines decodes a chunk: each line without its newline, valid until the next. It fails where the chunk is damaged:
// cut off, another length or another CRC than it says.
func (c Chunk) Lines() iter.Seq2[[]byte, error] {
	return func(yield func([]byte, error) bool) {
		var d decoder
		lines, err := d.lines(c)
		if err != nil {
			yield(nil, err)
			return
		}
		for line := range bytes.Lines(lines) {
			if !yield(line[:len(line)-1], nil) {
				return
			}
		}
	}
}
