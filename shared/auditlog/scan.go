package auditlog

import "strconv"

// maxDepth is how deep objects and arrays of one value may lie in one another: the scanner recurses, so somebody
// else's entry must not decide how much stack it takes (RFC 8259 §9 allows a limit).
const maxDepth = 100

// scanner reads JSON strictly as RFC 8259 writes it, from text that is known to be UTF-8. A surrogate escaped without
// its other half is refused, too: no two readers agree on what it means (RFC 8259 §8.2, RFC 7493 §2.1).
// Its methods report whether they found what they are named after; where not, flaw and i say what and where.
type scanner struct {
	b      []byte
	i      int
	spaced bool // whitespace was passed over
	flaw   string
}

// complaint says what stopped the scanner; it shows nothing of the text.
func (s *scanner) complaint() string {
	if s.flaw == "" && s.i >= len(s.b) {
		return "it ends too early"
	}
	what := s.flaw
	if what == "" {
		what = "unexpected character"
	}
	return what + " at byte " + strconv.Itoa(s.i+1)
}

func (s *scanner) fail(at int, flaw string) bool {
	s.i, s.flaw = at, flaw
	return false
}

// peek is the next byte; 0, which JSON has no use for outside of strings, at the end.
func (s *scanner) peek() byte {
	if s.i < len(s.b) {
		return s.b[s.i]
	}
	return 0
}

func (s *scanner) space() {
	for s.i < len(s.b) {
		switch s.b[s.i] {
		case ' ', '\t', '\n', '\r':
			s.i++
			s.spaced = true
		default:
			return
		}
	}
}

// value reads the value at the cursor; depth is how many objects and arrays lie around it.
func (s *scanner) value(depth int) bool {
	switch c := s.peek(); c {
	case '"':
		_, ok := s.text()
		return ok
	case '{', '[':
		if depth == maxDepth {
			return s.fail(s.i, "nested too deep")
		}
		return s.nested(c, depth+1)
	case 't':
		return s.word("true")
	case 'f':
		return s.word("false")
	case 'n':
		return s.word("null")
	default:
		return s.number()
	}
}

func (s *scanner) nested(open byte, depth int) bool {
	s.i++
	end := open + 2 // '{' and '}', '[' and ']' are two apart in ASCII
	for first := true; ; first = false {
		more, ok := s.more(end, first)
		if !more {
			return ok
		}
		if open == '{' {
			if _, _, ok := s.key(); !ok {
				return false
			}
		}
		if !s.value(depth) {
			return false
		}
	}
}

// more goes to the next member or element, or over the end.
func (s *scanner) more(end byte, first bool) (more, ok bool) {
	s.space()
	switch c := s.peek(); {
	case c == end:
		s.i++
		return false, true
	case first:
		return true, true
	case c == ',':
		s.i++
		s.space()
		return true, true
	}
	return false, false
}

// key reads a member up to its value: what stands between the key's quotes, and whether escapes are in it.
func (s *scanner) key() (inside []byte, escaped, ok bool) {
	if s.peek() != '"' {
		return nil, false, false
	}
	from := s.i + 1
	if escaped, ok = s.text(); !ok {
		return nil, false, false
	}
	inside = s.b[from : s.i-1]
	s.space()
	if s.peek() != ':' {
		return nil, false, false
	}
	s.i++
	s.space()
	return inside, escaped, true
}

func (s *scanner) text() (escaped, ok bool) {
	for i := s.i + 1; i < len(s.b); {
		switch c := s.b[i]; {
		case c == '"':
			s.i = i + 1
			return escaped, true
		case c == '\\':
			_, n := unescape(s.b[i:])
			if n == 0 {
				return false, s.fail(i, "bad escape")
			}
			i += n
			escaped = true
		case c < ' ':
			return false, s.fail(i, "control character")
		default:
			i++
		}
	}
	s.i = len(s.b)
	return false, false
}

func (s *scanner) number() bool {
	if s.peek() == '-' {
		s.i++
	}
	if s.peek() == '0' {
		s.i++
	} else if !s.digits() {
		return false
	}
	if s.peek() == '.' {
		s.i++
		if !s.digits() {
			return false
		}
	}
	if c := s.peek(); c == 'e' || c == 'E' {
		s.i++
		if c := s.peek(); c == '+' || c == '-' {
			s.i++
		}
		return s.digits()
	}
	return true
}

func (s *scanner) digits() bool {
	from := s.i
	for c := s.peek(); '0' <= c && c <= '9'; c = s.peek() {
		s.i++
	}
	return s.i > from
}

func (s *scanner) word(w string) bool {
	if len(s.b)-s.i < len(w) || string(s.b[s.i:s.i+len(w)]) != w {
		return false
	}
	s.i += len(w)
	return true
}

// done reports whether nothing but whitespace is left.
func (s *scanner) done() bool {
	s.space()
	return s.i == len(s.b)
}

// compact appends a scanned value without the whitespace outside of its strings; literals stay as they are.
func compact(dst, value []byte) []byte {
	s := scanner{b: value}
	for s.i < len(value) {
		s.space()
		from := s.i
		if s.peek() == '"' {
			s.text()
		} else if s.i < len(value) {
			s.i++
		}
		dst = append(dst, value[from:s.i]...)
	}
	return dst
}
