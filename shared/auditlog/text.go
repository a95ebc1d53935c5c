package auditlog

import (
	"bytes"
	"unicode/utf16"
	"unicode/utf8"
)

// unescape reads the escape that b begins with (RFC 8259 §7), a surrogate pair as one; n is its length, 0 if it is none.
func unescape(b []byte) (r rune, n int) {
	if len(b) < 2 {
		return 0, 0
	}
	switch c := b[1]; c {
	case '"', '\\', '/':
		return rune(c), 2
	case 'b':
		return '\b', 2
	case 'f':
		return '\f', 2
	case 'n':
		return '\n', 2
	case 'r':
		return '\r', 2
	case 't':
		return '\t', 2
	}
	r, ok := hex(b)
	if !ok {
		return 0, 0
	}
	if !utf16.IsSurrogate(r) {
		return r, 6
	}
	low, ok := hex(b[6:])
	if r = utf16.DecodeRune(r, low); !ok || r == utf8.RuneError {
		return 0, 0
	}
	return r, 12
}

// hex reads the \uXXXX that b begins with.
func hex(b []byte) (r rune, ok bool) {
	if len(b) < 6 || b[0] != '\\' || b[1] != 'u' {
		return 0, false
	}
	for _, c := range b[2:6] {
		switch {
		case '0' <= c && c <= '9':
			c -= '0'
		case 'a' <= c && c <= 'f':
			c -= 'a' - 10
		case 'A' <= c && c <= 'F':
			c -= 'A' - 10
		default:
			return 0, false
		}
		r = r<<4 | rune(c)
	}
	return r, true
}

// decode is what a scanned string means, given what stands between its quotes. Without escapes that is the text itself.
func decode(inside []byte) []byte {
	i := bytes.IndexByte(inside, '\\')
	if i < 0 {
		return inside
	}
	decoded := append(make([]byte, 0, len(inside)), inside[:i]...)
	for i < len(inside) {
		if inside[i] != '\\' {
			decoded = append(decoded, inside[i])
			i++
			continue
		}
		r, n := unescape(inside[i:])
		decoded = utf8.AppendRune(decoded, r)
		i += n
	}
	return decoded
}

// quote is s as appendText writes it.
func quote[T string | []byte](s T) []byte {
	return appendText(make([]byte, 0, len(s)+len(`""`)), s)
}

// appendText appends s as a JSON string with no escape but those that RFC 8259 §7 demands, the short form where there
// is one, so that one text has one form (as in RFC 8785 §3.2.2.2).
func appendText[T string | []byte](dst []byte, s T) []byte {
	const digits = "0123456789abcdef"
	dst = append(dst, '"')
	for i := range len(s) {
		switch c := s[i]; c {
		case '"', '\\':
			dst = append(dst, '\\', c)
		case '\b':
			dst = append(dst, `\b`...)
		case '\f':
			dst = append(dst, `\f`...)
		case '\n':
			dst = append(dst, `\n`...)
		case '\r':
			dst = append(dst, `\r`...)
		case '\t':
			dst = append(dst, `\t`...)
		default:
			if c < ' ' {
				dst = append(dst, '\\', 'u', '0', '0', digits[c>>4], digits[c&15])
				continue
			}
			dst = append(dst, c)
		}
	}
	return append(dst, '"')
}
