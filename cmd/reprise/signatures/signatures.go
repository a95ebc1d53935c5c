// Package signatures checks the signatures of many lines.
package signatures

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"iter"
	"runtime"
	"slices"
	"sync"

	"golang.org/x/sync/errgroup"

	"reprise/cmd/reprise/lines"
	"reprise/shared/auditlog"
)

// Result is what a check found.
type Result struct {
	Lines    int64     `json:"lines"` // without blank ones
	Verified int64     `json:"verified"`
	Wrong    int64     `json:"wrong_signatures"`
	Unsigned int64     `json:"unsigned"`               // an entry, by its form, without a signature where it belongs
	Unknown  int64     `json:"unknown"`                // of no format of the contract's
	First    []Problem `json:"not_verified,omitempty"` // the first MaxFirst lines of these three, in their order
}

// Problem is a line that does not verify.
type Problem struct {
	Line int64  `json:"line"` // its number, from 1, blank lines counted
	Why  string `json:"why"`
}

// MaxFirst bounds Result.First.
const MaxFirst = 20

// Why a line does not verify.
const (
	whyWrong    = "none of the keys verifies it: it was changed, or signed by another service"
	whyUnsigned = "it has no signature at its end"
	whyUnknown  = "it is no entry in json, cef or cps"
)

// maxPart is how many bytes of lines are handed to a processor at once: enough to be worth it, little to hold in memory.
const (
	maxPart  = 256 << 10
	overhead = 64 // of a line in memory: a file of very short ones must not hold more than another
)

// Check verifies every line against the keys, on all processors (a line takes one some 60 µs). It holds a part of the lines for
// each of them, whatever their number. An error is that of the lines, or of ctx.
func Check(ctx context.Context, all iter.Seq2[lines.Line, error], keys []auditlog.PublicKey) (Result, error) {
	var t tally
	var work errgroup.Group
	work.SetLimit(runtime.GOMAXPROCS(0))
	err := part(ctx, all, func(p []numbered) {
		work.Go(func() error {
			t.add(check(p, keys))
			return nil
		})
	})
	_ = work.Wait() // none fails
	if err != nil {
		return Result{}, err
	}
	return t.sum, nil
}

// numbered is a line with a memory of its own.
type numbered struct {
	n    int64
	text []byte
}

// part cuts the lines into parts.
func part(ctx context.Context, all iter.Seq2[lines.Line, error], do func([]numbered)) error {
	var p []numbered
	size := 0
	for line, err := range all {
		if err == nil {
			err = context.Cause(ctx)
		}
		if err != nil {
			return err
		}
		p = append(p, numbered{line.N, bytes.Clone(line.Text)})
		if size += len(line.Text) + overhead; size >= maxPart {
			do(p)
			p, size = nil, 0
		}
	}
	if len(p) > 0 {
		do(p)
	}
	return nil
}

func check(p []numbered, keys []auditlog.PublicKey) (r Result) {
	for _, line := range p {
		r.Lines++
		why := whyWrong
		count := &r.Wrong
		if _, ok := auditlog.Verify(line.text, keys); ok {
			r.Verified++
			continue
		}
		if _, signed := auditlog.Signed(line.text); !signed {
			why, count = whyUnknown, &r.Unknown
			if bytes.Contains(line.text, []byte(" CEF:0|")) || line.text[0] == '{' && json.Valid(line.text) {
				why, count = whyUnsigned, &r.Unsigned
			}
		}
		*count++
		if len(r.First) < MaxFirst {
			r.First = append(r.First, Problem{line.n, why})
		}
	}
	return r
}

// tally adds up results in whatever order they come.
type tally struct {
	mu  sync.Mutex
	sum Result
}

func (t *tally) add(r Result) {
	t.mu.Lock()
	defer t.mu.Unlock()
	s := &t.sum
	s.Lines += r.Lines
	s.Verified += r.Verified
	s.Wrong += r.Wrong
	s.Unsigned += r.Unsigned
	s.Unknown += r.Unknown
	s.First = append(s.First, r.First...)
	slices.SortFunc(s.First, func(a, b Problem) int { return cmp.Compare(a.Line, b.Line) })
	s.First = s.First[:min(len(s.First), MaxFirst)]
}
