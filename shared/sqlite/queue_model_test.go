package sqlite_test

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"

	"reprise/shared/queuetest"
	"reprise/shared/replay"
	"reprise/shared/sqlite"
)

// model is the queue as DESIGN.md §5 tells it, without a file: every message in the order of sending.
type model struct {
	messages []modelled
	sent     map[string]time.Time // by deduplication id
}

type modelled struct {
	slice    replay.Slice
	visible  time.Time
	receives int
}

func (m *model) send(now time.Time, generation int, s replay.Slice) {
	id := fmt.Sprint(s.JobID, "/", s.N, "/", generation)
	if at, known := m.sent[id]; known && now.Sub(at) <= 5*time.Minute {
		return
	}
	m.sent[id] = now
	m.messages = append(m.messages, modelled{slice: s, visible: now})
}

// heads is where the messages stand that may be handed over.
func (m *model) heads(now time.Time) []int {
	var heads []int
	seen := map[string]bool{}
	for i, msg := range m.messages {
		group := fmt.Sprint(msg.slice.JobID, "/", msg.slice.Lane)
		if !seen[group] && !msg.visible.After(now) {
			heads = append(heads, i)
		}
		seen[group] = true
	}
	return heads
}

// handled does to the message at i what its handler answered.
func (m *model) handled(i int, now time.Time, next replay.Next, failed bool) {
	msg := &m.messages[i]
	msg.receives++
	switch {
	case failed:
		msg.visible = now.Add(replay.Lease)
	case next.Again && msg.receives < replay.RetireReceives:
		msg.visible = now.Add(next.After)
	default:
		m.messages = slices.Delete(m.messages, i, i+1)
	}
}

// TestTheQueueDoesWhatItsModelDoes runs random stories over both.
func TestTheQueueDoesWhatItsModelDoes(t *testing.T) {
	logged(t)
	jobs := append(queued("job-a", 2, 6), queued("job-b", 1, 3)...)
	path, clock := filepath.Join(t.TempDir(), "queue.db"), newHandClock()
	q := queueFile(t, path, clock.Now).Queue()
	rapid.Check(t, func(r *rapid.T) {
		change(t, path, "DELETE FROM messages")
		change(t, path, "DELETE FROM deduplication")
		m := &model{sent: map[string]time.Time{}}
		r.Repeat(map[string]func(*rapid.T){
			"send": func(t *rapid.T) {
				from := rapid.IntRange(0, len(jobs)-1).Draw(t, "from")
				some := jobs[from:rapid.IntRange(from, len(jobs)).Draw(t, "to")]
				generation := rapid.IntRange(0, 1).Draw(t, "generation")
				if err := q.Send(t.Context(), generation, some...); err != nil {
					t.Fatal(err)
				}
				for _, s := range some {
					m.send(clock.Now(), generation, s)
				}
			},
			"pass": func(t *rapid.T) {
				clock.Pass(time.Duration(rapid.IntRange(0, 200).Draw(t, "seconds")) * time.Second)
			},
			"take": func(t *rapid.T) { take(t, q, m, clock) },
		})
	})
}

// take has one message handed over, which must be one that the model would hand over.
func take(t *rapid.T, q *sqlite.Queue, m *model, clock *queuetest.Clock) {
	next := replay.Next{
		Again: rapid.Bool().Draw(t, "again"),
		After: time.Duration(rapid.IntRange(0, 100).Draw(t, "after")) * time.Second,
	}
	var failed error
	if rapid.IntRange(0, 3).Draw(t, "fails") == 0 {
		failed = errors.New("drawn")
	}
	heads := m.heads(clock.Now())
	ctx, stop := context.WithCancel(t.Context())
	defer stop()
	took := -1
	_ = q.Pump(ctx, func(_ context.Context, s replay.Slice) (replay.Next, error) {
		stop() // one is enough
		took = slices.IndexFunc(heads, func(i int) bool { return m.messages[i].slice == s })
		if took < 0 {
			t.Errorf("%s slice %d came, which is not to be handed over now", s.JobID, s.N)
		}
		return next, failed
	})
	switch {
	case took >= 0:
		m.handled(heads[took], clock.Now(), next, failed != nil)
	case len(heads) > 0:
		t.Fatalf("nothing came, though %d messages were to be handed over", len(heads))
	}
}
