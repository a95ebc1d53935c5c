package simtest

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"sync"
	"time"

	"reprise/shared/replay"
)

// deduplication is for how long a generation that was sent is not sent again, even after it was handled (DESIGN §5; it is
// SQS's own interval).
const deduplication = 5 * time.Minute

// Queue is a FIFO queue of slices with a group for each lane of a job, as DESIGN §5 tells it: of a group only the oldest
// message is ever visible, and one that is hidden hides all behind it. It is safe for concurrent use; nothing in it
// moves by itself but now.
type Queue struct {
	now func() time.Time

	mu       sync.Mutex
	messages []Message            // in the order of sending
	sent     map[string]time.Time // by deduplication id
	dead     []replay.Slice       // oldest first
	lastID   int
}

// Message is one of the queue. A copy stays as it was: what became of the message since is the queue's business.
type Message struct {
	Slice    replay.Slice
	Receives int // how often it was received, this time included

	id      int
	group   string
	receipt int // 0: it is in nobody's hands
	visible time.Time
}

// NewQueue is an empty queue.
func NewQueue(now func() time.Time) *Queue {
	return &Queue{now: now, sent: make(map[string]time.Time)}
}

// Send puts all of the slices on the queue but those whose generation was sent within the last five minutes; see
// fanout.Queue.
func (q *Queue) Send(ctx context.Context, generation int, all ...replay.Slice) error {
	now := q.now()
	if err := ctx.Err(); err != nil {
		return fmt.Errorf("Send: %w", err)
	}
	q.mu.Lock()
	defer q.mu.Unlock()
	for _, s := range all {
		id := fmt.Sprintf("%s/%d/%d", s.JobID, s.N, generation)
		if at, known := q.sent[id]; known && now.Sub(at) <= deduplication {
			continue
		}
		q.sent[id] = now
		q.lastID++
		q.messages = append(q.messages, Message{Slice: s, id: q.lastID, group: fmt.Sprintf("%s/%d", s.JobID, s.Lane), visible: now})
	}
	return nil
}

// heads is where the oldest message of each group stands, in the order of sending.
func (q *Queue) heads() (heads []int) {
	seen := make(map[string]bool)
	for i, m := range q.messages {
		if !seen[m.group] {
			seen[m.group] = true
			heads = append(heads, i)
		}
	}
	return heads
}

// Visible is the messages that may be received now, at most one of a group: first the one that has been visible longest,
// then the one that was received least often, then the one that was sent first.
func (q *Queue) Visible() []Message {
	now := q.now()
	q.mu.Lock()
	defer q.mu.Unlock()
	var all []Message
	for _, i := range q.heads() {
		if m := q.messages[i]; !m.visible.After(now) {
			all = append(all, m)
		}
	}
	slices.SortFunc(all, func(a, b Message) int {
		return cmp.Or(a.visible.Compare(b.visible), cmp.Compare(a.Receives, b.Receives), cmp.Compare(a.id, b.id))
	})
	return all
}

// NextVisible is when the next hidden message that is first in its group becomes visible, false if none is hidden.
func (q *Queue) NextVisible() (next time.Time, ok bool) {
	now := q.now()
	q.mu.Lock()
	defer q.mu.Unlock()
	for _, i := range q.heads() {
		if at := q.messages[i].visible; at.After(now) && (!ok || at.Before(next)) {
			next, ok = at, true
		}
	}
	return next, ok
}

// Receive gives the message into somebody's hands: it is hidden for replay.Lease, with a receipt that no other receive
// has. It is false if the message is not visible (any more), or was received replay.MaxReceives times: then it is a
// dead letter from now on.
func (q *Queue) Receive(m Message) (Message, bool) {
	now := q.now()
	q.mu.Lock()
	defer q.mu.Unlock()
	for _, i := range q.heads() {
		head := &q.messages[i]
		if head.id != m.id || head.visible.After(now) {
			continue
		}
		if head.Receives >= replay.MaxReceives {
			q.dead = append(q.dead, head.Slice)
			q.messages = slices.Delete(q.messages, i, i+1)
			return Message{}, false
		}
		head.Receives++
		head.receipt = head.Receives
		head.visible = now.Add(replay.Lease)
		return *head, true
	}
	return Message{}, false
}

// held is where the message stands, -1 if it is gone or in other hands than those of m.
func (q *Queue) held(m Message) int {
	return slices.IndexFunc(q.messages, func(n Message) bool { return n.id == m.id && n.receipt == m.receipt && m.receipt != 0 })
}

// Delete takes the message off the queue. It changes nothing unless m is its latest receive.
func (q *Queue) Delete(m Message) {
	q.mu.Lock()
	defer q.mu.Unlock()
	if i := q.held(m); i >= 0 {
		q.messages = slices.Delete(q.messages, i, i+1)
	}
}

// Show makes the message visible after some time, which may be none; one that was received replay.RetireReceives times
// is deleted instead. It changes nothing unless m is the message's latest receive.
func (q *Queue) Show(m Message, after time.Duration) {
	now := q.now()
	q.mu.Lock()
	defer q.mu.Unlock()
	i := q.held(m)
	switch {
	case i < 0:
	case q.messages[i].Receives >= replay.RetireReceives:
		q.messages = slices.Delete(q.messages, i, i+1)
	default:
		q.messages[i].visible, q.messages[i].receipt = now.Add(max(0, after)), 0
	}
}

// Len is how many messages there are, hidden ones included, dead letters aside.
func (q *Queue) Len() int {
	q.mu.Lock()
	defer q.mu.Unlock()
	return len(q.messages)
}

// DeadLetters is the slices that nobody could handle, oldest first.
func (q *Queue) DeadLetters() []replay.Slice {
	q.mu.Lock()
	defer q.mu.Unlock()
	return slices.Clone(q.dead)
}

// RemoveDead takes the ith of DeadLetters away.
func (q *Queue) RemoveDead(i int) {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.dead = slices.Delete(q.dead, i, i+1)
}

// Dead takes every dead letter away; see queuetest.Queue.
func (q *Queue) Dead(ctx context.Context) ([]replay.Slice, error) {
	if err := ctx.Err(); err != nil {
		return nil, fmt.Errorf("Dead: %w", err)
	}
	q.mu.Lock()
	defer q.mu.Unlock()
	dead := q.dead
	q.dead = nil
	return dead, nil
}

// Pump hands over what is visible now, one message after another, until nothing is; see queuetest.Queue. A message whose
// handler failed stays hidden.
func (q *Queue) Pump(ctx context.Context, handle func(context.Context, replay.Slice) (replay.Next, error)) error {
	for {
		if err := ctx.Err(); err != nil {
			return fmt.Errorf("Pump: %w", err)
		}
		visible := q.Visible()
		if len(visible) == 0 {
			return nil
		}
		m, ok := q.Receive(visible[0])
		if !ok {
			continue // somebody else was faster, or it is a dead letter now
		}
		next, err := handle(ctx, m.Slice)
		switch {
		case err != nil:
		case next.Again:
			q.Show(m, next.After)
		default:
			q.Delete(m)
		}
	}
}
