package stack

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/sqs"
	"github.com/aws/aws-sdk-go-v2/service/sqs/types"
)

// Queue is a queue of the template.
type Queue struct {
	ID          string // SliceQueue
	FIFO        bool
	HighRate    bool // deduplication and throughput by message group
	Visibility  time.Duration
	Retention   time.Duration
	DeadLetters string // the logical id of the queue that takes them; empty: none
	MaxReceives int    // after which a message goes there
	Encrypted   bool   // with a key of SQS
}

func queue(id string, p tree) Queue {
	dead, _ := cutArn(p.at("RedrivePolicy", "deadLetterTargetArn").text())
	visibility := 30 * time.Second // SQS's default
	if v := p.at("VisibilityTimeout"); v.there() {
		visibility = v.seconds()
	}
	return Queue{
		ID: id, FIFO: p.at("FifoQueue").text() == "true",
		HighRate:   p.at("DeduplicationScope").text() == "messageGroup" && p.at("FifoThroughputLimit").text() == "perMessageGroupId",
		Visibility: visibility, Retention: p.at("MessageRetentionPeriod").seconds(),
		DeadLetters: dead, MaxReceives: p.at("RedrivePolicy", "maxReceiveCount").number(),
		Encrypted: p.at("SqsManagedSseEnabled").text() == "true",
	}
}

// CreateQueues makes the template's queues at a test server, each named prefix and its logical id, and gives their URLs by
// logical id. ElasticMQ keeps messages for ever: retention is AWS's.
func (t *Template) CreateQueues(ctx context.Context, client *sqs.Client, prefix string) (map[string]string, error) {
	urls := make(map[string]string)
	for id := range t.Queues {
		if err := t.createQueue(ctx, client, prefix, id, urls); err != nil {
			return nil, err
		}
	}
	return urls, nil
}

// createQueue makes the queue of its dead letters before it.
func (t *Template) createQueue(ctx context.Context, client *sqs.Client, prefix, id string, urls map[string]string) error {
	if urls[id] != "" {
		return nil
	}
	q := t.Queues[id]
	name, attributes := prefix+id, map[string]string{
		"VisibilityTimeout": seconds(q.Visibility), "MessageRetentionPeriod": seconds(q.Retention),
	}
	if q.FIFO {
		name += ".fifo"
		attributes["FifoQueue"] = "true"
	}
	if q.DeadLetters != "" {
		if err := t.createQueue(ctx, client, prefix, q.DeadLetters, urls); err != nil {
			return err
		}
		dead := urls[q.DeadLetters]
		got, err := client.GetQueueAttributes(ctx, &sqs.GetQueueAttributesInput{QueueUrl: &dead, AttributeNames: []types.QueueAttributeName{types.QueueAttributeNameQueueArn}})
		if err != nil {
			return fmt.Errorf("asking for %s's ARN: %w", q.DeadLetters, err)
		}
		policy, err := json.Marshal(map[string]any{"deadLetterTargetArn": got.Attributes["QueueArn"], "maxReceiveCount": q.MaxReceives})
		if err != nil {
			return err
		}
		attributes["RedrivePolicy"] = string(policy)
	}
	out, err := client.CreateQueue(ctx, &sqs.CreateQueueInput{QueueName: &name, Attributes: attributes})
	if err != nil {
		return fmt.Errorf("creating %s: %w", name, err)
	}
	urls[id] = *out.QueueUrl
	return nil
}

func seconds(d time.Duration) string { return fmt.Sprint(int64(d / time.Second)) }
