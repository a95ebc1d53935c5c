package sqs_test

import (
	"context"
	"flag"
	"fmt"
	"os"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/aws/aws-lambda-go/events"
	"github.com/aws/aws-sdk-go-v2/aws"
	awssqs "github.com/aws/aws-sdk-go-v2/service/sqs"
	"github.com/aws/aws-sdk-go-v2/service/sqs/types"

	"reprise/shared/queuetest"
	"reprise/shared/replay"
	"reprise/shared/sqs"
	"reprise/shared/stack"
	"reprise/shared/stacktest"
)

// TestMain lets all stories wait at once: ElasticMQ's clock is the machine's, and waiting takes no processor.
func TestMain(m *testing.M) {
	flag.Parse()
	if err := flag.Set("test.parallel", "100"); err != nil {
		panic(err)
	}
	os.Exit(m.Run())
}

// server is one ElasticMQ for all tests, each of which makes queues of its own. It has compiled what it needs most before the
// first story looks at a clock.
var server = sync.OnceValues(func() (*stack.Server, error) {
	s, err := stack.StartSQS(context.Background())
	if err != nil {
		return nil, err
	}
	client := sqs.NewClient(stack.Credentials(), s.SQS())
	for i := range 100 {
		name := fmt.Sprintf("warm-%d", i)
		out, err := client.CreateQueue(context.Background(), &awssqs.CreateQueueInput{QueueName: &name})
		if err == nil {
			_, err = client.ReceiveMessage(context.Background(), &awssqs.ReceiveMessageInput{QueueUrl: out.QueueUrl})
		}
		if err != nil {
			return nil, err
		}
	}
	return s, nil
})

const (
	// short is how much of ElasticMQ's time, which is real, one story gets, and long with WHOLE=1: deduplication alone lasts
	// five minutes. All stories wait at once.
	short, long = 20 * time.Second, 6 * time.Minute
	// functionTime is the timeout of the deliver function (DESIGN.md §5).
	functionTime = 60 * time.Second
)

// elastic is the queues of the template at an ElasticMQ, for one test.
type elastic struct {
	*sqs.Queue
	t         testing.TB
	dead      *sqs.DeadQueue
	client    *awssqs.Client // as it is
	url, last string         // of the two queues
	passed    *time.Duration
}

func open(t testing.TB) elastic {
	t.Helper()
	s, err := server()
	stacktest.Need(t, err)
	template, err := stack.Load()
	if err != nil {
		t.Fatal(err)
	}
	client := sqs.NewClient(stack.Credentials(), s.SQS())
	urls, err := template.CreateQueues(t.Context(), client, fmt.Sprintf("t%d-", queues.Add(1)))
	if err != nil {
		t.Fatal(err)
	}
	url, last := urls["SliceQueue"], urls["DeadQueue"]
	return elastic{sqs.New(client, url, time.Now), t, sqs.NewDeadQueue(client, last), client, url, last, new(time.Duration)}
}

// queues counts the tests that have some.
var queues atomic.Int64

// Pass waits; a story that would take too long is skipped, and says so.
func (e elastic) Pass(d time.Duration) {
	e.t.Helper()
	most := short
	if os.Getenv("WHOLE") == "1" {
		most = long
	}
	if *e.passed += d; *e.passed > most {
		e.t.Skipf("SKIPPED: more than %s of real time; WHOLE=1 waits up to %s", most, long)
	}
	<-time.After(d)
}

// Pump plays the event source mapping: it receives, calls the function, and deletes what that did not report.
func (e elastic) Pump(ctx context.Context, handle func(context.Context, replay.Slice) (replay.Next, error)) error {
	return e.pump(ctx, e.url, e.OnMessage(e.dead, handle))
}

// Dead is what the dead-letter function is handed.
func (e elastic) Dead(ctx context.Context) (dead []replay.Slice, err error) {
	err = e.pump(ctx, e.last, sqs.OnDeadLetter(func(_ context.Context, s replay.Slice) (replay.Next, error) {
		dead = append(dead, s)
		return replay.Done(), nil
	}))
	return dead, err
}

func (e elastic) pump(ctx context.Context, url string, function func(context.Context, events.SQSEvent) (events.SQSEventResponse, error)) error {
	for {
		event, err := e.receive(ctx, url, 1)
		if err != nil || len(event.Records) == 0 {
			return err
		}
		if _, err := e.invoke(ctx, url, function, event); err != nil {
			return err
		}
	}
}

// receive is up to n messages as Lambda would show them.
func (e elastic) receive(ctx context.Context, url string, n int32) (event events.SQSEvent, err error) {
	out, err := e.client.ReceiveMessage(ctx, &awssqs.ReceiveMessageInput{
		QueueUrl: &url, MaxNumberOfMessages: n, MessageAttributeNames: []string{"All"}, MessageSystemAttributeNames: []types.MessageSystemAttributeName{"All"},
	})
	if err != nil {
		return event, err
	}
	for _, m := range out.Messages {
		attributes := make(map[string]events.SQSMessageAttribute)
		for name, a := range m.MessageAttributes {
			attributes[name] = events.SQSMessageAttribute{DataType: aws.ToString(a.DataType), StringValue: a.StringValue, BinaryValue: a.BinaryValue}
		}
		event.Records = append(event.Records, events.SQSMessage{
			MessageId: *m.MessageId, ReceiptHandle: *m.ReceiptHandle, Body: *m.Body, Attributes: m.Attributes, MessageAttributes: attributes, EventSource: "aws:sqs",
		})
	}
	return event, nil
}

// invoke calls the function and deletes what it did not report; it returns what it did.
func (e elastic) invoke(ctx context.Context, url string, function func(context.Context, events.SQSEvent) (events.SQSEventResponse, error), event events.SQSEvent) (failed []string, err error) {
	ctx, cancel := context.WithTimeout(ctx, functionTime)
	defer cancel()
	got, err := function(ctx, event)
	if err != nil {
		return nil, err
	}
	for _, f := range got.BatchItemFailures {
		failed = append(failed, f.ItemIdentifier)
	}
	for _, m := range event.Records {
		if strings.Contains(strings.Join(failed, " "), m.MessageId) {
			continue
		}
		_, err := e.client.DeleteMessage(context.WithoutCancel(ctx), &awssqs.DeleteMessageInput{QueueUrl: &url, ReceiptHandle: &m.ReceiptHandle})
		if err != nil && !strings.Contains(err.Error(), "ReceiptHandleIsInvalid") && !strings.Contains(err.Error(), "InvalidParameterValue") {
			return nil, err // a receipt that is too old deletes nothing: Lambda's mapping only says so
		}
	}
	return failed, nil
}

func TestTheQueueKeepsItsContract(t *testing.T) {
	queuetest.Test(t, func(t *testing.T) queuetest.Queue {
		t.Parallel()
		return open(t)
	})
}
