// Command cancel-replay-job answers DELETE /v2/audit-log-replay-job.
package main

import (
	"time"

	"github.com/aws/aws-lambda-go/lambda"

	"reprise/shared/api"
	"reprise/shared/apigw"
	"reprise/shared/boot"
	"reprise/shared/settle"
)

func main() {
	b := boot.Start()
	jobs := b.Jobs()
	door := api.NewDoor(b.Tokens(), b.Regions(), time.Now, boot.NewID)
	lambda.Start(apigw.Serve(api.CancelReplayJob(door, jobs, settle.New(jobs, b.Slices()))))
}
