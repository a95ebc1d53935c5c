package lambdatest

import (
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"reprise/shared/stack"
	"reprise/shared/stacktest"
)

// desk asks for things of a known size.
type desk struct {
	t              *testing.T
	db             *dynamodb.Client
	chunks, counts string
}

func textual(s string) types.AttributeValue { return &types.AttributeValueMemberS{Value: s} }

// row is a row of Counts of that size: the names of attributes count, too.
func row(hour string, size int) map[string]types.AttributeValue {
	rest := size - len("scope") - len("s") - len("hour") - len(hour) - len("x")
	return map[string]types.AttributeValue{"scope": textual("s"), "hour": textual(hour), "x": textual(strings.Repeat("x", rest))}
}

func (d desk) put(table string, it map[string]types.AttributeValue) func() error {
	return func() error {
		_, err := d.db.PutItem(d.t.Context(), &dynamodb.PutItemInput{TableName: &table, Item: it})
		return err
	}
}

func (d desk) transact(it map[string]types.AttributeValue) func() error {
	return func() error {
		_, err := d.db.TransactWriteItems(d.t.Context(), &dynamodb.TransactWriteItemsInput{
			TransactItems: []types.TransactWriteItem{{Put: &types.Put{TableName: &d.counts, Item: it}}},
		})
		return err
	}
}

func (d desk) get(hour string, consistent bool) func() error {
	return func() error {
		_, err := d.db.GetItem(d.t.Context(), &dynamodb.GetItemInput{
			TableName: &d.counts, ConsistentRead: &consistent, Key: map[string]types.AttributeValue{"scope": textual("s"), "hour": textual(hour)},
		})
		return err
	}
}

func (d desk) query(scope string, consistent bool) func() error {
	return func() error {
		_, err := d.db.Query(d.t.Context(), &dynamodb.QueryInput{
			TableName: &d.counts, ConsistentRead: &consistent, KeyConditionExpression: aws.String("#s = :s"),
			ExpressionAttributeNames: map[string]string{"#s": "scope"}, ExpressionAttributeValues: map[string]types.AttributeValue{":s": textual(scope)},
		})
		return err
	}
}

// TestDynamoDBLocalCountsByTheRules holds what the meter goes by to what AWS's documentation says that it bills: a write takes a unit
// for each KB begun, twice that in a transaction, one more for each index that it is in; a read takes one for each 4 KB begun, half of
// it where it need not be consistent; a query is one read of all that it meets together.
func TestDynamoDBLocalCountsByTheRules(t *testing.T) {
	base, err := base()
	stacktest.Need(t, err)
	m, server := metered(t, base)
	template, err := stack.Load()
	if err != nil {
		t.Fatal(err)
	}
	d := desk{t: t, db: dynamodb.NewFromConfig(stack.Credentials(), server.DynamoDB())}
	names, err := template.CreateTables(t.Context(), d.db, "rules-")
	if err != nil {
		t.Fatal(err)
	}
	d.chunks, d.counts = names["EntriesTable"], names["CountsTable"]
	chunk := map[string]types.AttributeValue{
		"scope_hour": textual("h"), "chunk": textual("1-a"), "first_at": &types.AttributeValueMemberN{Value: "1"}, "deflate": &types.AttributeValueMemberB{Value: make([]byte, 2000)},
	}
	for _, c := range []struct {
		what          string
		do            func() error
		reads, writes float64
	}{
		{"a write of 1,024 bytes", d.put(d.counts, row("a", 1024)), 0, 1},
		{"a write of 1,025 bytes", d.put(d.counts, row("b", 1025)), 0, 2},
		{"a write of 4,097 bytes", d.put(d.counts, row("c", 4097)), 0, 5},
		{"a write of two KB with an index", d.put(d.chunks, chunk), 0, 3},
		{"a transaction of 1,025 bytes", d.transact(row("d", 1025)), 0, 4},
		{"a consistent read of 1,024 bytes", d.get("a", true), 1, 0},
		{"a consistent read of 4,097 bytes", d.get("c", true), 2, 0},
		{"another read of 4,097 bytes", d.get("c", false), 1, 0},
		{"a read that finds nothing", d.get("z", true), 1, 0},
		{"a consistent query of 7,171 bytes", d.query("s", true), 2, 0},
		{"another query of 7,171 bytes", d.query("s", false), 1, 0},
		{"a query that finds nothing", d.query("z", false), 0.5, 0},
	} {
		m.take()
		if err := c.do(); err != nil {
			t.Fatal(err)
		}
		if u := m.take(); u.units(u.reads) != c.reads || u.units(u.writes) != c.writes {
			t.Errorf("%s: %v read units and %v write units, not %v and %v", c.what, u.reads, u.writes, c.reads, c.writes)
		}
	}
}
