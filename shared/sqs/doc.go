// Package sqs is the queue of slices on Amazon SQS.
package sqs
