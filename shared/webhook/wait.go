package webhook

import (
	"strconv"
	"strings"
	"time"
)

// The waits of CONTRACT.md §4.
const (
	firstFloor   = time.Second // after tries 1 to 3
	firstCeiling = 30 * time.Second
	floor        = 30 * time.Second // from the fourth try on
	ceiling      = 15 * time.Minute
	quickTries   = 3
)

// bounds is the least and the most that is waited after the given number of tries, from 1: the most doubles from try to try.
func bounds(tries int) (least, most time.Duration) {
	if tries <= quickTries {
		return firstFloor, firstCeiling >> (quickTries - max(1, tries))
	}
	most = 2 * floor
	for range tries - quickTries - 1 {
		if most *= 2; most >= ceiling {
			return floor, ceiling
		}
	}
	return floor, most
}

// wait is how long to leave the receiver alone: jitter over the whole range, so that many who failed together
// do not come back together; shorter where patience ends before; never less than was asked for, up to the ceiling.
func (t Try) wait(a Answer, random float64) time.Duration {
	least, most := bounds(t.Attempts + 1)
	wait := least + time.Duration(random*float64(most-least))
	if !t.Since.IsZero() { // the last try is made when patience ends, not a quarter of an hour later
		wait = max(least, min(wait, t.Since.Add(t.Patience).Sub(t.Now)))
	}
	return max(wait, RetryAfter(a.RetryAfter, t.Now))
}

// RetryAfter reads the header of that name (RFC 9110 §10.2.3): seconds or a date in one of HTTP's three forms (§5.6.7).
// However much it asks for, it is at most the ceiling. What is neither, or a date that is over, asks for nothing.
func RetryAfter(header string, now time.Time) time.Duration {
	header = strings.TrimSpace(header)
	if header != "" && strings.Trim(header, "0123456789") == "" {
		seconds, err := strconv.ParseUint(header, 10, 64)
		if err != nil || seconds > uint64(ceiling/time.Second) { // digits alone: the only error is that there are too many
			return ceiling
		}
		return time.Duration(seconds) * time.Second
	}
	for _, layout := range []string{"Mon, 02 Jan 2006 15:04:05 GMT", time.RFC850, time.ANSIC} {
		if at, err := time.Parse(layout, header); err == nil {
			return min(max(0, at.Sub(now)), ceiling)
		}
	}
	return 0
}
