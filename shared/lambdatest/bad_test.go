package lambdatest

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-lambda-go/events"
	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
	"github.com/aws/aws-sdk-go-v2/service/sqs"
	sqstypes "github.com/aws/aws-sdk-go-v2/service/sqs/types"

	"reprise/shared/dynamo"
	"reprise/shared/replay"
	"reprise/shared/stack"
)

// neighbors are organizations whose records are handed over one after the other, as those of one batch.
func neighbors(w *World, n int) (names []string) {
	for i := 0; len(names) < n; i++ {
		name := fmt.Sprintf("org-%d", i)
		if lane(fmt.Sprintf(`{"org_id":{"S":%q},"region":{"S":"us"}}`, name), w.streams[0].Parallel) == 0 {
			names = append(names, name)
		}
	}
	return names
}

// TestPoisonInTheStreamKeepsNobodyFromHisReplay has records in one lane of the stream that no version of the program wrote. The jobs
// were accepted three minutes ago, so that the sweep, which the mapping leaves them to, need not be waited for.
func TestPoisonInTheStreamKeepsNobodyFromHisReplay(t *testing.T) {
	t.Parallel()
	w := start(t, Options{Parameters: inside})
	jobs := dynamo.NewJobs(dynamo.NewClient(stack.Credentials(), w.options.Base.DynamoDB()), w.Tables["JobsTable"], time.Now, func() string { return fmt.Sprint(time.Now().UnixNano()) })
	spoil := []func(map[string]types.AttributeValue){
		func(item map[string]types.AttributeValue) { item["schema"] = &types.AttributeValueMemberN{Value: "99"} },
		func(item map[string]types.AttributeValue) { delete(item, "job_id") },
		func(item map[string]types.AttributeValue) {
			item["from_at"] = &types.AttributeValueMemberM{Value: map[string]types.AttributeValue{"of": &types.AttributeValueMemberS{Value: "another type"}}}
		},
	}
	names := neighbors(w, 2*len(spoil)+1)
	accepted := time.Now().Add(-3 * time.Minute)
	var good []replay.Scope
	for i, name := range names {
		at := replay.Scope{Org: name, Region: "us"}
		if i%2 == 0 {
			job := replay.NewJob(replay.Fence{Scope: at, JobID: fmt.Sprintf("01M86KPQY6RQ1ZD6B34WXT2Q%02d", i)}, "test",
				replay.Window{From: accepted.Add(-time.Hour), To: accepted}, accepted)
			if err := jobs.Accept(t.Context(), job); err != nil {
				t.Fatal(err)
			}
			good = append(good, at)
			continue
		}
		poison(t, w, names[i-1], name, spoil[i/2])
	}
	for _, at := range good {
		eventually(t, func() (string, bool) {
			job, err := jobs.Job(t.Context(), at)
			return fmt.Sprintf("%+v, %v", job, err), job.Status == replay.Completed
		})
	}
	eventually(t, func() (string, bool) {
		_, _, givenUp := w.Handed()
		return fmt.Sprintf("%d records were given up", givenUp), givenUp >= len(spoil)
	})
	out, err := w.SQS.ReceiveMessage(t.Context(), &sqs.ReceiveMessageInput{QueueUrl: aws.String(w.URLs["StreamFailures"]), WaitTimeSeconds: 2})
	if err != nil || len(out.Messages) == 0 || !strings.Contains(aws.ToString(out.Messages[0].Body), "RetryAttemptsExhausted") {
		t.Errorf("the stream's failures: %+v, %v", out, err)
	}
}

// poison writes an item that is like the job of an organization, but for what spoil does.
func poison(t *testing.T, w *World, like, org string, spoil func(map[string]types.AttributeValue)) {
	t.Helper()
	table := w.Tables["JobsTable"]
	got, err := w.DB.GetItem(t.Context(), &dynamodb.GetItemInput{TableName: &table, Key: map[string]types.AttributeValue{
		"org_id": &types.AttributeValueMemberS{Value: like}, "region": &types.AttributeValueMemberS{Value: "us"},
	}})
	if err != nil {
		t.Fatal(err)
	}
	item := maps.Clone(got.Item)
	item["org_id"], item["status"] = &types.AttributeValueMemberS{Value: org}, &types.AttributeValueMemberS{Value: "accepted"}
	delete(item, "active") // the sweep does not see it: it is the stream's alone
	spoil(item)
	if _, err := w.DB.PutItem(t.Context(), &dynamodb.PutItemInput{TableName: &table, Item: item}); err != nil {
		t.Fatal(err)
	}
}

// eventually waits until it is so.
func eventually(t *testing.T, so func() (what string, ok bool)) {
	t.Helper()
	for deadline := time.Now().Add(patience); ; <-time.After(50 * time.Millisecond) {
		what, ok := so()
		if ok {
			return
		}
		if time.Now().After(deadline) {
			t.Fatal("still: ", what)
		}
	}
}

func TestAMessageThatCannotBeReadEndsItsJobByName(t *testing.T) {
	t.Parallel()
	for name, body := range map[string]string{
		"newer":   `{"version":2,"slice":0,"part":"north"}`,
		"garbage": "no JSON",
		"lacking": `{"version":1}`,
	} {
		t.Run(name, func(t *testing.T) {
			w, h, api := served(t, Options{Parameters: inside})
			h.hold = make(chan struct{})
			defer close(h.hold)
			o := opens(t, w, h, api, name, 1)
			o.configure(h.url + "/" + name)
			o.send(10)
			j := o.put(o.all())
			running(t, o, j.ID)
			text := func(s string) sqstypes.MessageAttributeValue {
				return sqstypes.MessageAttributeValue{DataType: aws.String("String"), StringValue: &s}
			}
			_, err := w.SQS.SendMessage(t.Context(), &sqs.SendMessageInput{
				QueueUrl: aws.String(w.URLs["SliceQueue"]), MessageBody: &body, MessageGroupId: aws.String(j.ID + "/9"), MessageDeduplicationId: &name,
				MessageAttributes: map[string]sqstypes.MessageAttributeValue{"org": text(name), "region": text("us"), "job": text(j.ID)},
			})
			if err != nil {
				t.Fatal(err)
			}
			if j := o.follow(j.ID); j.Status != "failed" || j.Failure.Code != replay.FailUndeliverable {
				t.Errorf("the job: %+v", j)
			}
		})
	}
}

// TestADeliveryThatDiesGoesOnFromTheCursor has one lane and several batches: the function dies with the second in hand.
func TestADeliveryThatDiesGoesOnFromTheCursor(t *testing.T) {
	t.Parallel()
	for name, die := range map[string]func(*Function) bool{
		"out-of-memory": func(f *Function) bool { return f.Kill(func(int) int { return 0 }) },
		"out-of-time":   func(f *Function) bool { return f.Freeze(func(int) int { return 0 }) },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			options := quick(t)
			options.Parameters["Lanes"] = "1"
			w, h, api := served(t, options)
			deliver := w.Functions["Deliver"]
			batch := 0
			h.before = func(context.Context) {
				if batch++; batch == 2 && !die(deliver) {
					t.Error("nobody was delivering")
				}
			}
			o := opens(t, w, h, api, name, 1)
			o.configure(h.url + "/" + name)
			for range 4 {
				o.send(1000)
			}
			j := o.replay()
			s := h.checker.Summary()
			if j.Progress.Batches < 3 || s.Batches-s.Repeated != j.Progress.Batches || s.Repeated > 1 {
				t.Errorf("the job: %+v; the receiver: %+v", j, s)
			}
			for _, ids := range o.arrived[j.ID][:10] {
				if len(ids) == 0 {
					t.Error("an entry is missing")
				}
			}
		})
	}
}

func TestBodiesThatTheGatewayMakesOfBadRequestsAreAnswered(t *testing.T) {
	t.Parallel()
	w, h, api := served(t, Options{Parameters: inside, Idle: true})
	o := opens(t, w, h, api, "bad", 1)
	intake := w.Functions["Intake"]
	event := func(change func(*events.APIGatewayV2HTTPRequest)) []byte {
		e := events.APIGatewayV2HTTPRequest{
			Version: "2.0", RouteKey: "POST " + eventsPath, RawPath: eventsPath,
			Headers: map[string]string{"authorization": "Bearer " + o.token, "content-type": "application/x-ndjson", "host": "127.0.0.1"},
		}
		e.RequestContext.HTTP.Method, e.RequestContext.HTTP.Path = http.MethodPost, eventsPath
		change(&e)
		text, err := json.Marshal(e)
		if err != nil {
			t.Fatal(err)
		}
		return text
	}
	for name, c := range map[string]struct {
		change func(*events.APIGatewayV2HTTPRequest)
		want   int
	}{
		"base64 that is not":      {func(e *events.APIGatewayV2HTTPRequest) { e.Body, e.IsBase64Encoded = "{}!", true }, 400},
		"gzip declared, not sent": {func(e *events.APIGatewayV2HTTPRequest) { e.Headers["content-encoding"], e.Body = "gzip", "{}" }, 400},
		"five megabytes":          {func(e *events.APIGatewayV2HTTPRequest) { e.Body = strings.Repeat("x", 5<<20) }, 413},
		"a body of nothing":       {func(*events.APIGatewayV2HTTPRequest) {}, 202},
		"gzip of nothing, in base64": {func(e *events.APIGatewayV2HTTPRequest) {
			e.Headers["content-encoding"], e.Body, e.IsBase64Encoded = "gzip", "H4sI", true
		}, 400},
	} {
		t.Run(name, func(t *testing.T) {
			answer, err := intake.Call(t.Context(), event(c.change))
			var a events.APIGatewayV2HTTPResponse
			if err != nil || json.Unmarshal(answer, &a) != nil || a.StatusCode != c.want {
				t.Fatalf("answered %.300s, %v; want %d", answer, err, c.want)
			}
			if a.StatusCode >= 400 && a.Headers["Content-Type"] != "application/problem+json" {
				t.Errorf("no problem: %s", answer)
			}
		})
	}
	// More than Lambda takes: the emulator cuts it off, so what comes is no JSON.
	_, err := intake.Call(t.Context(), event(func(e *events.APIGatewayV2HTTPRequest) { e.Body = strings.Repeat("x", 7<<20) }))
	var fault *FunctionError
	if !errors.As(err, &fault) {
		t.Errorf("an event of 7 MB: %v", err)
	}
	if code, answer := o.ask(http.MethodPost, eventsPath, "application/x-ndjson", []byte(strings.Repeat("x", 7<<20))); code != http.StatusRequestEntityTooLarge {
		t.Errorf("a body of 7 MB by way of the gateway: %d %s", code, answer)
	}
	o.send(3) // and it still does its work
}
