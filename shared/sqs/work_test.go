package sqs_test

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/aws/aws-lambda-go/events"
	"github.com/aws/aws-sdk-go-v2/aws"
	awssqs "github.com/aws/aws-sdk-go-v2/service/sqs"
	"github.com/aws/aws-sdk-go-v2/service/sqs/types"
	"github.com/google/go-cmp/cmp"

	"reprise/shared/replay"
	"reprise/shared/sqs"
	"reprise/shared/stack"
)

func done(context.Context, replay.Slice) (replay.Next, error) { return replay.Done(), nil }

func (e elastic) sends(t *testing.T, slices ...replay.Slice) {
	t.Helper()
	if err := e.Send(t.Context(), 0, slices...); err != nil {
		t.Fatal(err)
	}
}

// count is how many messages of a queue are as that attribute says.
func (e elastic) count(t *testing.T, url string, what types.QueueAttributeName) string {
	t.Helper()
	out, err := e.client.GetQueueAttributes(t.Context(), &awssqs.GetQueueAttributesInput{QueueUrl: &url, AttributeNames: []types.QueueAttributeName{what}})
	if err != nil {
		t.Fatal(err)
	}
	return out.Attributes[string(what)]
}

const (
	visible = types.QueueAttributeNameApproximateNumberOfMessages
	inHand  = types.QueueAttributeNameApproximateNumberOfMessagesNotVisible
)

func TestAnEventOfSeveralMessagesKeepsTheOrderOfItsGroups(t *testing.T) {
	t.Parallel()
	rows := map[string]func() (replay.Next, error){
		"fails":        func() (replay.Next, error) { return replay.Next{}, errors.New("trouble") },
		"comes again":  func() (replay.Next, error) { return replay.Again(time.Minute), nil },
		"panics":       func() (replay.Next, error) { panic("trouble") },
		"dereferences": func() (replay.Next, error) { var s *replay.Slice; return replay.Next{After: time.Duration(s.N)}, nil },
	}
	for what, does := range rows {
		t.Run("one "+what, func(t *testing.T) {
			t.Parallel()
			e := open(t)
			e.sends(t, job(2, 8)...)
			event, err := e.receive(t.Context(), e.url, 10)
			if err != nil || len(event.Records) != 8 {
				t.Fatalf("%d messages, %v", len(event.Records), err)
			}
			var handled []replay.Slice
			failed, err := e.invoke(t.Context(), e.url, e.OnMessage(e.dead, func(_ context.Context, s replay.Slice) (replay.Next, error) {
				handled = append(handled, s)
				if s.N == 2 {
					return does()
				}
				return replay.Done(), nil
			}), event)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(map[int][]int{0: {0, 2}, 1: {1, 3, 5, 7}}, numbers(handled)); diff != "" {
				t.Errorf("handled by lane (-want +got):\n%s", diff)
			}
			var want []string // slices 2, 4 and 6
			for _, m := range event.Records {
				if s, err := replay.ReadMessage(replay.Fence{}, []byte(m.Body)); err == nil && s.Lane == 0 && s.N > 0 {
					want = append(want, m.MessageId)
				}
			}
			if diff := cmp.Diff(want, failed); diff != "" {
				t.Errorf("reported failed (-want +got):\n%s", diff)
			}
			if got := e.count(t, e.url, inHand); got != "3" {
				t.Errorf("%s messages are hidden, want the 3 that were reported", got)
			}
		})
	}
}

func TestVisibilityIsCutDownBeforeTheWorkAndSetAfterIt(t *testing.T) {
	t.Parallel()
	rows := []struct {
		after time.Duration
		want  float64
	}{{0, 0}, {-time.Second, 0}, {time.Millisecond, 1}, {30 * time.Second, 30}, {30*time.Second + 1, 31}, {13 * time.Hour, 11 * 3600}}
	for _, row := range rows {
		t.Run(row.after.String(), func(t *testing.T) {
			t.Parallel()
			e, p := open(t).through(t, &proxy{})
			e.sends(t, job(1, 1)...)
			event, err := e.receive(t.Context(), e.url, 1)
			if err != nil {
				t.Fatal(err)
			}
			var before int
			if _, err := e.invoke(t.Context(), e.url, e.OnMessage(e.dead, func(context.Context, replay.Slice) (replay.Next, error) {
				before = len(p.of("ChangeMessageVisibility"))
				return replay.Again(row.after), nil
			}), event); err != nil {
				t.Fatal(err)
			}
			acts := p.of("ChangeMessageVisibility")
			if before != 1 || len(acts) != 2 {
				t.Fatalf("visibility was set %d times before the work and %d in all", before, len(acts))
			}
			if got := acts[0]["VisibilityTimeout"].(float64); got != replay.Lease.Seconds() {
				t.Errorf("before the work it was set to %v s, want what the function has and 10 s", got)
			}
			if got, _ := acts[1]["VisibilityTimeout"].(float64); got != row.want {
				t.Errorf("after it to %v s, want %v", got, row.want)
			}
		})
	}
}

func TestASliceIsHandledThoughItsVisibilityCouldNotBeSet(t *testing.T) {
	t.Parallel()
	e, _ := open(t).through(t, &proxy{fail: refusing("ChangeMessageVisibility")})
	e.sends(t, job(1, 2)...)
	if got := numbers(e.takes(t))[0]; !cmp.Equal(got, []int{0, 1}) {
		t.Errorf("handled %v", got)
	}
	e.sends(t, job(2, 2)...) // known: nothing
	slices := job(1, 3)
	e.sends(t, slices[2])
	if err := e.Pump(t.Context(), func(context.Context, replay.Slice) (replay.Next, error) { return replay.Again(0), nil }); err != nil {
		t.Fatal(err)
	}
	if got := e.count(t, e.url, inHand); got != "1" {
		t.Errorf("%s messages are hidden: one that is to come again must not be lost, though nobody could say when", got)
	}
}

func TestASliceReceivedTooOftenIsADeadLetterThatNamesItsJob(t *testing.T) {
	t.Parallel()
	template, err := stack.Load()
	if err != nil {
		t.Fatal(err)
	}
	if got := template.Queues["SliceQueue"]; got.MaxReceives != replay.MaxReceives || got.DeadLetters != "DeadQueue" {
		t.Errorf("template.yaml moves a message to %s after %d receives, want DeadQueue after %d", got.DeadLetters, got.MaxReceives, replay.MaxReceives)
	}
	e := open(t)
	arn := e.count(t, e.last, types.QueueAttributeNameQueueArn)
	_, err = e.client.SetQueueAttributes(t.Context(), &awssqs.SetQueueAttributesInput{ // the suite's story with 1000 takes two hours
		QueueUrl: &e.url, Attributes: map[string]string{"RedrivePolicy": fmt.Sprintf(`{"deadLetterTargetArn":%q,"maxReceiveCount":3}`, arn)},
	})
	if err != nil {
		t.Fatal(err)
	}
	slices := job(1, 2)
	e.sends(t, slices...)
	received := 0
	if err := e.Pump(t.Context(), func(_ context.Context, s replay.Slice) (replay.Next, error) {
		if s.N == 1 {
			return replay.Done(), nil
		}
		received++
		return replay.Again(0), nil
	}); err != nil {
		t.Fatal(err)
	}
	if received != 3 {
		t.Errorf("it was received %d times, want 3", received)
	}
	dead, err := e.Dead(t.Context())
	if diff := cmp.Diff(slices[:1], dead); err != nil || diff != "" {
		t.Errorf("dead letters: %v (-want +got):\n%s", err, diff)
	}
}

func TestAnEventOfSomethingElseIsAnError(t *testing.T) {
	for name, function := range map[string]func(context.Context, events.SQSEvent) (events.SQSEventResponse, error){
		"deliver": new(sqs.Queue).OnMessage(nil, done), "dead-letter": sqs.OnDeadLetter(done),
	} {
		if _, err := function(t.Context(), events.SQSEvent{}); err == nil {
			t.Errorf("%s took an event without messages for work that is done", name)
		}
	}
}

// letter is a message as somebody else may send it.
type letter struct {
	body       string
	attributes map[string]string
}

func (e elastic) posts(t *testing.T, group, id string, l letter) {
	t.Helper()
	attributes := make(map[string]types.MessageAttributeValue)
	for name, value := range l.attributes {
		attributes[name] = types.MessageAttributeValue{DataType: aws.String("String"), StringValue: aws.String(value)}
	}
	_, err := e.client.SendMessage(t.Context(), &awssqs.SendMessageInput{
		QueueUrl: &e.url, MessageBody: aws.String(l.body), MessageAttributes: attributes, MessageGroupId: &group, MessageDeduplicationId: &id,
	})
	if err != nil {
		t.Fatal(err)
	}
}
