package dynamo_test

import (
	"context"
	"crypto/rand"
	"sync"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

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
		dynamo.NewJobs(db, prefix+"jobs", now, newID),
		dynamo.NewSlices(db, prefix+"slices", now, newID),
		dynamo.NewEntries(db, prefix+"entries"),
		dynamo.NewCounts(db, prefix+"counts"),
		dynamo.NewWebhooks(db, prefix+"webhooks", newID),
		dynamo.NewTokens(db, prefix+"tokens"),
		dynamo.NewKeys(db, prefix+"keys"),
	}
}

// layout is the key of each table, and its index.
var layout = []struct{ name, hash, sort, index string }{
	{"jobs", "org_id", "region", "active"},
	{"slices", "job_id", "item", ""},
	{"entries", "scope_hour", "chunk", ""},
	{"counts", "scope", "hour", ""},
	{"webhooks", "org_id", "region", ""},
	{"tokens", "hash", "", "org_id"},
	{"keys", "kid", "", ""},
}

// tables makes an empty set of tables, and returns what their names begin with.
func tables(t testing.TB, db *dynamodb.Client) (prefix string) {
	t.Helper()
	prefix = rand.Text() + "-"
	for _, l := range layout {
		in := dynamodb.CreateTableInput{TableName: aws.String(prefix + l.name), BillingMode: types.BillingModePayPerRequest}
		keys := []string{l.hash}
		in.KeySchema = []types.KeySchemaElement{{AttributeName: aws.String(l.hash), KeyType: types.KeyTypeHash}}
		if l.sort != "" {
			keys = append(keys, l.sort)
			in.KeySchema = append(in.KeySchema, types.KeySchemaElement{AttributeName: aws.String(l.sort), KeyType: types.KeyTypeRange})
		}
		if l.index != "" {
			keys = append(keys, l.index)
			in.GlobalSecondaryIndexes = []types.GlobalSecondaryIndex{{
				IndexName: aws.String(l.index), Projection: &types.Projection{ProjectionType: types.ProjectionTypeKeysOnly},
				KeySchema: []types.KeySchemaElement{{AttributeName: aws.String(l.index), KeyType: types.KeyTypeHash}},
			}}
		}
		if l.name == "jobs" {
			in.StreamSpecification = &types.StreamSpecification{StreamEnabled: aws.Bool(true), StreamViewType: types.StreamViewTypeNewImage}
		}
		for _, k := range keys {
			in.AttributeDefinitions = append(in.AttributeDefinitions, types.AttributeDefinition{AttributeName: aws.String(k), AttributeType: types.ScalarAttributeTypeS})
		}
		if _, err := db.CreateTable(t.Context(), &in); err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() {
			if _, err := db.DeleteTable(context.Background(), &dynamodb.DeleteTableInput{TableName: in.TableName}); err != nil {
				t.Error(err)
			}
		})
	}
	return prefix
}
