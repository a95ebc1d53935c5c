package receiver

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"reprise/shared/replay"
)

// Break is a fault of the receiver's own, so that those who check it can be seen to notice. It happens once,
// to the middle entry of the first batch taken; Summary.Broken names that entry.
type Break string

// The faults there are.
const (
	Drop    Break = "drop"    // the entry is lost
	Flip    Break = "flip"    // one byte of it is changed
	Dup     Break = "dup"     // it is taken twice
	Outside Break = "outside" // another is taken with it: a copy from before any window, rt and event_ts eight days back
)

// ParseBreak reads a Break from text; empty is none. Its error completes the sentence "--break: ...".
func ParseBreak(s string) (Break, error) {
	all := []Break{"", Drop, Flip, Dup, Outside}
	if !slices.Contains(all, Break(s)) {
		return "", fmt.Errorf("must be drop, flip, dup or outside, not %q", s)
	}
	return Break(s), nil
}

// maxFirst bounds a program of answers.
const maxFirst = 10_000

// ParseAnswers reads Options.First and Options.Answer from statuses such as "503", or "429,503x3,200": once 429, three times 503,
// then 200 for ever. Where the last has a count, too, 200 follows it. Statuses are 200 to 599, counts add up to at most 10,000.
// Its error completes the sentence "--answer: ...".
func ParseAnswers(s string) (first []int, answer int, err error) {
	steps := strings.Split(s, ",")
	for i, step := range steps {
		code, times, counted := strings.Cut(strings.TrimSpace(step), "x")
		status, err := strconv.Atoi(code)
		if err != nil || len(code) != 3 || status < 200 || status > 599 {
			return nil, 0, fmt.Errorf("must be statuses from 200 to 599 such as 503 or 503x3,200, not %q", s)
		}
		if i == len(steps)-1 && !counted {
			return first, status, nil
		}
		n := 1
		if counted {
			if n, err = strconv.Atoi(times); err != nil || n < 1 || n > maxFirst-len(first) {
				return nil, 0, fmt.Errorf("must count from 1 to %d in all, not %q", maxFirst, s)
			}
		}
		first = append(first, slices.Repeat([]int{status}, n)...)
	}
	return first, 200, nil
}

// spoil does Options.Break to the lines; was is the entry it did it to. What it makes is checked like any other line.
// It reports false where this batch has nothing it could be done to.
func (r *Receiver) spoil(ctx context.Context, lines []line) (changed []line, was []byte, ok bool) {
	at := len(lines) / 2
	was = lines[at].text
	var made [][]byte // in its place
	switch r.o.Break {
	case Drop:
	case Flip:
		made = [][]byte{flipped(was)}
	case Dup:
		made = [][]byte{was, was}
	case Outside:
		moved, ok := back(was)
		if !ok {
			return nil, nil, false
		}
		made = [][]byte{was, moved}
	default:
		return nil, nil, false
	}
	fresh, err := r.check(ctx, made)
	if err != nil {
		return nil, nil, false
	}
	return slices.Concat(lines[:at], fresh, lines[at+1:]), was, true
}

// flipped changes the first letter of the first value that begins with one: still an entry, but another.
func flipped(text []byte) []byte {
	text = bytes.Clone(text)
	begin := []byte(`":"`)
	if text[0] != '{' { // CEF
		begin = []byte("=")
	}
	for at := 0; ; {
		next := bytes.Index(text[at:], begin)
		if next < 0 || at+next+len(begin) == len(text) {
			break
		}
		at += next + len(begin)
		switch c := text[at]; {
		case c == 'z', c == 'Z':
			text[at]--
			return text
		case c >= 'a' && c < 'z', c >= 'A' && c < 'Z':
			text[at]++
			return text
		}
	}
	middle := &text[len(text)/2]
	if *middle == '?' {
		*middle = '!'
	} else {
		*middle = '?'
	}
	return text
}

// away is how far back is outside of any window: no window begins before the retention.
const away = replay.Retention + 24*time.Hour

// back is a copy of an entry as it would be if it had happened earlier. Its signature cannot be right.
func back(text []byte) ([]byte, bool) {
	if text[0] != '{' {
		return backCEF(text)
	}
	const wrap = `{"event":`
	if inner, ok := bytes.CutPrefix(text, []byte(wrap)); ok && bytes.HasPrefix(inner, []byte("{")) && bytes.HasSuffix(inner, []byte(`"}}`)) {
		moved, ok := back(inner[:len(inner)-1])
		return slices.Concat([]byte(wrap), moved, []byte("}")), ok
	}
	var members map[string]json.RawMessage
	if json.Unmarshal(text, &members) != nil {
		return nil, false
	}
	if raw, ok := members["rt"]; ok {
		ms, err := strconv.ParseInt(strings.Trim(string(raw), `"`), 10, 64)
		if err != nil {
			return nil, false
		}
		members["rt"] = strconv.AppendInt(nil, ms-away.Milliseconds(), 10)
	}
	if raw, ok := members["event_ts"]; ok {
		var at time.Time
		if json.Unmarshal(raw, &at) != nil {
			return nil, false
		}
		members["event_ts"] = strconv.AppendQuote(nil, at.Add(-away).UTC().Format(time.RFC3339Nano))
	}
	if len(members["rt"])+len(members["event_ts"]) == 0 {
		return nil, false
	}
	seal := members["sig"]
	delete(members, "sig")
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	if e.Encode(members) != nil {
		return nil, false
	}
	object := bytes.TrimSpace(b.Bytes())
	if len(seal) == 0 {
		return object, true
	}
	return slices.Concat(object[:len(object)-1], []byte(`,"sig":`), seal, []byte("}")), true
}

// backCEF is back for a line of CEF. What it looks for is at the header's end: nowhere else is an equals sign behind rt that
// nothing escapes.
func backCEF(text []byte) ([]byte, bool) {
	stamp, rest, _ := strings.Cut(string(text), " ")
	at, err := time.Parse(time.RFC3339, stamp)
	i := strings.LastIndex(rest, "|rt=")
	if err != nil || i < 0 {
		return nil, false
	}
	head, rest := rest[:i], rest[i+len("|rt="):]
	digits, rest, _ := strings.Cut(rest, " ")
	ms, err := strconv.ParseInt(digits, 10, 64)
	if err != nil {
		return nil, false
	}
	return fmt.Appendf(nil, "%s %s|rt=%d %s", at.Add(-away).UTC().Format(time.RFC3339Nano), head, ms-away.Milliseconds(), rest), true
}
