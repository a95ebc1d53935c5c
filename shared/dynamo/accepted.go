package dynamo

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"runtime/debug"

	"github.com/aws/aws-lambda-go/events"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"reprise/shared/replay"
)

// Event is records of the jobs' stream. Each is taken apart by itself, so that one which cannot be read keeps no other from
// being handed over.
type Event struct{ Records []json.RawMessage }

// record is what is read of a record.
type record struct {
	EventName string `json:"eventName"`
	DynamoDB  struct {
		SequenceNumber string
		NewImage       map[string]image
	} `json:"dynamodb"`
}

// image is an attribute as a stream has it.
type image struct{ types.AttributeValue }

// UnmarshalJSON reads the types that a job's item has. Any other, one of a time to come too, is left nil, for the reader of
// the item to refuse.
func (i *image) UnmarshalJSON(data []byte) error {
	var v struct {
		S    *string
		N    *string
		BOOL *bool
	}
	i.AttributeValue = nil
	if json.Unmarshal(data, &v) != nil {
		return nil
	}
	switch {
	case v.S != nil:
		i.AttributeValue = text(*v.S)
	case v.N != nil:
		i.AttributeValue = &types.AttributeValueMemberN{Value: *v.N}
	case v.BOOL != nil:
		i.AttributeValue = flag(*v.BOOL)
	}
	return nil
}

// OnAccepted is the stream's handler: it hands each newly accepted job over, in order. At the first that fails it stops and
// reports the record's sequence number, from which on the stream tries again; so does one that can never be read, until the
// stream's patience is over and its failures' queue has it.
func OnAccepted(out func(context.Context, replay.Job) error) func(context.Context, Event) (events.DynamoDBEventResponse, error) {
	return func(ctx context.Context, e Event) (events.DynamoDBEventResponse, error) {
		if len(e.Records) == 0 {
			return events.DynamoDBEventResponse{}, errors.New("an event without records: it is not of a stream")
		}
		for _, raw := range e.Records {
			r, err := readRecord(raw)
			var job replay.Job
			if err == nil {
				if !r.accepts() {
					continue
				}
				job, err = r.job()
			}
			if err == nil {
				err = call(ctx, job, out)
			}
			if err == nil {
				continue
			}
			it := r.item() // of one that cannot be read it may still tell whose it is
			slog.ErrorContext(ctx, "an accepted job was not fanned out", "org", known(it, "org_id"), "region", known(it, "region"),
				"job", known(it, "job_id"), "sequence", r.DynamoDB.SequenceNumber, "err", err)
			if r.DynamoDB.SequenceNumber == "" { // nothing to name it by: all of the batch comes again
				return events.DynamoDBEventResponse{}, err
			}
			return events.DynamoDBEventResponse{BatchItemFailures: []events.DynamoDBBatchItemFailure{{ItemIdentifier: r.DynamoDB.SequenceNumber}}}, nil
		}
		return events.DynamoDBEventResponse{}, nil
	}
}

// call takes a panic for an error: else nobody could say at which record the stream is to go on.
func call(ctx context.Context, job replay.Job, out func(context.Context, replay.Job) error) (err error) {
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("panic: %v\n%s", p, debug.Stack())
		}
	}()
	return out(ctx, job)
}

func readRecord(raw json.RawMessage) (r record, err error) {
	if err := json.Unmarshal(raw, &r); err != nil {
		return r, fmt.Errorf("reading a record of the stream: %w", err)
	}
	if bytes.Equal(bytes.TrimSpace(raw), []byte("null")) {
		return r, errors.New("reading a record of the stream: there is none")
	}
	return r, nil
}

// accepts reports whether the record tells of a newly accepted job, or of something that can be read as no other status: the
// stream's filter lets no other by. Nobody but an operator removes a job.
func (r record) accepts() bool {
	status, ok := r.DynamoDB.NewImage["status"].AttributeValue.(*types.AttributeValueMemberS)
	return r.EventName != "REMOVE" && (!ok || status.Value == string(replay.Accepted))
}

func (r record) item() item {
	it := make(item)
	for name, v := range r.DynamoDB.NewImage {
		it[name] = v.AttributeValue
	}
	return it
}

func (r record) job() (replay.Job, error) { return readJob(r.item()) }

// known is a text of an item, empty where it has none.
func known(it item, name string) string {
	if v, ok := it[name].(*types.AttributeValueMemberS); ok {
		return v.Value
	}
	return ""
}
