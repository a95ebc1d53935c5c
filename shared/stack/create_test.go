package stack_test

import (
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/sqs"
	"github.com/aws/aws-sdk-go-v2/service/sqs/types"
	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"reprise/shared/stack"
	"reprise/shared/stacktest"
)

func TestTheTestServerHasTheTablesOfTheTemplate(t *testing.T) {
	template := load(t)
	server, err := stack.StartDynamoDB(t.Context())
	stacktest.Need(t, err)
	defer func() { _ = server.Stop() }()
	db := dynamodb.NewFromConfig(stack.Credentials(), server.DynamoDB())
	names, err := template.CreateTables(t.Context(), db, "x-")
	if err != nil {
		t.Fatal(err)
	}
	if len(names) != 7 {
		t.Errorf("there are %d tables, not seven: %v", len(names), names)
	}
	for id, name := range names {
		got, err := db.DescribeTable(t.Context(), &dynamodb.DescribeTableInput{TableName: &name})
		if err != nil {
			t.Fatal(err)
		}
		want := template.Tables[id]
		if diff := cmp.Diff(want.Key, got.Table.KeySchema, cmpopts.IgnoreUnexported(want.Key[0])); diff != "" {
			t.Errorf("%s has another key (-template +server):\n%s", id, diff)
		}
		if got, want := len(got.Table.GlobalSecondaryIndexes)+len(got.Table.LocalSecondaryIndexes), len(want.Indexes)+len(want.Local); got != want {
			t.Errorf("%s has %d indexes, not %d", id, got, want)
		}
		if streams := got.Table.StreamSpecification != nil; streams != (id == "JobsTable") {
			t.Errorf("%s: that it has a stream is %t", id, streams)
		}
	}
}

func TestTheTestServerHasTheQueuesOfTheTemplate(t *testing.T) {
	template := load(t)
	server, err := stack.StartSQS(t.Context())
	stacktest.Need(t, err)
	defer func() { _ = server.Stop() }()
	client := sqs.NewFromConfig(stack.Credentials(), server.SQS())
	urls, err := template.CreateQueues(t.Context(), client, "x-")
	if err != nil {
		t.Fatal(err)
	}
	for id, want := range map[string]map[string]string{
		"SliceQueue":     {"FifoQueue": "true", "VisibilityTimeout": "360"},
		"DeadQueue":      {"FifoQueue": "true", "VisibilityTimeout": "360"},
		"StreamFailures": {"VisibilityTimeout": "30"},
	} {
		url := urls[id]
		got, err := client.GetQueueAttributes(t.Context(), &sqs.GetQueueAttributesInput{QueueUrl: &url, AttributeNames: []types.QueueAttributeName{"All"}})
		if err != nil {
			t.Fatal(err)
		}
		for key, v := range want {
			if got.Attributes[key] != v {
				t.Errorf("%s: %s is %q, not %q", id, key, got.Attributes[key], v)
			}
		}
		redrive := got.Attributes["RedrivePolicy"]
		if wants := id == "SliceQueue"; strings.Contains(redrive, "x-DeadQueue.fifo") != wants || strings.Contains(redrive, "1000") != wants {
			t.Errorf("%s: the redrive policy is %q", id, redrive)
		}
	}
}
