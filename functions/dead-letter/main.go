// Command dead-letter ends the job of each slice that nobody could handle.
package main

import (
	"github.com/aws/aws-lambda-go/lambda"

	"reprise/shared/boot"
	"reprise/shared/settle"
	"reprise/shared/sqs"
)

func main() {
	b := boot.Start()
	clerk := settle.New(b.Jobs(), b.Slices())
	lambda.Start(sqs.OnDeadLetter(clerk.Bury))
}
