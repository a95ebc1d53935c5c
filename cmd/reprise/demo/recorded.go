package demo

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"
	"time"

	"reprise/cmd/reprise/lines"
	"reprise/shared/replay"
)

const (
	// age is how long ago the last recorded entry happened once they were moved.
	age = time.Minute
	// longest is what recorded entries may span: what intake still takes (CONTRACT.md §6), less the time to send them all.
	longest = replay.Retention - 15*time.Minute
)

// recorded is the entries of a file of lines, gzipped or not, moved in time by one shift so that the last of them happened
// a minute before now, without what an audit log had added to them. They stay in the file's order. The shift is in whole
// seconds: an event_ts that has no fraction would otherwise drift away from its rt.
func recorded(path string, now time.Time) (source, error) {
	var first, last time.Time
	var n int64
	for line, err := range lines.Of(path) {
		if err != nil {
			return source{}, err
		}
		n++
		m, err := readMoments(strip(line.Text))
		if err != nil {
			return source{}, fmt.Errorf("%s, line %d: %w", path, line.N, err)
		}
		if n == 1 || m.at.Before(first) {
			first = m.at
		}
		if n == 1 || m.at.After(last) {
			last = m.at
		}
	}
	if n == 0 {
		return source{}, fmt.Errorf("%s holds no entries: one JSON object per line is wanted", path)
	}
	if span := last.Sub(first); span > longest {
		return source{}, fmt.Errorf("the entries of %s span %s (%s to %s): a replay covers at most seven days, less the time to send them; cut the file",
			path, span, first.Format(time.RFC3339), last.Format(time.RFC3339))
	}
	shift := now.Add(-age).Sub(last).Truncate(time.Second)
	window := replay.Window{From: first.Add(shift), To: last.Add(shift)}
	return source{Window: window, Entries: n, Lines: func(yield func([]byte, error) bool) {
		var moved []byte
		for line, err := range lines.Of(path) {
			if err == nil {
				moved, err = move(moved[:0], strip(line.Text), shift)
			}
			if !yield(moved, err) || err != nil {
				return
			}
		}
	}}, nil
}

// moments is where a line says when its entry happened.
type moments struct {
	at    time.Time // rt if given, else event_ts; in UTC, floored to milliseconds
	spans []span    // of the literals of rt and event_ts, in the order of the line
}

// span is the literal line[from:to].
type span struct {
	key      string
	from, to int
}

// readMoments finds rt and event_ts among the members of an object, without changing any.
func readMoments(line []byte) (moments, error) {
	var m moments
	d := json.NewDecoder(bytes.NewReader(line))
	if t, err := d.Token(); err != nil || t != json.Delim('{') {
		return m, errors.New("is no JSON object")
	}
	for d.More() {
		key, err := d.Token()
		if err != nil {
			return m, fmt.Errorf("is no JSON object: %w", err)
		}
		var value json.RawMessage
		if err := d.Decode(&value); err != nil {
			return m, fmt.Errorf("is no JSON object: %w", err)
		}
		if key == "rt" || key == "event_ts" {
			end := int(d.InputOffset())
			m.spans = append(m.spans, span{key.(string), end - len(value), end})
		}
	}
	if _, err := d.Token(); err != nil {
		return m, fmt.Errorf("is no JSON object: %w", err)
	}
	if _, err := d.Token(); !errors.Is(err, io.EOF) {
		return m, errors.New("has something behind its JSON object")
	}
	if len(m.spans) == 0 {
		return m, errors.New("has neither rt nor event_ts")
	}
	for _, s := range m.spans {
		at, err := instant(s.key, line[s.from:s.to])
		if err != nil {
			return m, err
		}
		if m.at.IsZero() || s.key == "rt" {
			m.at = at.Truncate(time.Millisecond)
		}
	}
	return m, nil
}

// instant reads the literal of rt or event_ts.
func instant(key string, literal []byte) (time.Time, error) {
	text := strings.Trim(string(literal), `"`)
	if key == "rt" {
		ms, err := strconv.ParseInt(text, 10, 64)
		if err != nil {
			return time.Time{}, fmt.Errorf("has an rt that is no whole number of milliseconds: %.40q", text)
		}
		return time.UnixMilli(ms).UTC(), nil
	}
	t, err := time.Parse(time.RFC3339Nano, strings.ToUpper(text))
	if err != nil || strings.Contains(text, ",") { // time.Parse takes a comma for a dot, RFC 3339 does not
		return time.Time{}, fmt.Errorf("has an event_ts that is no RFC 3339 date-time: %.40q", text)
	}
	return t.UTC(), nil
}

// move appends the line with rt and event_ts later by shift, in the dress they came in: quotes, digits of the fraction, offset.
// Every other byte stays as it is.
func move(dst, line []byte, shift time.Duration) ([]byte, error) {
	m, err := readMoments(line)
	if err != nil {
		return dst, err
	}
	done := 0
	for _, s := range m.spans {
		dst = append(dst, line[done:s.from]...)
		dst = append(dst, moved(s.key, string(line[s.from:s.to]), shift)...)
		done = s.to
	}
	return append(dst, line[done:]...), nil
}

// moved is one literal, which readMoments found readable, later by shift.
func moved(key, literal string, shift time.Duration) string {
	text := strings.ToUpper(strings.Trim(literal, `"`))
	quote := literal[:(len(literal)-len(text))/2]
	if key == "rt" {
		ms, _ := strconv.ParseInt(text, 10, 64)
		return quote + strconv.FormatInt(ms+shift.Milliseconds(), 10) + quote
	}
	t, _ := time.Parse(time.RFC3339Nano, text)
	layout := "2006-01-02T15:04:05"
	if _, fraction, ok := strings.Cut(text, "."); ok {
		layout += "." + strings.Repeat("0", len(fraction)-len(strings.TrimLeft(fraction, "0123456789")))
	}
	return quote + t.Add(shift).Format(layout+"Z07:00") + quote
}
