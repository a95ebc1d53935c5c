package dynamo_test

import (
	"context"
	"crypto/rand"
	"maps"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb"

	"reprise/shared/dynamo"
	"reprise/shared/stack"
	"reprise/shared/stacktest"
	"reprise/shared/storetest"
)

// server is the one DynamoDB Local of this test binary.
var server = sync.OnceValues(func() (*stack.Server, error) { return stack.StartDynamoDB(context.Background()) })

// client is a client of the server, as boot makes one.
func client(t testing.TB, options ...func(*dynamodb.Options)) *dynamodb.Client {
	t.Helper()
	s, err := server()
	stacktest.Need(t, err)
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

// storeOf is the tables of those names.
func storeOf(db *dynamodb.Client, names map[string]string, now func() time.Time, newID func() string) store {
	return store{
		dynamo.NewJobs(db, names["JobsTable"], now, newID),
		dynamo.NewSlices(db, names["SlicesTable"], now, newID),
		dynamo.NewEntries(db, names["EntriesTable"]),
		dynamo.NewCounts(db, names["CountsTable"]),
		dynamo.NewWebhooks(db, names["WebhooksTable"], newID),
		dynamo.NewTokens(db, names["TokensTable"]),
		dynamo.NewKeys(db, names["KeysTable"]),
	}
}

// template is where the tables are described.
var template = sync.OnceValues(stack.Load)

// created makes some of the template's tables, or all where none is named.
func created(ctx context.Context, db *dynamodb.Client, ids ...string) (map[string]string, error) {
	all, err := template()
	if err != nil {
		return nil, err
	}
	some := stack.Template{Tables: maps.Clone(all.Tables)}
	maps.DeleteFunc(some.Tables, func(id string, _ stack.Table) bool { return len(ids) > 0 && !slices.Contains(ids, id) })
	return some.CreateTables(ctx, db, rand.Text()+"-")
}

// common are tables that tests share, each with organizations and jobs of its own.
var common = sync.OnceValues(func() (map[string]string, error) {
	s, err := server()
	if err != nil {
		return nil, err
	}
	return created(context.Background(), dynamo.NewClient(stack.Credentials(), s.DynamoDB()))
})

// tables is the names of a set of tables, of which those are new and empty.
func tables(t testing.TB, fresh ...string) map[string]string {
	t.Helper()
	db := client(t)
	all, err := common()
	if err != nil {
		t.Fatal(err)
	}
	own, err := created(t.Context(), db, fresh...)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		for _, name := range own {
			if _, err := db.DeleteTable(context.Background(), &dynamodb.DeleteTableInput{TableName: &name}); err != nil {
				t.Error(err)
			}
		}
	})
	all = maps.Clone(all)
	maps.Copy(all, own)
	return all
}
