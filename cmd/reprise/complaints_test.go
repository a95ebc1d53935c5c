package main

import (
	"bytes"
	"fmt"
	"log/slog"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// Each reason is said at once, with how often it came; then nothing for ten seconds, however much is wrong.
func TestWhatIsWrongIsSaidOnceInTenSeconds(t *testing.T) {
	var log bytes.Buffer
	was := slog.Default()
	t.Cleanup(func() { slog.SetDefault(was) })
	slog.SetDefault(slog.New(slog.NewTextHandler(&log, &slog.HandlerOptions{ReplaceAttr: func(_ []string, a slog.Attr) slog.Attr {
		if a.Key == slog.TimeKey {
			return slog.Attr{}
		}
		return a
	}})))
	now := time.Date(2026, 3, 14, 12, 0, 0, 0, time.UTC)
	c := newComplaints(func() time.Time { return now })
	step := func(after time.Duration, last bool, want string) {
		t.Helper()
		now = now.Add(after)
		log.Reset()
		c.say(t.Context(), last)
		if d := cmp.Diff(want, log.String()); d != "" {
			t.Error(d)
		}
	}
	said := func(why string, times int) string {
		return fmt.Sprintf("level=WARN msg=\"something is wrong\" why=%s times=%d\n", why, times)
	}
	step(0, false, "")
	c.add("b", 1)
	c.add("a", 2)
	c.add("a", 3)
	step(0, false, said("a", 5)+said("b", 1))
	c.add("a", 1)
	step(complainEvery-1, false, "")
	step(1, false, said("a", 1))
	for i := range 30 {
		c.add(fmt.Sprintf("%02d", i), 1)
	}
	var want string
	for i := range maxComplaints {
		want += said(fmt.Sprintf("%02d", i), 1)
	}
	step(0, false, "")
	step(0, true, want+said(`"other reasons"`, 20))
	step(time.Hour, true, "")
}
