package replay

import "time"

// span is a piece of a window with what it is thought to hold.
type span struct {
	Window
	bytes int64
}

// within is the part of a counted hour that lies in w, with its share of the bytes.
func within(w Window, c Count) (span, bool) {
	hour := Window{c.Hour, c.Hour.Add(time.Hour - time.Millisecond)}
	s := span{Window: hour, bytes: c.Bytes}
	if s.From.Before(w.From) {
		s.From = w.From
	}
	if s.To.After(w.To) {
		s.To = w.To
	}
	if s.To.Before(s.From) || c.Entries == 0 {
		return span{}, false
	}
	s.bytes = int64(float64(c.Bytes) * float64(s.To.Sub(s.From)+time.Millisecond) / float64(time.Hour))
	return s, true
}

// pack cuts spans larger than target at minutes, then joins neighbours while they fit into it.
func pack(spans []span, target int64) []Window {
	var packed []span
	for _, s := range spans {
		for _, piece := range s.split(target) {
			if last := len(packed) - 1; last >= 0 && packed[last].bytes+piece.bytes <= target {
				packed[last].To = piece.To
				packed[last].bytes += piece.bytes
				continue
			}
			packed = append(packed, piece)
		}
	}
	windows := make([]Window, len(packed))
	for i, s := range packed {
		windows[i] = s.Window
	}
	return windows
}

// split cuts s at minutes into pieces of about target bytes; a minute is never cut, since a chunk lies within one.
func (s span) split(target int64) []span {
	first := s.From.Truncate(time.Minute)
	minutes := int64(s.To.Sub(first)/time.Minute) + 1
	n := min(minutes, (s.bytes+target-1)/target)
	if n <= 1 {
		return []span{s}
	}
	pieces := make([]span, n)
	for i := range n {
		from, until := first.Add(time.Duration(i*minutes/n)*time.Minute), first.Add(time.Duration((i+1)*minutes/n)*time.Minute)
		pieces[i] = span{Window{from, until.Add(-time.Millisecond)}, s.bytes / n}
	}
	pieces[0].From, pieces[n-1].To = s.From, s.To
	return pieces
}
