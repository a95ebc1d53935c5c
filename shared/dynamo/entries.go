package dynamo

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"reprise/shared/chunk"
	"reprise/shared/replay"
)

const (
	// together is how many chunks one transaction keeps, the most that DynamoDB takes.
	together = 100
	// small is the stored size up to which chunks go together: so that a hundred stay below the 4 MB of a transaction, and
	// because a transaction costs twice what its writes do.
	small = 4 << 10
	// few is how many small chunks are kept one by one all the same: the usual body has no more.
	few = 16
)

// hourForm is an hour as keys have it.
const hourForm = "2006-01-02T15"

// Entries is the table of chunks.
type Entries struct{ table }

// NewEntries is the table of that name.
func NewEntries(db *dynamodb.Client, name string) *Entries { return &Entries{table{db, name}} }

// hourKey is where a scope's chunks of an hour lie. No region has a #, so that no two scopes share it.
func hourKey(at replay.Scope, hour time.Time) types.AttributeValue {
	return text(at.Org + "#" + at.Region + "#" + hour.UTC().Format(hourForm))
}

// chunkItem is a chunk as it is kept, under the hour that its key begins in.
func chunkItem(at replay.Scope, c chunk.Chunk) item {
	hour := chunk.KeyTime(c.Key).Truncate(time.Hour)
	return item{
		"scope_hour": hourKey(at, hour), "chunk": text(c.Key), "schema": number(schema),
		"first_at": moment(c.First), "last_at": moment(c.Last),
		"entries": number(c.Entries), "bytes": number(c.Bytes),
		"crc": number(c.CRC), "checksum": number(c.Checksum), "deflate": blob(c.Deflate),
		"expires_at": expiry(hour.Add(replay.EntriesLife)),
	}
}

func readChunk(it item) (chunk.Chunk, error) {
	r := read(it)
	c := chunk.Chunk{
		Key: r.text("chunk"), First: r.moment("first_at"), Last: r.moment("last_at"),
		Entries: r.int("entries"), Bytes: r.int("bytes"), CRC: r.uint32("crc"), Checksum: r.uint32("checksum"), Deflate: r.blob("deflate"),
	}
	if r.err != nil {
		return chunk.Chunk{}, &chunk.Damage{Key: c.Key, Err: r.err}
	}
	return c, nil
}

// absent is the condition under which a chunk is kept: one that is there is left as it is.
func absent() where { return where{condition: "attribute_not_exists(#scope_hour)", blind: true} }

// KeepChunks stores the chunks that are not there; see intake.Archive. Each write has a condition, which BatchWriteItem
// does not know. A crash in between leaves whole chunks.
func (e *Entries) KeepChunks(ctx context.Context, at replay.Scope, chunks []chunk.Chunk) error {
	var one, many []item
	for _, c := range chunks {
		if chunk.KeyTime(c.Key).IsZero() {
			return fmt.Errorf("keeping chunks: %q is no key", c.Key)
		}
		if it := chunkItem(at, c); len(c.Deflate) < small {
			many = append(many, it)
		} else {
			one = append(one, it)
		}
	}
	if len(many) <= few {
		one, many = append(one, many...), nil
	}
	for _, it := range one {
		if _, _, err := e.put(ctx, it, absent()); err != nil {
			return fmt.Errorf("keeping chunks: %w", err)
		}
	}
	for some := range slices.Chunk(many, together) {
		if err := e.keepTogether(ctx, some); err != nil {
			return fmt.Errorf("keeping chunks together: %w", err)
		}
	}
	return nil
}

// keepTogether keeps small chunks in one transaction: 10,000 entries that are each of a minute of their own would take
// longer than a request may, one after the other. Those that are there cancel it, and it is made again without them.
func (e *Entries) keepTogether(ctx context.Context, some []item) error {
	for len(some) > 0 {
		w := absent()
		var in dynamodb.TransactWriteItemsInput
		for _, it := range some {
			in.TransactItems = append(in.TransactItems, types.TransactWriteItem{Put: &types.Put{
				TableName: &e.name, Item: it, ConditionExpression: &w.condition, ExpressionAttributeNames: names(w.condition),
			}})
		}
		_, err := e.db.TransactWriteItems(ctx, &in)
		var cancelled *types.TransactionCanceledException
		if !errors.As(err, &cancelled) || len(cancelled.CancellationReasons) != len(some) {
			return err
		}
		var missing []item
		for i, r := range cancelled.CancellationReasons {
			if aws.ToString(r.Code) != "ConditionalCheckFailed" {
				missing = append(missing, some[i])
			}
		}
		if len(missing) == len(some) {
			return err
		}
		some = missing
	}
	return nil
}
