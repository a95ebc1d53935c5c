package chunk

import (
	"encoding/binary"
	"hash/crc32"
)

// gzipHeader opens a member (RFC 1952 §2.3): magic, DEFLATE, no flags, no time, no hint, operating system unknown.
// There is one in a batch, never more: curl and one-shot readers lose everything after the first member (DESIGN.md §4).
const gzipHeader = "\x1f\x8b\x08\x00\x00\x00\x00\x00\x00\xff"

// appendTrailer ends a member: the final block, the CRC-32 and the length modulo 2^32 of all that was decoded (RFC 1952 §2.3.1).
func appendTrailer(dst []byte, crc uint32, bytes int64) []byte {
	dst = append(dst, finalBlock...)
	dst = binary.LittleEndian.AppendUint32(dst, crc)
	return binary.LittleEndian.AppendUint32(dst, uint32(bytes))
}

// combine is the CRC-32 of two byte strings laid together, from the CRC of each and the length of the second.
//
// A CRC-32 is a polynomial over GF(2) modulo the IEEE one: a byte more behind a string multiplies it by x^8. So the CRC of
// the whole is first·x^(8n) + second, and x^(8n) takes log2(n) squarings. (CRC-32 inverts its bits before and after:
// in this sum the inversions cancel out.)
func combine(first, second uint32, n int) uint32 {
	const one, x8 = 1 << 31, 1 << 23
	shift, square := uint32(one), uint32(x8)
	for ; n > 0; n >>= 1 {
		if n&1 == 1 {
			shift = multiply(shift, square)
		}
		square = multiply(square, square)
	}
	return multiply(shift, first) ^ second
}

// multiply is a·b modulo the IEEE polynomial. As everywhere in CRC-32 the highest bit is the coefficient of x^0.
func multiply(a, b uint32) uint32 {
	var product uint32
	for bit := uint32(1) << 31; bit != 0; bit >>= 1 {
		if a&bit != 0 {
			product ^= b
		}
		// b·x: where x^31 becomes x^32 the polynomial is taken off.
		if b&1 == 1 {
			b = b>>1 ^ crc32.IEEE
		} else {
			b >>= 1
		}
	}
	return product
}
