package sqs

import (
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	awshttp "github.com/aws/aws-sdk-go-v2/aws/transport/http"
	"github.com/aws/aws-sdk-go-v2/service/sqs"
)

const (
	// attemptTime bounds one attempt of a request: a connection that a frozen function left may be dead without saying so.
	attemptTime = 5 * time.Second
	// maxAttempts of a request whose answer was lost, or that SQS had no time for; the pauses between are the SDK's.
	maxAttempts = 5
)

// NewClient is a client for the queues.
func NewClient(cfg aws.Config, options ...func(*sqs.Options)) *sqs.Client {
	return sqs.NewFromConfig(cfg, append([]func(*sqs.Options){func(o *sqs.Options) {
		o.RetryMaxAttempts = maxAttempts
		if c, ok := o.HTTPClient.(*awshttp.BuildableClient); ok {
			o.HTTPClient = c.WithTimeout(attemptTime)
		}
	}}, options...)...)
}
