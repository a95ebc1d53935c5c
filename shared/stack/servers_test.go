package stack_test

import (
	"testing"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/sqs"

	"reprise/shared/stack"
	"reprise/shared/stacktest"
)

func TestBothServersAnswerTheSDK(t *testing.T) {
	base, err := stack.StartDynamoDB(t.Context())
	stacktest.Need(t, err)
	defer func() { _ = base.Stop() }()
	if _, err := dynamodb.NewFromConfig(stack.Credentials(), base.DynamoDB()).ListTables(t.Context(), &dynamodb.ListTablesInput{}); err != nil {
		t.Error(err)
	}
	queues, err := stack.StartSQS(t.Context())
	stacktest.Need(t, err)
	defer func() { _ = queues.Stop() }()
	if _, err := sqs.NewFromConfig(stack.Credentials(), queues.SQS()).ListQueues(t.Context(), &sqs.ListQueuesInput{}); err != nil {
		t.Error(err)
	}
}
