package dynamo_test

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"os"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	tabletypes "github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
	"github.com/aws/aws-sdk-go-v2/service/dynamodbstreams"
	"github.com/aws/aws-sdk-go-v2/service/dynamodbstreams/types"

	"reprise/shared/dynamo"
	"reprise/shared/queuetest"
	"reprise/shared/replay"
	"reprise/shared/simtest"
	"reprise/shared/stack"
	"reprise/shared/stacktest"
	"reprise/shared/storetest"
)

// whole is whether everything is to be done that takes long and wants the machine for itself: `make slow` sets it.
var whole = os.Getenv("WHOLE") == "1"

// faultsApart is how many writes apart the faults of the stories lie; 1: each write fails in turn.
var faultsApart = map[bool]int{true: 1, false: 160}[whole]

// hands is a queue whose time passes when it is told to.
type hands struct {
	*simtest.Queue
	clock *queuetest.Clock
}

func (h hands) Pass(d time.Duration) { h.clock.Pass(d) }

// newClock stands still until a test moves it, far ahead: nothing expires by the server's clock.
func newClock() *queuetest.Clock {
	return queuetest.NewClock(time.Date(2040, 6, 18, 21, 2, 36, 889e6, time.UTC))
}

// backend is tables with their stream, and a queue. The jobs are none, as no sweep may meet another story's; the entries are
// let go with the story, for the server's memory.
func backend(t *testing.T, db *dynamodb.Client) storetest.Backend {
	t.Helper()
	clock, names := newClock(), tables(t, "JobsTable", "EntriesTable")
	return storetest.Backend{
		Store:  storeOf(db, names, clock.Now, rand.Text),
		Queue:  hands{simtest.NewQueue(clock.Now), clock},
		Stream: newStream(t, names["JobsTable"]).pump,
		Pass:   clock.Pass,
		Now:    clock.Now,
	}
}

// stream reads a table's stream as the event source mapping does: from its beginning, what the filter lets by, again from
// the record that failed.
type stream struct {
	t     *testing.T
	api   *dynamodbstreams.Client
	table string
	arn   string
	shard string  // the one that DynamoDB Local has
	done  *string // the sequence number of the last record that was handled
}

func newStream(t *testing.T, table string) *stream {
	t.Helper()
	s, err := server()
	stacktest.Need(t, err)
	api := dynamodbstreams.NewFromConfig(stack.Credentials(), func(o *dynamodbstreams.Options) { o.BaseEndpoint = &s.URL })
	out, err := client(t).DescribeTable(t.Context(), &dynamodb.DescribeTableInput{TableName: &table})
	if err != nil {
		t.Fatal(err)
	}
	arn := aws.ToString(out.Table.LatestStreamArn)
	about, err := api.DescribeStream(t.Context(), &dynamodbstreams.DescribeStreamInput{StreamArn: &arn})
	if err != nil {
		t.Fatal(err)
	}
	if n := len(about.StreamDescription.Shards); n != 1 {
		t.Fatalf("the stream has %d shards", n)
	}
	return &stream{t: t, api: api, table: table, arn: arn, shard: *about.StreamDescription.Shards[0].ShardId}
}

var errRecord = errors.New("the function reported a record")

// pump hands everything over that was written before, a batch at a time, up to the first failure. The stream is some
// milliseconds behind the table: a mark, which the filter keeps off, shows that it has caught up.
func (s *stream) pump(ctx context.Context, out func(context.Context, replay.Job) error) error {
	mark := rand.Text()
	_, err := client(s.t).PutItem(ctx, &dynamodb.PutItemInput{TableName: &s.table, Item: map[string]tabletypes.AttributeValue{
		"org_id": &tabletypes.AttributeValueMemberS{Value: mark}, "region": &tabletypes.AttributeValueMemberS{Value: mark},
	}})
	if err != nil {
		return err
	}
	tick := time.NewTicker(time.Millisecond)
	defer tick.Stop()
	for ; ; <-tick.C {
		page, err := s.read(ctx)
		if err != nil {
			return err
		}
		for _, r := range page { // batches of one: a failure is the first of its batch
			if isText(r.Dynamodb.NewImage["status"], string(replay.Accepted)) {
				answer, err := dynamo.OnAccepted(out)(ctx, dynamo.Event{Records: []json.RawMessage{event(s.t, r)}})
				if err != nil {
					return err
				}
				if len(answer.BatchItemFailures) > 0 {
					return errRecord
				}
			}
			s.done = r.Dynamodb.SequenceNumber
			if isText(r.Dynamodb.NewImage["org_id"], mark) {
				return nil
			}
		}
	}
}

// read is what follows the last record that was handled.
func (s *stream) read(ctx context.Context) ([]types.Record, error) {
	from := types.ShardIteratorTypeTrimHorizon
	if s.done != nil {
		from = types.ShardIteratorTypeAfterSequenceNumber
	}
	at, err := s.api.GetShardIterator(ctx, &dynamodbstreams.GetShardIteratorInput{
		StreamArn: &s.arn, ShardId: &s.shard, ShardIteratorType: from, SequenceNumber: s.done,
	})
	if err != nil {
		return nil, err
	}
	page, err := s.api.GetRecords(ctx, &dynamodbstreams.GetRecordsInput{ShardIterator: at.ShardIterator})
	if err != nil {
		return nil, err
	}
	return page.Records, nil
}

func isText(v types.AttributeValue, want string) bool {
	s, ok := v.(*types.AttributeValueMemberS)
	return ok && s.Value == want
}

// event is a record as Lambda hands it to a function.
func event(t *testing.T, r types.Record) json.RawMessage {
	t.Helper()
	image := make(map[string]any)
	for name, v := range r.Dynamodb.NewImage {
		switch v := v.(type) {
		case *types.AttributeValueMemberS:
			image[name] = map[string]any{"S": v.Value}
		case *types.AttributeValueMemberN:
			image[name] = map[string]any{"N": v.Value}
		case *types.AttributeValueMemberBOOL:
			image[name] = map[string]any{"BOOL": v.Value}
		default:
			t.Fatalf("%s is a %T", name, v)
		}
	}
	data, err := json.Marshal(map[string]any{
		"eventID": r.EventID, "eventName": r.EventName, "eventSource": "aws:dynamodb",
		"dynamodb": map[string]any{"SequenceNumber": r.Dynamodb.SequenceNumber, "NewImage": image, "StreamViewType": "NEW_IMAGE"},
	})
	if err != nil {
		t.Fatal(err)
	}
	return data
}

func TestTheVerbsKeepTheirPromisesOnThem(t *testing.T) {
	db := client(t)
	storetest.Stories(t, faultsApart, func(t *testing.T) storetest.Backend { return backend(t, db) })
}
