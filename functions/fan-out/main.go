// Command fan-out turns each job that the stream shows accepted into slices on the queue.
package main

import (
	"github.com/aws/aws-lambda-go/lambda"

	"reprise/shared/boot"
	"reprise/shared/dynamo"
	"reprise/shared/fanout"
	"reprise/shared/settle"
)

func main() {
	b := boot.Start()
	jobs, slices := b.Jobs(), b.Slices()
	fan := fanout.New(b.Counts(), jobs, slices, b.Queue(), settle.New(jobs, slices), b.Lanes())
	lambda.Start(dynamo.OnAccepted(fan.Out))
}
