package stack

import (
	"context"

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
