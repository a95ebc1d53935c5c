package sqlite

import (
	"context"
	"fmt"
	"log/slog"
	"strconv"
	"time"

	"zombiezen.com/go/sqlite"

	"reprise/shared/replay"
)

// The names of the two queues in the column queue.
const (
	slicesQueue = "slices"
	deadQueue   = "dead"
)

// deduplication is for how long a generation that was sent is not sent again, even after it was handled
// (DESIGN.md §5; it is SQS's own interval). Expire forgets an id after as long: earlier, it would let one be sent twice.
const deduplication = 5 * time.Minute

// Queue is a FIFO queue of slices in the store's file, with a group for each lane of a job (DESIGN.md §5): of a group
// only the oldest message is ever handed over, so that a message that is hidden, being in somebody's hands or told to
// wait, hides all behind it. It is safe for concurrent use.
type Queue struct {
	store *Store
	name  string
	bell  bell
}

// Queue is the slices' queue. What is received more than replay.MaxReceives times, or cannot be read, moves to DeadQueue.
func (s *Store) Queue() *Queue { return &Queue{s, slicesQueue, s.sent} }

// DeadQueue is where the slices end that nobody could handle. Of one that cannot be read, or was sent by another version
// of this program, only the fence is known. A dead letter is handed over until it is done, however often.
func (s *Store) DeadQueue() *Queue { return &Queue{s, deadQueue, s.died} }

// message is one that was received.
type message struct {
	id       int64
	receipt  string // whoever receives the message next gets another one, and this one is good for nothing
	receives int
	group    string
	slice    replay.Slice
	dead     error // why it cannot be handed over any more
}

// Send is durable when it returns: all of the slices are on the queue, or none. A slice whose generation was sent within
// the last five minutes is left out, even after it was handled.
func (q *Queue) Send(ctx context.Context, generation int, slices ...replay.Slice) error {
	if len(slices) == 0 {
		return nil
	}
	err := q.store.write(ctx, fsynced, func(conn *sqlite.Conn) error {
		for _, s := range slices {
			if err := q.send(conn, generation, s); err != nil {
				return fmt.Errorf("slice %d: %w", s.N, err)
			}
		}
		return nil
	})
	if err != nil {
		return fmt.Errorf("sending generation %d of %d slices of job %s: %w", generation, len(slices), slices[0].JobID, err)
	}
	// A crash here costs nothing: the queue is looked at anyway when somebody starts to listen.
	q.bell.ring()
	return nil
}

// send adds one message, unless it is known.
func (q *Queue) send(conn *sqlite.Conn, generation int, s replay.Slice) error {
	now := q.store.now()
	added, err := exec(conn, `
		INSERT INTO deduplication (queue, id, at) VALUES (:queue, :id, :now)
		ON CONFLICT (queue, id) DO UPDATE SET at = excluded.at WHERE at < :forgotten`,
		args{
			":queue": q.name, ":id": fmt.Sprintf("%s/%d/%d", s.JobID, s.N, generation),
			":now": millis(now), ":forgotten": millis(now.Add(-deduplication)),
		})
	if err != nil || added == 0 {
		return err
	}
	data, err := s.Message()
	if err != nil {
		return err
	}
	_, err = exec(conn, `
		INSERT INTO messages (queue, grp, org, region, job_id, body, visible_at)
		VALUES (:queue, :group, :org, :region, :job, :body, :now)`,
		args{
			":queue": q.name, ":group": fmt.Sprintf("%s/%d", s.JobID, s.Lane), ":org": s.Org, ":region": s.Region, ":job": s.JobID,
			":body": data, ":now": millis(now),
		})
	return err
}

// receive hides the next message for replay.Lease and returns it. Where nothing is visible it returns nil and when
// the next message will be, the zero time if none is hidden either. Messages that are past handling become dead letters
// on the way.
//
// A crash after it leaves the message hidden for as long, unless somebody who is alone with the file takes it back.
func (q *Queue) receive(ctx context.Context) (m *message, next time.Time, err error) {
	var died []*message
	err = q.store.write(ctx, quick, func(conn *sqlite.Conn) error {
		for {
			if m, next, err = q.head(conn); err != nil || m == nil {
				return err
			}
			if m.dead == nil {
				return q.hide(conn, m)
			}
			if err := q.bury(conn, m); err != nil {
				return err
			}
			died = append(died, m)
		}
	})
	if err != nil {
		return nil, time.Time{}, fmt.Errorf("receiving from the queue: %w", err)
	}
	for _, d := range died {
		slog.ErrorContext(ctx, "message given up as a dead letter", "job", d.slice.JobID, "org", d.slice.Org, "region", d.slice.Region,
			"slice", d.slice.N, "receives", d.receives, "err", d.dead)
		q.store.died.ring()
	}
	return m, next, nil
}

// head finds the message to hand over: of those that are first in their group the one that has been visible longest.
func (q *Queue) head(conn *sqlite.Conn) (m *message, next time.Time, err error) {
	now := q.store.now()
	err = query(conn, `
		SELECT id, visible_at, receives, grp, org, region, job_id, body FROM messages
		WHERE id IN (SELECT min(id) FROM messages WHERE queue = :queue GROUP BY grp)
		ORDER BY visible_at, receives, id LIMIT 1`,
		args{":queue": q.name}, func(row *sqlite.Stmt) {
			if visible := instant(row.GetInt64("visible_at")); visible.After(now) {
				next = visible
				return
			}
			m = q.read(row)
		})
	return m, next, err
}

// read is the message of a row of head's.
func (q *Queue) read(row *sqlite.Stmt) *message {
	m := &message{id: row.GetInt64("id"), receives: int(row.GetInt64("receives")), group: row.GetText("grp")}
	data := make([]byte, row.GetLen("body"))
	row.GetBytes("body", data)
	m.slice, m.dead = replay.ReadMessage(replay.Fence{
		Scope: replay.Scope{Org: row.GetText("org"), Region: row.GetText("region")}, JobID: row.GetText("job_id"),
	}, data)
	switch {
	case q.name == deadQueue:
		m.dead = nil // it is known to be, and there is nowhere else to go
	case m.receives >= replay.MaxReceives:
		m.dead = fmt.Errorf("received %d times", m.receives)
	}
	return m
}

// hide gives m into the hands of whoever received it. The count of receives only grows, so it is a receipt that no
// other receive of the message has.
func (q *Queue) hide(conn *sqlite.Conn, m *message) error {
	m.receives++
	m.receipt = strconv.Itoa(m.receives)
	_, err := exec(conn, `UPDATE messages SET receives = :receives, receipt = :receipt, visible_at = :until WHERE id = :id`,
		args{":id": m.id, ":receives": m.receives, ":receipt": m.receipt, ":until": millis(q.store.now().Add(replay.Lease))})
	return err
}

// bury moves a message to the dead letters, where it keeps its group. Whoever still has it can change nothing there.
func (q *Queue) bury(conn *sqlite.Conn, m *message) error {
	_, err := exec(conn, `UPDATE messages SET queue = :dead, receipt = '', visible_at = :now WHERE id = :id`,
		args{":id": m.id, ":dead": deadQueue, ":now": millis(q.store.now())})
	return err
}

// quickStarts is how many tries without progress a slice has at once after crashes: one that had more may be what ends the
// process, and waits for its visibility, so that the others get on meanwhile.
const quickStarts = replay.MaxStarts / 2

// TakeBack shows every slice again that is in somebody's hands or was left there; it returns how many. Only who alone hands
// slices over may call it, before doing so: then whoever had them has died with the file's lock, and nothing but time
// would be gained by waiting for the end of their visibility (DESIGN.md §5). What was told to wait, waits.
func (s *Store) TakeBack(ctx context.Context) (n int, err error) {
	err = s.write(ctx, quick, func(conn *sqlite.Conn) error {
		n = 0
		var inHand []*message
		q := s.Queue()
		err := query(conn, `SELECT id, receives, grp, org, region, job_id, body FROM messages WHERE queue = :queue AND receipt <> '' AND visible_at > :now`,
			args{":queue": q.name, ":now": millis(s.now())}, func(row *sqlite.Stmt) { inHand = append(inHand, q.read(row)) })
		for _, m := range inHand {
			if err != nil {
				return err
			}
			var p replay.Progress
			if p, err = readSlice(conn, m.slice); err == nil && p.Starts < quickStarts {
				n++
				_, err = exec(conn, `UPDATE messages SET visible_at = :now, receipt = '' WHERE id = :id`, args{":id": m.id, ":now": millis(s.now())})
			}
		}
		return err
	})
	if err != nil {
		return 0, fmt.Errorf("taking back what was in hand: %w", err)
	}
	return n, nil
}

// remove takes m off the queue, if it is still in the hands of the one who asks.
func (q *Queue) remove(ctx context.Context, m *message) error {
	err := q.store.write(ctx, quick, func(conn *sqlite.Conn) error {
		removed, err := exec(conn, `DELETE FROM messages WHERE id = :id AND receipt = :receipt`, args{":id": m.id, ":receipt": m.receipt})
		if err != nil || removed == 0 {
			return err
		}
		// The group had its turn: the next message of it queues up behind the heads of the others.
		_, err = exec(conn, `
			UPDATE messages SET visible_at = :now
			WHERE id = (SELECT min(id) FROM messages WHERE queue = :queue AND grp = :group)`,
			args{":queue": q.name, ":group": m.group, ":now": millis(q.store.now())})
		return err
	})
	if err != nil {
		return fmt.Errorf("deleting the message: %w", err)
	}
	q.bell.ring()
	return nil
}

// show makes m visible after some time, which may be none, if it is still in the hands of the one who asks.
func (q *Queue) show(ctx context.Context, m *message, after time.Duration) error {
	err := q.store.write(ctx, quick, func(conn *sqlite.Conn) error {
		_, err := exec(conn, `UPDATE messages SET visible_at = :at, receipt = '' WHERE id = :id AND receipt = :receipt`,
			args{":id": m.id, ":receipt": m.receipt, ":at": millis(q.store.now().Add(max(0, after)))})
		return err
	})
	if err != nil {
		return fmt.Errorf("showing the message again: %w", err)
	}
	q.bell.ring()
	return nil
}
