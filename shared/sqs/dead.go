package sqs

import (
	"context"
	"fmt"

	"github.com/aws/aws-lambda-go/events"
	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sqs"
	"github.com/aws/aws-sdk-go-v2/service/sqs/types"

	"reprise/shared/replay"
)

// DeadQueue is the FIFO queue of the slices that nobody could handle: SQS itself moves there what was received more than
// replay.MaxReceives times.
type DeadQueue struct {
	client *sqs.Client
	url    string
}

// NewDeadQueue is the dead-letter queue at that address.
func NewDeadQueue(client *sqs.Client, url string) *DeadQueue { return &DeadQueue{client, url} }

// take sends a message that cannot be read on, as it is: who looks at it later may be a version that can read it, and the
// attributes name its job. A repetition within five minutes, as after a crash, adds nothing; a later one ends a job that has ended.
func (d *DeadQueue) take(ctx context.Context, m events.SQSMessage) error {
	all := make(map[string]types.MessageAttributeValue, len(m.MessageAttributes))
	for name, a := range m.MessageAttributes {
		all[name] = types.MessageAttributeValue{DataType: aws.String(a.DataType), StringValue: a.StringValue, BinaryValue: a.BinaryValue}
	}
	_, err := d.client.SendMessage(ctx, &sqs.SendMessageInput{
		QueueUrl: &d.url, MessageBody: &m.Body, MessageAttributes: all,
		MessageGroupId: aws.String(groupOf(m)), MessageDeduplicationId: aws.String(m.MessageId),
	})
	if err != nil {
		return fmt.Errorf("sending the message to the dead letters: %w", err)
	}
	return nil
}

// OnDeadLetter is the function of the dead-letter queue's event source mapping, which must report batch item failures.
// Of a message that cannot be read only the fence is known. One that does not even name its job stays on the queue, where a
// person can look at it for 14 days (DESIGN.md §5): each time it is shown a log line says so. Its job is not waiting
// for it: the sweep sends the slice again, or ends the job.
func OnDeadLetter(handle handler) onMessage {
	return inOrder(func(ctx context.Context, m events.SQSMessage) (gone bool) {
		s, unread := read(m)
		log := logger(s, m)
		if _, err := fence(m); err != nil {
			log.ErrorContext(ctx, "dead letter of no known job: it stays on the dead-letter queue", "err", err)
			return false
		}
		if unread == nil {
			unread = fmt.Errorf("received more than %d times", replay.MaxReceives) // SQS moved it here
		}
		log.ErrorContext(ctx, "dead letter: its job ends, unless it has", "err", unread)
		next, err := call(ctx, s, handle)
		if err != nil {
			log.ErrorContext(ctx, "dead letter left until its visibility ends", "err", err)
		}
		return err == nil && !next.Again
	})
}
