package dynamo

import (
	"context"
	"fmt"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"reprise/shared/replay"
)

// Counts is the table of the hours' counts.
type Counts struct{ table }

// NewCounts is the table of that name.
func NewCounts(db *dynamodb.Client, name string) *Counts { return &Counts{table{db, name}} }

func countsKey(at replay.Scope) types.AttributeValue { return text(at.Org + "#" + at.Region) }

func hourOf(t time.Time) types.AttributeValue { return text(t.UTC().Format(hourForm)) }

// AddCounts adds to the hours' counts; see intake.Counts. One whose answer was lost is added again.
func (c *Counts) AddCounts(ctx context.Context, at replay.Scope, counts []replay.Count) error {
	const add = "ADD #entries :entries, #bytes :bytes SET #schema = :schema, #expires_at = :expires_at"
	for _, n := range counts {
		_, err := c.db.UpdateItem(ctx, &dynamodb.UpdateItemInput{
			TableName: &c.name, Key: item{"scope": countsKey(at), "hour": hourOf(n.Hour)},
			UpdateExpression: aws.String(add), ExpressionAttributeNames: names(add),
			ExpressionAttributeValues: item{
				":entries": number(n.Entries), ":bytes": number(n.Bytes),
				":schema": number(schema), ":expires_at": expiry(n.Hour.Add(replay.EntriesLife)),
			},
		})
		if err != nil {
			return fmt.Errorf("adding to the counts: %w", err)
		}
	}
	return nil
}

// CountsIn is the count of every hour that touches the window, in order; see fanout.Counts.
func (c *Counts) CountsIn(ctx context.Context, at replay.Scope, w replay.Window) ([]replay.Count, error) {
	var counts []replay.Count
	for it, err := range c.matches(ctx, dynamodb.QueryInput{
		ConsistentRead: aws.Bool(true), KeyConditionExpression: aws.String("#scope = :scope AND #hour BETWEEN :first AND :last"),
		ExpressionAttributeValues: item{":scope": countsKey(at), ":first": hourOf(w.From), ":last": hourOf(w.To)},
	}) {
		var n replay.Count
		if err == nil {
			n, err = readCount(it)
		}
		if err != nil {
			return nil, fmt.Errorf("reading the counts: %w", err)
		}
		counts = append(counts, n)
	}
	return counts, nil
}

func readCount(it item) (replay.Count, error) {
	r := read(it)
	n := replay.Count{Entries: r.int64("entries"), Bytes: r.int64("bytes")}
	hour, err := time.Parse(hourForm, r.text("hour"))
	if err != nil {
		r.fail("hour", err)
	}
	if r.err != nil {
		return replay.Count{}, fmt.Errorf("the stored count: %w", r.err)
	}
	n.Hour = hour
	return n, nil
}
