package dynamo

import (
	"context"
	"fmt"
	"iter"
	"slices"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"reprise/shared/chunk"
	"reprise/shared/replay"
)

// Chunks yields the chunks of the window from the cursor's on; see deliver.Archive. It asks hour by hour, for pages of 1 MB
// as they are stored: some four batches.
func (e *Entries) Chunks(ctx context.Context, at replay.Scope, w replay.Window, cursor replay.Cursor) iter.Seq2[chunk.Chunk, error] {
	start, until := chunk.Range(w)
	start = max(start, cursor.Chunk)
	hour := w.From
	if begins := chunk.KeyTime(start); begins.After(hour) {
		hour = begins
	}
	return func(yield func(chunk.Chunk, error) bool) {
		for hour := hour.Truncate(time.Hour); start < until && !hour.After(w.To); hour = hour.Add(time.Hour) {
			for it, err := range e.stored(ctx, span{hour: hourKey(at, hour), start: start, until: until}) {
				var c chunk.Chunk
				if err == nil {
					c, err = readChunk(it)
				}
				if err != nil {
					yield(chunk.Chunk{}, fmt.Errorf("reading chunks: %w", err))
					return
				}
				if !yield(c, nil) {
					return
				}
			}
		}
	}
}

// span is keys of one hour: from start on, behind after where there is one, and before until, which is no chunk's key.
type span struct {
	hour         types.AttributeValue
	start, until string
	after        item // where the page before ended, as DynamoDB says it
}

func (s span) has(key string) bool {
	return key >= s.start && key > keyOf(s.after) && key < s.until
}

// stored yields the chunks of a span. Almost all that a replay costs is the reading of them, and a read that may lack what was
// stored of late costs half of one that may not. So each page is read for half the price and held to what an index of the same
// keys has, read consistently: a chunk has some 100 bytes there. A page that lacks one is read again, for the whole price.
// What is there is never old: a chunk is written once.
func (e *Entries) stored(ctx context.Context, s span) iter.Seq2[item, error] {
	return func(yield func(item, error) bool) {
		for more := true; more; more = s.after != nil {
			page, err := e.page(ctx, s, false)
			lacks := false
			if err == nil {
				lacks, err = e.lacks(ctx, s, page)
			}
			if lacks {
				page, err = e.page(ctx, s, true)
			}
			if err != nil {
				yield(nil, err)
				return
			}
			for _, it := range page.Items {
				if !yield(it, nil) {
					return
				}
			}
			s.after = page.LastEvaluatedKey
		}
	}
}

func (e *Entries) page(ctx context.Context, s span, consistent bool) (*dynamodb.QueryOutput, error) {
	const keys = "#scope_hour = :hour AND #chunk BETWEEN :start AND :until"
	return e.db.Query(ctx, &dynamodb.QueryInput{
		TableName: &e.name, ConsistentRead: &consistent, ExclusiveStartKey: s.after,
		KeyConditionExpression: aws.String(keys), ExpressionAttributeNames: names(keys),
		ExpressionAttributeValues: item{":hour": s.hour, ":start": text(s.start), ":until": text(s.until)},
	})
}

// lacks reports whether the index has a chunk that the page, which was read before, lacks.
func (e *Entries) lacks(ctx context.Context, s span, page *dynamodb.QueryOutput) (bool, error) {
	if last := page.LastEvaluatedKey; last != nil {
		s.until = keyOf(last) + "\x00" // up to that one
	}
	var there []string
	for _, it := range page.Items {
		there = append(there, keyOf(it))
	}
	for it, err := range e.matches(ctx, dynamodb.QueryInput{
		IndexName: aws.String("first_at"), ConsistentRead: aws.Bool(true),
		KeyConditionExpression:    aws.String("#scope_hour = :hour AND #first_at BETWEEN :from AND :to"),
		ExpressionAttributeValues: item{":hour": s.hour, ":from": moment(chunk.KeyTime(max(s.start, keyOf(s.after)))), ":to": moment(chunk.KeyTime(s.until))},
	}) {
		if err != nil {
			return false, err
		}
		key := keyOf(it)
		if _, found := slices.BinarySearch(there, key); s.has(key) && !found {
			return true, nil
		}
	}
	return false, nil
}

// keyOf is empty where there is none.
func keyOf(it item) string {
	r := reader{it: it}
	return r.text("chunk")
}
