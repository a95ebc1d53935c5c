package receiver

import (
	"bytes"
	"context"
	"crypto/sha256"
	"slices"

	"reprise/shared/auditlog"
)

// mark is the fingerprint of a line or an id: 16 bytes tell 10⁹ of them apart.
type mark [16]byte

func markOf(b []byte) mark {
	sum := sha256.Sum256(b)
	return mark(sum[:16])
}

// line is one entry, checked.
type line struct {
	text  []byte
	mark  mark // of what was signed: sent again after a rotation, a line of cef has another signature
	right bool // its signature verified
}

// check verifies all lines of a batch. It fails only where there is nothing to check them against.
func (r *Receiver) check(ctx context.Context, texts [][]byte) ([]line, error) {
	lines := make([]line, len(texts))
	for i, text := range texts {
		right, err := r.verify(ctx, text)
		if err != nil {
			return nil, err
		}
		entry, ok := auditlog.Signed(text)
		if !ok {
			entry = text
		}
		lines[i] = line{text, markOf(entry), right}
	}
	return lines, nil
}

// verify asks for the keys once more where a signature does not verify: the signing key may be a new one.
func (r *Receiver) verify(ctx context.Context, text []byte) (bool, error) {
	if r.o.Keys == nil {
		return false, nil
	}
	keys, err := r.keys.get(ctx)
	if err != nil {
		return false, err
	}
	if _, ok := auditlog.Verify(text, keys); ok {
		return true, nil
	}
	keys, fresh := r.keys.again(ctx)
	if !fresh {
		return false, nil
	}
	_, ok := auditlog.Verify(text, keys)
	return ok, nil
}

const whyForged = "its signature does not verify"

// add counts a batch that was kept.
func (r *Receiver) add(id string, lines []line) {
	s := &r.summary
	s.LastAt = r.o.Now().UTC()
	if s.FirstAt.IsZero() {
		s.FirstAt = s.LastAt
	}
	s.Batches++
	if key := markOf([]byte(id)); known(r.ids, key) {
		s.Repeated++
	}
	forged := 0
	for _, l := range lines {
		s.Entries++
		if known(r.seen, l.mark) {
			s.Duplicates++ // nothing wrong: a sender may send twice what it got no answer to (CONTRACT.md §4), a second replay sends all again
		}
		switch {
		case r.o.Keys == nil:
		case l.right:
			s.RightSignatures++
		default:
			s.WrongSignatures++
			forged++
			s.wrong(l.text, whyForged)
		}
	}
	if forged > 0 {
		r.o.Complain(whyForged, forged)
	}
}

// known reports whether m was there already, and puts it there.
func known(set map[mark]struct{}, m mark) bool {
	_, ok := set[m]
	set[m] = struct{}{}
	return ok
}

func (r *Receiver) count(with func(*Summary)) {
	r.mu.Lock()
	defer r.mu.Unlock()
	with(&r.summary)
}

// Summary is the counts at this moment.
func (r *Receiver) Summary() Summary {
	r.mu.Lock()
	defer r.mu.Unlock()
	s := r.summary
	s.Wrong = slices.Clone(s.Wrong)
	return s
}

func joined(lines []line) []byte {
	var b bytes.Buffer
	for _, l := range lines {
		b.Write(l.text)
		b.WriteByte('\n')
	}
	return b.Bytes()
}
