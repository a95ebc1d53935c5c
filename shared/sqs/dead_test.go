package sqs_test

import (
	"bytes"
	"context"
	"encoding/json"
	"log/slog"
	"testing"

	"github.com/aws/aws-lambda-go/events"
	"github.com/google/go-cmp/cmp"

	"reprise/shared/replay"
	"reprise/shared/sqs"
)

// fence is whose the letters of these tests are.
var (
	fence = replay.Fence{Scope: replay.Scope{Org: "acme", Region: "eu"}, JobID: "01J8000000000000000000000A"}
	named = map[string]string{"org": "acme", "region": "eu", "job": "01J8000000000000000000000A"}
)

func TestAMessageThatCannotBeReadIsADeadLetterAtOnceWhichNamesItsJob(t *testing.T) {
	rows := map[string]string{
		"of a newer version":    `{"version":2,"pieces":[1,2]}`,
		"with a new field":      `{"version":1,"slice":0,"lane":0,"from":"2025-06-18T21:00:00Z","to":"2025-06-18T21:00:59Z","priority":1}`,
		"without its window":    `{"version":1,"slice":0,"lane":0}`,
		"with words as numbers": `{"version":1,"slice":"0","lane":"0","from":"2025-06-18T21:00:00Z","to":"2025-06-18T21:00:59Z"}`,
		"that is no JSON":       `<slice/>`,
	}
	for what, body := range rows {
		t.Run(what, func(t *testing.T) {
			t.Parallel()
			e := open(t)
			good := job(1, 1)[0]
			e.posts(t, good.JobID+"/0", "poison", letter{body, named})
			e.sends(t, good)
			if diff := cmp.Diff([]replay.Slice{good}, e.takes(t)); diff != "" {
				t.Errorf("handed over (-want +got):\n%s", diff)
			}
			dead, err := e.Dead(t.Context())
			if diff := cmp.Diff([]replay.Slice{{Fence: fence}}, dead); err != nil || diff != "" {
				t.Errorf("dead letters: %v (-want +got):\n%s", err, diff)
			}
		})
	}
}

func TestAMessageThatNamesNoJobStaysOnTheDeadLetterQueue(t *testing.T) {
	good, err := job(1, 1)[0].Message()
	if err != nil {
		t.Fatal(err)
	}
	for what, attributes := range map[string]map[string]string{
		"without attributes": nil,
		"without its region": {"org": "acme", "job": fence.JobID},
	} {
		t.Run(what, func(t *testing.T) {
			t.Parallel()
			e := open(t)
			e.posts(t, "a/0", "nameless", letter{string(good), attributes})
			if got := e.takes(t); len(got) > 0 {
				t.Errorf("handed over %v", got)
			}
			if dead, err := e.Dead(t.Context()); err != nil || len(dead) > 0 {
				t.Errorf("ended %v: %v", dead, err)
			}
			if got := e.count(t, e.last, inHand); got != "1" {
				t.Errorf("%s messages are on the dead-letter queue: what nobody can read must not be dropped", got)
			}
		})
	}
}

func TestAMessageThatCannotBeReadStaysWhereTheDeadLetterQueueIsOutOfReach(t *testing.T) {
	t.Parallel()
	e, _ := open(t).through(t, &proxy{fail: refusing("SendMessage")})
	e.posts(t, fence.JobID+"/0", "poison", letter{"{}", named})
	e.takes(t)
	if got := e.count(t, e.url, inHand); got != "1" {
		t.Errorf("%s messages are left", got)
	}
}

func TestAMessageThatCannotBeReadIsOneDeadLetterHoweverOftenItComes(t *testing.T) {
	t.Parallel()
	e := open(t)
	e.posts(t, fence.JobID+"/0", "poison", letter{"{}", named})
	event, err := e.receive(t.Context(), e.url, 1)
	if err != nil {
		t.Fatal(err)
	}
	for range 2 { // the second time is after a crash that kept the first from being told
		if _, err := e.OnMessage(e.dead, done)(t.Context(), event); err != nil {
			t.Fatal(err)
		}
	}
	if got := e.count(t, e.last, visible); got != "1" {
		t.Errorf("%s dead letters", got)
	}
}

func TestADeadLetterWhoseJobCouldNotBeEndedComesAgain(t *testing.T) {
	message := events.SQSMessage{MessageId: "m", Body: "{}", MessageAttributes: make(map[string]events.SQSMessageAttribute)}
	for name, value := range named {
		message.MessageAttributes[name] = events.SQSMessageAttribute{DataType: "String", StringValue: &value}
	}
	for what, handle := range map[string]func(context.Context, replay.Slice) (replay.Next, error){
		"an error": func(context.Context, replay.Slice) (replay.Next, error) {
			return replay.Next{}, context.DeadlineExceeded
		},
		"a panic":           func(context.Context, replay.Slice) (replay.Next, error) { panic("trouble") },
		"asked to be shown": func(context.Context, replay.Slice) (replay.Next, error) { return replay.Again(0), nil },
	} {
		t.Run(what, func(t *testing.T) {
			got, err := sqs.OnDeadLetter(handle)(t.Context(), events.SQSEvent{Records: []events.SQSMessage{message}})
			if err != nil || len(got.BatchItemFailures) != 1 {
				t.Errorf("reported %v, %v", got.BatchItemFailures, err)
			}
		})
	}
}

// FuzzNoDeadLetterIsLost: whatever an event says, each of its messages is handed over with a whole fence, or reported.
func FuzzNoDeadLetterIsLost(f *testing.F) {
	slog.SetDefault(slog.New(slog.DiscardHandler))
	f.Add([]byte(`{"Records":[{"messageId":"1","body":"{}","messageAttributes":{"org":{"stringValue":"acme","dataType":"String"},"region":{"stringValue":"eu"},"job":{"stringValue":"J"}}}]}`))
	f.Fuzz(func(t *testing.T, data []byte) {
		var event events.SQSEvent
		if json.NewDecoder(bytes.NewReader(data)).Decode(&event) != nil {
			return // so does aws-lambda-go, and nothing is deleted
		}
		handed := 0
		got, err := sqs.OnDeadLetter(func(_ context.Context, s replay.Slice) (replay.Next, error) {
			handed++
			if s.Org == "" || s.Region == "" || s.JobID == "" {
				t.Errorf("handed over %+v", s)
			}
			return replay.Done(), nil
		})(t.Context(), event)
		if (err != nil) != (len(event.Records) == 0) || handed+len(got.BatchItemFailures) != len(event.Records) {
			t.Errorf("%d messages, %d handed over, %d reported, %v", len(event.Records), handed, len(got.BatchItemFailures), err)
		}
	})
}
