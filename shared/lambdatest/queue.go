package lambdatest

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"sync"

	"github.com/aws/aws-lambda-go/events"
	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sqs"
	"github.com/aws/aws-sdk-go-v2/service/sqs/types"

	"reprise/shared/stack"
)

// queueMapping is an event source mapping of a queue. The queue itself keeps a FIFO group's order, hides what was received and
// moves what was received too often; nothing here changes a message's visibility.
type queueMapping struct {
	stack.Event
	function string // its logical id
	call     func(ctx context.Context, event []byte) ([]byte, error)
	client   *sqs.Client
	url      string
	atOnce   int // calls
	wrong    func(error)
}

func (m *queueMapping) run(ctx context.Context) {
	var workers sync.WaitGroup
	for range m.atOnce {
		workers.Go(func() {
			for ctx.Err() == nil {
				if err := quiet(ctx, m.once(ctx)); err != nil {
					m.wrong(err)
					pause(ctx, lastPause)
				}
			}
		})
	}
	workers.Wait()
}

// once takes a batch to the function and deletes what it has handled. After a function error nothing is: the messages are shown
// again when their visibility ends.
func (m *queueMapping) once(ctx context.Context) error {
	out, err := m.client.ReceiveMessage(ctx, &sqs.ReceiveMessageInput{
		QueueUrl: &m.url, MaxNumberOfMessages: int32(m.BatchSize), WaitTimeSeconds: 1,
		MessageSystemAttributeNames: []types.MessageSystemAttributeName{types.MessageSystemAttributeNameAll}, MessageAttributeNames: []string{"All"},
	})
	if err != nil {
		return fmt.Errorf("receiving from %s: %w", m.Source, err)
	}
	if len(out.Messages) == 0 {
		return nil
	}
	event, err := json.Marshal(messages(out.Messages, m.Source))
	if err != nil {
		return err
	}
	answer, err := m.call(ctx, event)
	var fault *FunctionError
	switch {
	case errors.As(err, &fault):
		return nil
	case err != nil:
		return err
	}
	failed, err := m.failures(answer, out.Messages)
	if err != nil {
		m.wrong(err)
		return nil
	}
	var gone []types.DeleteMessageBatchRequestEntry
	for i, message := range out.Messages {
		if !failed[aws.ToString(message.MessageId)] {
			gone = append(gone, types.DeleteMessageBatchRequestEntry{Id: aws.String(strconv.Itoa(i)), ReceiptHandle: message.ReceiptHandle})
		}
	}
	if len(gone) == 0 {
		return nil
	}
	if _, err := m.client.DeleteMessageBatch(ctx, &sqs.DeleteMessageBatchInput{QueueUrl: &m.url, Entries: gone}); err != nil {
		return fmt.Errorf("deleting from %s: %w", m.Source, err)
	}
	return nil
}

// failures is which messages the function reports; an error is that Lambda would take all of them for failed.
func (m *queueMapping) failures(answer []byte, of []types.Message) (map[string]bool, error) {
	failed := make(map[string]bool)
	if !m.ReportsItems {
		return failed, nil
	}
	var r events.SQSEventResponse
	if err := json.Unmarshal(answer, &r); err != nil {
		return nil, fmt.Errorf("%s answered a batch with what says nothing: %s", m.function, answer)
	}
	for _, f := range r.BatchItemFailures {
		failed[f.ItemIdentifier] = true
	}
	known := 0
	for _, message := range of {
		if failed[aws.ToString(message.MessageId)] {
			known++
		}
	}
	if known < len(failed) {
		return nil, fmt.Errorf("%s reports messages that are not of its batch: %s", m.function, answer)
	}
	return failed, nil
}

// messages is the event of messages of a queue.
func messages(all []types.Message, source string) events.SQSEvent {
	var e events.SQSEvent
	for _, m := range all {
		r := events.SQSMessage{
			MessageId: aws.ToString(m.MessageId), ReceiptHandle: aws.ToString(m.ReceiptHandle), Body: aws.ToString(m.Body), Md5OfBody: aws.ToString(m.MD5OfBody),
			Attributes: m.Attributes, MessageAttributes: make(map[string]events.SQSMessageAttribute),
			EventSourceARN: "arn:aws:sqs:" + stack.Region + ":000000000000:" + source, EventSource: "aws:sqs", AWSRegion: stack.Region,
		}
		for name, a := range m.MessageAttributes {
			r.MessageAttributes[name] = events.SQSMessageAttribute{
				StringValue: a.StringValue, BinaryValue: a.BinaryValue, DataType: aws.ToString(a.DataType), StringListValues: []string{}, BinaryListValues: [][]byte{},
			}
		}
		e.Records = append(e.Records, r)
	}
	return e
}
