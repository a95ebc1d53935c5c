package stack

import (
	"context"
	"errors"
	"os"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/sqs"
)

// Region is where the stack pretends to be.
const Region = "us-east-1"

const testCredential = "reprise"

// Credentials is the configuration of a client of the test servers, which take any credentials.
func Credentials() aws.Config {
	return aws.Config{
		Region: Region,
		Credentials: aws.CredentialsProviderFunc(func(context.Context) (aws.Credentials, error) {
			return aws.Credentials{AccessKeyID: testCredential, SecretAccessKey: testCredential}, nil
		}),
	}
}

// DynamoDB makes a client one of this server.
func (s *Server) DynamoDB() func(*dynamodb.Options) {
	return func(o *dynamodb.Options) { o.BaseEndpoint = &s.URL }
}

// SQS makes a client one of this server.
func (s *Server) SQS() func(*sqs.Options) {
	return func(o *sqs.Options) { o.BaseEndpoint = &s.URL }
}

// Need ends a test that cannot have what it needs: a part that is missing skips it on a developer's machine and fails it with
// CI=true; any other error fails it.
func Need(t testing.TB, err error) {
	t.Helper()
	var missing *Missing
	switch {
	case err == nil:
	case errors.As(err, &missing) && os.Getenv("CI") != "true":
		t.Skip("SKIPPED:", err)
	default:
		t.Fatal(err)
	}
}
