package sqs

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"runtime/debug"
	"time"

	"github.com/aws/aws-lambda-go/events"
	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sqs"

	"reprise/shared/replay"
)

const (
	// outlasts is by how long a message's visibility outlasts the function that has it in hand (DESIGN.md §5): with a
	// timeout of 60 s that makes a replay.Lease.
	outlasts = 10 * time.Second
	// maxHidden is for how long a message is hidden at most. SQS's limit is 12 h from the receive, which may be some minutes
	// ago; no wait for a receiver is nearly as long (CONTRACT.md §4).
	maxHidden = 11 * time.Hour
)

// handler is what a slice is handed to: deliver's, or for the dead letters settle's.
type handler = func(context.Context, replay.Slice) (replay.Next, error)

// onMessage is what Lambda calls with the messages it has received.
type onMessage = func(context.Context, events.SQSEvent) (events.SQSEventResponse, error)

// OnMessage is the function of the queue's event source mapping, which must report batch item failures. Messages are handed
// over one after the other; what is not reported failed Lambda deletes. After one that was reported the rest of its group
// is, too, so that the order is kept.
//
// A slice that is to be shown again is reported with its visibility set. Where the handler fails, or panics, or the function
// dies, its message is shown once its visibility ends: as the first act that is cut down to what the function has left,
// and 10 s. A message that cannot be read goes on to dead, which sends it once, however often it comes.
func (q *Queue) OnMessage(dead *DeadQueue, handle handler) onMessage {
	return inOrder(func(ctx context.Context, m events.SQSMessage) (gone bool) { return q.work(ctx, dead, m, handle) })
}

// inOrder reports what is not gone, and all behind it in its group.
func inOrder(work func(context.Context, events.SQSMessage) (gone bool)) onMessage {
	return func(ctx context.Context, e events.SQSEvent) (events.SQSEventResponse, error) {
		if len(e.Records) == 0 {
			return events.SQSEventResponse{}, errors.New("an event without messages: it is not of a queue")
		}
		var r events.SQSEventResponse
		stopped := make(map[string]bool)
		for _, m := range e.Records {
			if g := groupOf(m); stopped[g] || !work(ctx, m) {
				stopped[g] = true
				r.BatchItemFailures = append(r.BatchItemFailures, events.SQSBatchItemFailure{ItemIdentifier: m.MessageId})
			}
		}
		return r, nil
	}
}

// work has one message handled; gone is false if it is to come again.
func (q *Queue) work(ctx context.Context, dead *DeadQueue, m events.SQSMessage, handle handler) (gone bool) {
	s, unread := read(m)
	log := logger(s, m)
	if unread != nil {
		log.ErrorContext(ctx, "message cannot be read: it becomes a dead letter", "err", unread)
		if err := dead.take(ctx, m); err != nil {
			log.ErrorContext(ctx, "message left until its visibility ends", "err", err)
			return false
		}
		return true
	}
	if deadline, ok := ctx.Deadline(); ok {
		if err := q.show(ctx, m, deadline.Add(outlasts).Sub(q.now())); err != nil {
			// Only a crash in this try would take longer to be noticed: the slice is handled all the same.
			log.WarnContext(ctx, "the message's visibility was not cut down", "err", err)
		}
	}
	next, err := call(ctx, s, handle)
	if err != nil {
		log.ErrorContext(ctx, "slice left until its visibility ends", "err", err)
		return false
	}
	switch {
	case !next.Again:
		return true
	case receives(m) >= replay.RetireReceives:
		log.WarnContext(ctx, "message retired: the sweep sends the slice again")
		return true
	}
	// The last act, since the message may be in other hands at once. What was handled is written down even if time is over.
	if err := q.show(context.WithoutCancel(ctx), m, next.After); err != nil {
		log.ErrorContext(ctx, "slice handled, yet left until its visibility ends", "err", err)
	}
	return false
}

// show has the message shown after some time, which may be none: whole seconds, never less than asked for.
func (q *Queue) show(ctx context.Context, m events.SQSMessage, after time.Duration) error {
	after = min(max(after, 0), maxHidden)
	_, err := q.client.ChangeMessageVisibility(ctx, &sqs.ChangeMessageVisibilityInput{
		QueueUrl: &q.url, ReceiptHandle: aws.String(m.ReceiptHandle), VisibilityTimeout: int32((after + time.Second - 1) / time.Second),
	})
	if err != nil {
		return fmt.Errorf("having the message shown after %s: %w", after, err)
	}
	return nil
}

func logger(s replay.Slice, m events.SQSMessage) *slog.Logger {
	return slog.With("job", s.JobID, "org", s.Org, "region", s.Region, "slice", s.N, "receives", receives(m), "message", m.MessageId)
}

// call takes a panic for an error: else the process would end, and its message with those behind it be looked for much later.
func call(ctx context.Context, s replay.Slice, handle handler) (next replay.Next, err error) {
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("panic: %v\n%s", p, debug.Stack())
		}
	}()
	return handle(ctx, s)
}
