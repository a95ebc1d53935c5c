package boot

import (
	"context"
	"fmt"
	"log/slog"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/config"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	awssqs "github.com/aws/aws-sdk-go-v2/service/sqs"
	"github.com/aws/smithy-go/logging"

	"reprise/shared/dynamo"
	"reprise/shared/sqs"
)

// Jobs is the table JOBS_TABLE.
func (b *Boot) Jobs() *dynamo.Jobs {
	return dynamo.NewJobs(b.tables(), b.setting("JOBS_TABLE"), time.Now, NewID)
}

// Slices is the table SLICES_TABLE.
func (b *Boot) Slices() *dynamo.Slices {
	return dynamo.NewSlices(b.tables(), b.setting("SLICES_TABLE"), time.Now, NewID)
}

// Entries is the table ENTRIES_TABLE.
func (b *Boot) Entries() *dynamo.Entries {
	return dynamo.NewEntries(b.tables(), b.setting("ENTRIES_TABLE"))
}

// Counts is the table COUNTS_TABLE.
func (b *Boot) Counts() *dynamo.Counts {
	return dynamo.NewCounts(b.tables(), b.setting("COUNTS_TABLE"))
}

// Webhooks is the table WEBHOOKS_TABLE.
func (b *Boot) Webhooks() *dynamo.Webhooks {
	return dynamo.NewWebhooks(b.tables(), b.setting("WEBHOOKS_TABLE"), NewID)
}

// Tokens is the table TOKENS_TABLE.
func (b *Boot) Tokens() *dynamo.Tokens {
	return dynamo.NewTokens(b.tables(), b.setting("TOKENS_TABLE"))
}

// Keys is the table KEYS_TABLE.
func (b *Boot) Keys() *dynamo.Keys { return dynamo.NewKeys(b.tables(), b.setting("KEYS_TABLE")) }

// Queue is the slices' queue at SLICE_QUEUE_URL.
func (b *Boot) Queue() *sqs.Queue {
	return sqs.New(b.messages(), b.setting("SLICE_QUEUE_URL"), time.Now)
}

// DeadQueue is the dead-letter queue at DEAD_QUEUE_URL, for whoever finds a message there is no reading of.
func (b *Boot) DeadQueue() *sqs.DeadQueue {
	return sqs.NewDeadQueue(b.messages(), b.setting("DEAD_QUEUE_URL"))
}

func (b *Boot) tables() *dynamodb.Client {
	if b.db == nil {
		b.db = dynamo.NewClient(b.cloud())
	}
	return b.db
}

func (b *Boot) messages() *awssqs.Client {
	if b.queues == nil {
		b.queues = sqs.NewClient(b.cloud())
	}
	return b.queues
}

// cloud is what Lambda's environment says: the region, and the credentials of the function's role.
func (b *Boot) cloud() aws.Config {
	if b.config == nil {
		c, err := config.LoadDefaultConfig(context.Background())
		if err == nil && c.Region == "" {
			err = errMissing
		}
		if err != nil {
			b.wrong("AWS_REGION", err)
		}
		c.Logger = logging.LoggerFunc(sdkSays)
		b.config = &c
	}
	return *b.config
}

// sdkSays has the SDK's own words in the log in the log's form: by itself it writes lines that are no JSON.
func sdkSays(kind logging.Classification, format string, v ...any) {
	level := slog.LevelDebug
	if kind == logging.Warn {
		level = slog.LevelWarn
	}
	slog.Log(context.Background(), level, "the AWS SDK: "+fmt.Sprintf(format, v...))
}
