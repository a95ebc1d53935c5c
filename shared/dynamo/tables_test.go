package dynamo_test

import (
	"context"
	"crypto/rand"
	"sync"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb"

	"reprise/shared/dynamo"
	"reprise/shared/stack"
	"reprise/shared/storetest"
)

// server is the one DynamoDB Local of this test binary.
var server = sync.OnceValues(func() (*stack.Server, error) { return stack.StartDynamoDB(context.Background()) })

// client is a client of the server, as boot makes one.
func client(t testing.TB, options ...func(*dynamodb.Options)) *dynamodb.Client {
	t.Helper()
	s, err := server()
	stack.Need(t, err)
	return dynamo.NewClient(stack.Credentials(), append([]func(*dynamodb.Options){s.DynamoDB()}, options...)...)
}

// store is all seven tables at once, as no function has them.
type store struct {
	*dynamo.Jobs
	*dynamo.Slices
	*dynamo.Entries
	*dynamo.Counts
	*dynamo.Webhooks
	*dynamo.Tokens
	*dynamo.Keys
}

var _ storetest.Store = store{}

// storeOf is the tables of that prefix.
func storeOf(db *dynamodb.Client, prefix string, now func() time.Time, newID func() string) store {
	return store{
		dynamo.NewJobs(db, prefix+"JobsTable", now, newID),
		dynamo.NewSlices(db, prefix+"SlicesTable", now, newID),
		dynamo.NewEntries(db, prefix+"EntriesTable"),
		dynamo.NewCounts(db, prefix+"CountsTable"),
		dynamo.NewWebhooks(db, prefix+"WebhooksTable", newID),
		dynamo.NewTokens(db, prefix+"TokensTable"),
		dynamo.NewKeys(db, prefix+"KeysTable"),
	}
}

// template is where the tables are described.
var template = sync.OnceValues(stack.Load)

// tables makes an empty set of tables, and returns what their names begin with.
func tables(t testing.TB, db *dynamodb.Client) (prefix string) {
	t.Helper()
	prefix = rand.Text() + "-"
	described, err := template()
	if err != nil {
		t.Fatal(err)
	}
	names, err := described.CreateTables(t.Context(), db, prefix)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		for _, name := range names {
			if _, err := db.DeleteTable(context.Background(), &dynamodb.DeleteTableInput{TableName: &name}); err != nil {
				t.Error(err)
			}
		}
	})
	return prefix
}
