package lambdatest

import (
	"encoding/base64"
	"encoding/json"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodbstreams/types"
)

// record is a stream's record on its way to the function.
type record struct {
	sequence string
	key      string // records of one are handed over in order
	at       time.Time
	event    json.RawMessage // as the function gets it
}

func newRecord(r types.Record, stream string) (record, error) {
	change := r.Dynamodb
	keys, err := json.Marshal(attributes(change.Keys))
	if err != nil {
		return record{}, err
	}
	event, err := json.Marshal(map[string]any{
		"eventID": aws.ToString(r.EventID), "eventName": r.EventName, "eventVersion": aws.ToString(r.EventVersion),
		"eventSource": "aws:dynamodb", "awsRegion": aws.ToString(r.AwsRegion), "eventSourceARN": stream,
		"dynamodb": map[string]any{
			"ApproximateCreationDateTime": aws.ToTime(change.ApproximateCreationDateTime).Unix(), "Keys": json.RawMessage(keys),
			"NewImage": attributes(change.NewImage), "SequenceNumber": aws.ToString(change.SequenceNumber),
			"SizeBytes": aws.ToInt64(change.SizeBytes), "StreamViewType": change.StreamViewType,
		},
	})
	return record{aws.ToString(change.SequenceNumber), string(keys), aws.ToTime(change.ApproximateCreationDateTime), event}, err
}

func attributes(item map[string]types.AttributeValue) map[string]any {
	all := make(map[string]any, len(item))
	for name, v := range item {
		all[name] = attribute(v)
	}
	return all
}

func attribute(v types.AttributeValue) any {
	switch v := v.(type) {
	case *types.AttributeValueMemberS:
		return map[string]any{"S": v.Value}
	case *types.AttributeValueMemberN:
		return map[string]any{"N": v.Value}
	case *types.AttributeValueMemberBOOL:
		return map[string]any{"BOOL": v.Value}
	case *types.AttributeValueMemberNULL:
		return map[string]any{"NULL": v.Value}
	case *types.AttributeValueMemberB:
		return map[string]any{"B": base64.StdEncoding.EncodeToString(v.Value)}
	case *types.AttributeValueMemberSS:
		return map[string]any{"SS": v.Value}
	case *types.AttributeValueMemberNS:
		return map[string]any{"NS": v.Value}
	case *types.AttributeValueMemberBS:
		return map[string]any{"BS": v.Value}
	case *types.AttributeValueMemberM:
		return map[string]any{"M": attributes(v.Value)}
	case *types.AttributeValueMemberL:
		list := make([]any, len(v.Value))
		for i, inner := range v.Value {
			list[i] = attribute(inner)
		}
		return map[string]any{"L": list}
	}
	return map[string]any{}
}
