package boot

import (
	"context"
	"errors"
	"fmt"

	"github.com/aws/aws-sdk-go-v2/config"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"

	"reprise/shared/dynamo"
)

// OperatorTokens is a table of tokens as whoever runs the stack has it: with his own region and credentials, where AWS's
// tools find them. The errors of its methods are for Advice.
func OperatorTokens(ctx context.Context, table string) (*dynamo.Tokens, error) {
	db, err := operator(ctx)
	if err != nil {
		return nil, err
	}
	return dynamo.NewTokens(db, table), nil
}

// OperatorKeys is OperatorTokens for a table of signing keys.
func OperatorKeys(ctx context.Context, table string) (*dynamo.Keys, error) {
	db, err := operator(ctx)
	if err != nil {
		return nil, err
	}
	return dynamo.NewKeys(db, table), nil
}

// operator is a client with the SDK's few tries: somebody waits for an answer, and may ask again himself.
func operator(ctx context.Context) (*dynamodb.Client, error) {
	c, err := config.LoadDefaultConfig(ctx)
	if err != nil {
		return nil, fmt.Errorf("reading the configuration of AWS: %w", err)
	}
	if c.Region == "" {
		return nil, errors.New("no AWS region is known: set AWS_REGION, or AWS_PROFILE to a profile that has one")
	}
	if _, err := c.Credentials.Retrieve(ctx); err != nil {
		return nil, fmt.Errorf("no credentials for AWS were found: set AWS_PROFILE, or sign in as for AWS's own command line: %w", err)
	}
	return dynamodb.NewFromConfig(c), nil
}

// Advice is what an operator may do about an error of one of these tables; empty where nothing is known.
func Advice(err error) string {
	var refused interface {
		error
		ErrorCode() string
	}
	if !errors.As(err, &refused) {
		return ""
	}
	switch refused.ErrorCode() {
	case "ResourceNotFoundException":
		return "There is no such table in that account and region: the outputs of the stack say its name; AWS_REGION and AWS_PROFILE say where."
	case "AccessDeniedException":
		return "These credentials may not do that: the table's actions are needed, and those of the key that it is encrypted with."
	case "ExpiredTokenException", "UnrecognizedClientException", "InvalidSignatureException":
		return "These credentials are not valid (any more): sign in again."
	default:
		return ""
	}
}
