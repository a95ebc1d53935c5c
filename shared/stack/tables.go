package stack

import (
	"context"
	"fmt"
	"slices"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
)

// Table is a table of the template.
type Table struct {
	ID         string // JobsTable
	Attributes []types.AttributeDefinition
	Key        []types.KeySchemaElement
	Indexes    []types.GlobalSecondaryIndex
	Local      []types.LocalSecondaryIndex
	Stream     types.StreamViewType // empty: no stream
	TTL        string               // the attribute; empty: items stay
	OnDemand   bool
	Recovery   bool   // to a point in time
	KMSKey     string // as in SecretsKey.Arn; empty: AWS's own
}

func table(id string, p tree) Table {
	t := Table{
		ID: id, Key: schema(p.at("KeySchema")), Stream: types.StreamViewType(p.at("StreamSpecification", "StreamViewType").text()),
		OnDemand: p.at("BillingMode").text() == "PAY_PER_REQUEST",
		Recovery: p.at("PointInTimeRecoverySpecification", "PointInTimeRecoveryEnabled").text() == "true",
	}
	if ttl := p.at("TimeToLiveSpecification"); ttl.at("Enabled").text() == "true" {
		t.TTL = ttl.at("AttributeName").text()
	}
	if sse := p.at("SSESpecification"); sse.at("SSEEnabled").text() == "true" {
		t.KMSKey = sse.at("KMSMasterKeyId").text()
	}
	for _, a := range p.at("AttributeDefinitions").list() {
		name := a.at("AttributeName").text()
		t.Attributes = append(t.Attributes, types.AttributeDefinition{AttributeName: &name, AttributeType: types.ScalarAttributeType(a.at("AttributeType").text())})
	}
	for _, i := range p.at("GlobalSecondaryIndexes").list() {
		name := i.at("IndexName").text()
		t.Indexes = append(t.Indexes, types.GlobalSecondaryIndex{IndexName: &name, KeySchema: schema(i.at("KeySchema")), Projection: projection(i)})
	}
	for _, i := range p.at("LocalSecondaryIndexes").list() {
		name := i.at("IndexName").text()
		t.Local = append(t.Local, types.LocalSecondaryIndex{IndexName: &name, KeySchema: schema(i.at("KeySchema")), Projection: projection(i)})
	}
	return t
}

func projection(index tree) *types.Projection {
	p := index.at("Projection")
	return &types.Projection{ProjectionType: types.ProjectionType(p.at("ProjectionType").text()), NonKeyAttributes: p.at("NonKeyAttributes").texts()}
}

func schema(t tree) []types.KeySchemaElement {
	var all []types.KeySchemaElement
	for _, k := range t.list() {
		name := k.at("AttributeName").text()
		all = append(all, types.KeySchemaElement{AttributeName: &name, KeyType: types.KeyType(k.at("KeyType").text())})
	}
	return all
}

// CreateTables makes the template's tables at a test server, each named prefix and its logical id, and gives the names by
// logical id. They are ready when it returns. Items do not expire there: the tests' clocks stand elsewhere than the server's.
func (t *Template) CreateTables(ctx context.Context, db *dynamodb.Client, prefix string) (map[string]string, error) {
	names := make(map[string]string)
	for id, table := range t.Tables {
		name := prefix + id
		in := &dynamodb.CreateTableInput{
			TableName: &name, AttributeDefinitions: table.Attributes, KeySchema: table.Key, BillingMode: types.BillingModePayPerRequest,
			GlobalSecondaryIndexes: slices.Clone(table.Indexes), LocalSecondaryIndexes: slices.Clone(table.Local),
		}
		if table.Stream != "" {
			yes := true
			in.StreamSpecification = &types.StreamSpecification{StreamEnabled: &yes, StreamViewType: table.Stream}
		}
		out, err := db.CreateTable(ctx, in)
		if err != nil {
			return nil, fmt.Errorf("creating %s: %w", name, err)
		}
		if s := out.TableDescription.TableStatus; s != types.TableStatusActive { // DynamoDB Local makes a table at once
			return nil, fmt.Errorf("creating %s: it is %s", name, s)
		}
		names[id] = name
	}
	return names, nil
}
