package sqs

import (
	"fmt"
	"strconv"

	"github.com/aws/aws-lambda-go/events"
	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sqs/types"

	"reprise/shared/replay"
)

// The names of the message attributes that say whose slice it is; all are of type String.
const (
	attributeOrg    = "org"
	attributeRegion = "region"
	attributeJob    = "job"
)

func attributes(f replay.Fence) map[string]types.MessageAttributeValue {
	all := make(map[string]types.MessageAttributeValue)
	for name, value := range map[string]string{attributeOrg: f.Org, attributeRegion: f.Region, attributeJob: f.JobID} {
		all[name] = types.MessageAttributeValue{DataType: aws.String("String"), StringValue: &value}
	}
	return all
}

// fence is whose slice a message tells of. On an error it is what could be told of it.
func fence(m events.SQSMessage) (f replay.Fence, err error) {
	for name, value := range map[string]*string{attributeOrg: &f.Org, attributeRegion: &f.Region, attributeJob: &f.JobID} {
		if *value = aws.ToString(m.MessageAttributes[name].StringValue); *value == "" {
			err = fmt.Errorf("reading the message: it has no attribute %s of type String", name)
		}
	}
	return f, err
}

// read is the slice that a message tells of. On an error it is what could be told of it: its fence, where that is known.
func read(m events.SQSMessage) (replay.Slice, error) {
	f, err := fence(m)
	if err != nil {
		return replay.Slice{Fence: f}, err
	}
	return replay.ReadMessage(f, []byte(m.Body))
}

// receives is how often the message was received, this time included; 0 where the event does not say.
func receives(m events.SQSMessage) int {
	n, err := strconv.Atoi(m.Attributes["ApproximateReceiveCount"])
	if err != nil {
		return 0
	}
	return n
}

// groupOf is the message group, in which order is kept.
func groupOf(m events.SQSMessage) string { return m.Attributes["MessageGroupId"] }
