package dynamo_test

import (
	"bytes"
	"context"
	"crypto/rand"
	"crypto/sha256"
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
	"github.com/aws/smithy-go/middleware"

	"reprise/shared/chunk"
	"reprise/shared/dynamo"
	"reprise/shared/replay"
)

// lag has reads that need not be consistent lack items, as a replica that is behind does: DynamoDB Local has none.
type lag struct {
	lacks func(key string) bool
	asked map[string]int // queries by kind
}

func (l *lag) option(o *dynamodb.Options) {
	o.APIOptions = append(o.APIOptions, func(s *middleware.Stack) error { return s.Initialize.Add(l, middleware.Before) })
}

func (l *lag) ID() string { return "lag" }

func (l *lag) HandleInitialize(ctx context.Context, in middleware.InitializeInput, next middleware.InitializeHandler) (middleware.InitializeOutput, middleware.Metadata, error) {
	out, meta, err := next.HandleInitialize(ctx, in)
	q, ok := in.Parameters.(*dynamodb.QueryInput)
	if err != nil || !ok {
		return out, meta, err
	}
	consistent := aws.ToBool(q.ConsistentRead)
	l.asked[fmt.Sprintf("%s consistent=%t", aws.ToString(q.IndexName), consistent)]++
	if !consistent {
		got := out.Result.(*dynamodb.QueryOutput)
		got.Items = slices.DeleteFunc(got.Items, func(it map[string]types.AttributeValue) bool {
			return l.lacks(it["chunk"].(*types.AttributeValueMemberS).Value)
		})
	}
	return out, meta, err
}

// several are chunks of two hours, some of them of one millisecond; the first eight make three pages.
func several(t *testing.T) []chunk.Chunk {
	t.Helper()
	var all []chunk.Chunk
	for n := range 10 {
		at := noon().Add(time.Duration(n/2) * time.Minute).Add(time.Duration(n/8) * time.Hour)
		deflate := bytes.Repeat([]byte{byte(n)}, 350<<10)
		key := fmt.Sprintf("%013d-%x-%04d", at.UnixMilli(), sha256.Sum256([]byte{byte(n / 2)}), n)
		all = append(all, chunk.Chunk{Key: key, First: at, Last: at, Entries: 1, Bytes: 1, Deflate: deflate}.Sealed())
	}
	return all
}

func TestAReadThatIsBehindHidesNoChunk(t *testing.T) {
	at := replay.Scope{Org: rand.Text(), Region: "eu"}
	all, names := several(t), tables(t)
	if err := dynamo.NewEntries(client(t), names["EntriesTable"]).KeepChunks(t.Context(), at, all); err != nil {
		t.Fatal(err)
	}
	window := replay.Window{From: noon(), To: noon().Add(2 * time.Hour)}
	for name, c := range map[string]struct {
		lacks func(n int) bool
		again int // pages
	}{
		"nothing":             {func(int) bool { return false }, 0},
		"all":                 {func(int) bool { return true }, 4},
		"the first":           {func(n int) bool { return n == 0 }, 1},
		"the last of a page":  {func(n int) bool { return n == 2 }, 1},
		"the first of a page": {func(n int) bool { return n == 3 }, 1},
		"the last":            {func(n int) bool { return n == 9 }, 1},
		"one of some pages":   {func(n int) bool { return n%3 == 1 }, 3},
	} {
		t.Run(name, func(t *testing.T) {
			l := &lag{asked: make(map[string]int), lacks: func(key string) bool {
				return c.lacks(slices.IndexFunc(all, func(c chunk.Chunk) bool { return c.Key == key }))
			}}
			entries := dynamo.NewEntries(client(t, l.option), names["EntriesTable"])
			for _, from := range []int{0, 4} {
				clear(l.asked)
				var got []string
				for k, err := range entries.Chunks(t.Context(), at, window, replay.Cursor{Chunk: all[from].Key}) {
					got = append(got, k.Key)
					if err != nil || k.Sealed().Checksum != k.Checksum {
						t.Fatalf("%s: %v", k.Key, err)
					}
				}
				if want := keys(all[from:]); !slices.Equal(got, want) {
					t.Errorf("from chunk %d on it read\n%q, not\n%q", from, got, want)
				}
				if n := l.asked[" consistent=true"]; from == 0 && n != c.again {
					t.Errorf("%d pages were read for the whole price, not %d: %v", n, c.again, l.asked)
				}
			}
		})
	}
}

func keys(of []chunk.Chunk) (all []string) {
	for _, c := range of {
		all = append(all, c.Key)
	}
	return all
}
