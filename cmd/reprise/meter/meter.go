// Package meter shows how far a command is that takes its time.
package meter

import (
	"fmt"
	"io"
	"strconv"
	"sync"
	"time"

	"github.com/schollz/progressbar/v3"
)

// TellEvery is how often progress is told where there is no terminal to draw a bar on.
const TellEvery = 5 * time.Second

// drawEvery is how often a bar is drawn, at most.
const drawEvery = 100 * time.Millisecond

// A Meter shows how many entries of a number are done: as a bar on a terminal, else as a line now and then.
type Meter struct {
	mu         sync.Mutex
	out        io.Writer
	what       string // is being done, such as sending
	note       string // why it stands still; empty: it does not
	now        func() time.Time
	bar        *progressbar.ProgressBar // nil where there is no terminal
	begun      time.Time
	told       time.Time
	drawn      time.Time // the bar was; zero: not yet
	done, most int64
	before     int64 // done before it was begun
	estimated  bool  // most is at most
}

// New begins to count now. Most may be an estimate, or 0 while there is none.
func New(out io.Writer, terminal bool, what string, most int64, now func() time.Time) *Meter {
	m := &Meter{out: out, what: what, now: now, begun: now(), told: now(), most: most}
	if terminal {
		m.bar = progressbar.NewOptions64(max(most, 1),
			progressbar.OptionSetWriter(out), progressbar.OptionShowDescriptionAtLineEnd(), progressbar.OptionSetWidth(30),
			progressbar.OptionSetPredictTime(false), progressbar.OptionSetElapsedTime(false),
			progressbar.OptionClearOnFinish())
		m.bar.StartWithoutRender()
	}
	return m
}

// Add counts n more.
func (m *Meter) Add(n int64) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.set(m.done+n, m.most)
}

// Before says how many were done before New, which are of no rate.
func (m *Meter) Before(done int64) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.before = done
}

// Set says how many are done, of at most how many; 0 while that is not known.
func (m *Meter) Set(done, most int64) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.estimated = true
	m.set(done, most)
}

// Slowly counts one more each time it is called, at little cost.
func (m *Meter) Slowly() func() {
	const most = 1000
	var n int64
	return func() {
		if n++; n == most {
			m.Add(n)
			n = 0
		}
	}
}

// Done is how many are done.
func (m *Meter) Done() int64 {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.done
}

// Note says why it stands still, above the bar where there is one; once, until something else is said. Empty: it goes on.
func (m *Meter) Note(text string) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if text == m.note {
		return
	}
	if m.note = text; text == "" {
		return
	}
	if m.bar != nil {
		_ = m.bar.Clear()
	}
	_, _ = fmt.Fprintf(m.out, "  %s\n", text)
	if m.bar != nil {
		_ = m.bar.RenderBlank()
	}
}

func (m *Meter) set(done, most int64) {
	m.done, m.most = done, most
	if most > 0 {
		m.most = max(done, most)
	}
	now := m.now()
	if m.bar != nil {
		if m.most > 0 && m.most != m.bar.GetMax64() {
			m.bar.ChangeMax64(m.most)
		}
		if now.Sub(m.drawn) >= drawEvery { // the bar's own throttle would show new words beside an old share, or the other way
			m.drawn = now
			m.bar.Describe(m.ahead() + m.pace(now))
			_ = m.bar.Set64(done)
		}
		return
	}
	if now.Sub(m.told) >= TellEvery {
		m.told = now
		share := ""
		if m.most > 0 {
			share = fmt.Sprintf("%d %% ", 100*m.done/m.most)
		}
		_, _ = fmt.Fprintf(m.out, "  %s: %s%s%s\n", m.what, share, m.ahead(), m.pace(now))
	}
}

// ahead is how many there are to do, or how many are done where that is not known.
func (m *Meter) ahead() string {
	switch {
	case m.most == 0:
		return entries(m.done)
	case m.estimated:
		return "of at most " + entries(m.most)
	default:
		return "of " + entries(m.most)
	}
}

// pace is how fast it goes, and how long it will take.
func (m *Meter) pace(now time.Time) string {
	rate := PerSecond(m.done-m.before, now.Sub(m.begun))
	s := fmt.Sprintf(", %s entries/s", Commas(int64(rate)))
	if m.most > 0 && rate > 0 {
		left := time.Duration(float64(m.most-m.done) / rate * float64(time.Second))
		s += fmt.Sprintf(", %s left", left.Round(time.Second))
	}
	return s
}

func entries(n int64) string {
	if n == 1 {
		return "1 entry"
	}
	return Commas(n) + " entries"
}

// End takes the bar away, and returns how long everything took.
func (m *Meter) End() time.Duration {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.bar != nil {
		_ = m.bar.Finish()
	}
	return m.now().Sub(m.begun)
}

// PerSecond is the rate of n in d; 0 of no time at all.
func PerSecond(n int64, d time.Duration) float64 {
	if d <= 0 {
		return 0
	}
	return float64(n) / d.Seconds()
}

// Commas writes a number with its thousands apart.
func Commas(n int64) string {
	s := strconv.FormatInt(n, 10)
	for i := len(s) - 3; i > 0 && s[i-1] != '-'; i -= 3 {
		s = s[:i] + "," + s[i:]
	}
	return s
}
