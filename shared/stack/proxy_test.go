package stack_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
	"github.com/aws/aws-sdk-go-v2/service/sqs"
	sqstypes "github.com/aws/aws-sdk-go-v2/service/sqs/types"
	"github.com/aws/smithy-go"

	"reprise/shared/stack"
	"reprise/shared/stacktest"
)

// puts names the writes of one item.
func puts(operation, _ string) string {
	if operation == "PutItem" || operation == "SendMessage" {
		return operation
	}
	return ""
}

func makeTable(t *testing.T, db *dynamodb.Client, table, key string) {
	t.Helper()
	if _, err := db.CreateTable(t.Context(), &dynamodb.CreateTableInput{
		TableName: &table, BillingMode: types.BillingModePayPerRequest,
		AttributeDefinitions: []types.AttributeDefinition{{AttributeName: &key, AttributeType: types.ScalarAttributeTypeS}},
		KeySchema:            []types.KeySchemaElement{{AttributeName: &key, KeyType: types.KeyTypeHash}},
	}); err != nil {
		t.Fatal(err)
	}
}

func TestTheProxyDoesToARequestWhatItIsArmedFor(t *testing.T) {
	server, err := stack.StartDynamoDB(t.Context())
	stacktest.Need(t, err)
	defer func() { _ = server.Stop() }()
	proxy := stack.NewProxy(server)
	defer proxy.Close()
	direct := dynamodb.NewFromConfig(stack.Credentials(), server.DynamoDB())
	once := dynamodb.NewFromConfig(stack.Credentials(), proxy.Server().DynamoDB(), func(o *dynamodb.Options) { o.RetryMaxAttempts = 1 })
	table, key := "things", "key"
	makeTable(t, direct, table, key)
	put := func(ctx context.Context, id string) error {
		_, err := once.PutItem(ctx, &dynamodb.PutItemInput{TableName: &table, Item: map[string]types.AttributeValue{key: &types.AttributeValueMemberS{Value: id}}})
		return err
	}
	there := func(id string) bool {
		out, err := direct.GetItem(t.Context(), &dynamodb.GetItemInput{TableName: &table, Key: map[string]types.AttributeValue{key: &types.AttributeValueMemberS{Value: id}}})
		if err != nil {
			t.Fatal(err)
		}
		return out.Item != nil
	}
	for way, want := range map[stack.Fault]struct {
		done bool
		code string
	}{
		stack.Lost:        {false, ""},
		stack.AnswerLost:  {true, ""},
		stack.AnswerCut:   {true, ""},
		stack.Hung:        {true, ""},
		stack.Late:        {false, ""},
		stack.Throttled:   {false, "ProvisionedThroughputExceededException"},
		stack.Conflicting: {false, "TransactionConflictException"},
		stack.Failed:      {false, "InternalServerError"},
	} {
		t.Run(way.String(), func(t *testing.T) {
			proxy.Arm(2, 2, way, puts)
			if err := put(t.Context(), way.String()+" 1"); err != nil || !there(way.String()+" 1") {
				t.Errorf("the one before: %v", err)
			}
			patience := map[bool]time.Duration{true: 5 * time.Second, false: time.Minute}[way == stack.Hung] // which nobody else would end
			ctx, cancel := context.WithTimeout(t.Context(), patience)
			err := put(ctx, way.String()+" 2")
			cancel()
			var answered smithy.APIError
			if errors.As(err, &answered); err == nil || (answered != nil) != (want.code != "") || answered != nil && answered.ErrorCode() != want.code {
				t.Errorf("answered %v", err)
			}
			if got := there(way.String() + " 2"); got != want.done {
				t.Errorf("it was done: %t", got)
			}
			if err := put(t.Context(), way.String()+" 3"); err != nil || len(proxy.Hit()) != 1 || proxy.Seen() != 3 {
				t.Errorf("the one behind: %v, %v of %d went wrong", err, proxy.Hit(), proxy.Seen())
			}
			if got := there(way.String() + " 2"); got != (want.done || way == stack.Late) {
				t.Errorf("it was done in the end: %t", got)
			}
		})
	}
}

func TestTheProxyRefusesAsSQSDoes(t *testing.T) {
	server, err := stack.StartSQS(t.Context())
	stacktest.Need(t, err)
	defer func() { _ = server.Stop() }()
	proxy := stack.NewProxy(server)
	defer proxy.Close()
	client := sqs.NewFromConfig(stack.Credentials(), proxy.Server().SQS(), func(o *sqs.Options) { o.RetryMaxAttempts = 1 })
	name, body := "things", "x"
	q, err := client.CreateQueue(t.Context(), &sqs.CreateQueueInput{QueueName: &name})
	if err != nil {
		t.Fatal(err)
	}
	send := func(ctx context.Context) error {
		_, err := client.SendMessage(ctx, &sqs.SendMessageInput{QueueUrl: q.QueueUrl, MessageBody: &body})
		return err
	}
	proxy.Arm(1, 1, stack.Throttled, puts)
	var throttled *sqstypes.RequestThrottled
	if err := send(t.Context()); !errors.As(err, &throttled) {
		t.Errorf("answered %v", err)
	}
	proxy.Arm(1, 1, stack.Failed, puts)
	if err := send(t.Context()); err == nil {
		t.Error("a 500 is no error")
	}
	if err := send(t.Context()); err != nil {
		t.Error(err)
	}
}
