package dynamo

import (
	"errors"
	"io"
	"math/rand/v2"
	"slices"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/aws/ratelimit"
	"github.com/aws/aws-sdk-go-v2/aws/retry"
	awshttp "github.com/aws/aws-sdk-go-v2/aws/transport/http"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
)

const (
	// maxAttempts are some 25 s of asking again where the refusals come at once, if the caller's context lasts that long: the
	// SDK's three are over after 100 ms, when a table has only begun to grow with its load. Where no answer comes at all, a
	// context without an end, as deliver's, goes on for two minutes: then the function's own end is it, as after a crash.
	maxAttempts = 20
	// firstPause is the wait before the second attempt, at most; it doubles with each up to maxPause. What is in our way for
	// the length of a transaction is gone by then.
	firstPause = 25 * time.Millisecond
	maxPause   = 2 * time.Second
	// attemptTime bounds one attempt, the reading of a page of 1 MB included: a connection that a frozen function left may
	// be dead without saying so.
	attemptTime = 5 * time.Second
)

// NewClient is a client for all tables: it asks again, with jitter, for as long as the context lets it, where DynamoDB is
// busy, another transaction is in the way or the answer was lost.
func NewClient(cfg aws.Config, options ...func(*dynamodb.Options)) *dynamodb.Client {
	return dynamodb.NewFromConfig(cfg, append([]func(*dynamodb.Options){patient}, options...)...)
}

func patient(o *dynamodb.Options) {
	o.RetryMaxAttempts = 0 // AWS_MAX_ATTEMPTS is not for this client
	o.Retryer = retry.NewStandard(func(o *retry.StandardOptions) {
		o.MaxAttempts = maxAttempts
		o.Backoff = retry.BackoffDelayerFunc(pause)
		o.RateLimiter = ratelimit.None // a budget of attempts for all calls together would make a short throttling everybody's error
		o.Retryables = slices.Insert(o.Retryables, 1, retry.IsErrorRetryable(retry.IsErrorRetryableFunc(busy)))
	})
	if c, ok := o.HTTPClient.(*awshttp.BuildableClient); ok {
		o.HTTPClient = c.WithTimeout(attemptTime)
	}
}

// pause is between half of the wait and all of it.
func pause(attempt int, _ error) (time.Duration, error) {
	d := maxPause
	if attempt < 8 {
		d = min(firstPause<<max(0, attempt-1), maxPause)
	}
	return d/2 + rand.N(d/2), nil
}

// busy reports what the SDK does not know to be worth another attempt. Of a transaction that was cancelled it must be every
// reason: one condition that does not hold is the answer.
func busy(err error) aws.Ternary {
	var conflict *types.TransactionConflictException
	var cancelled *types.TransactionCanceledException
	switch {
	case errors.As(err, &conflict), errors.Is(err, io.ErrUnexpectedEOF): // the answer was cut off
		return aws.TrueTernary
	case errors.As(err, &cancelled):
		return aws.BoolTernary(passing(cancelled.CancellationReasons))
	default:
		return aws.UnknownTernary
	}
}

// passing reports whether a transaction was cancelled for nothing but what passes.
func passing(reasons []types.CancellationReason) bool {
	passes := false
	for _, r := range reasons {
		switch aws.ToString(r.Code) {
		case "TransactionConflict", "ThrottlingError", "ProvisionedThroughputExceeded":
			passes = true
		case "None", "":
		default:
			return false
		}
	}
	return passes
}
