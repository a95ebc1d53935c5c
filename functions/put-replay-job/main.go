// Command put-replay-job answers PUT /v2/audit-log-replay-job.
package main

import (
	"time"

	"github.com/aws/aws-lambda-go/lambda"

	"reprise/shared/api"
	"reprise/shared/apigw"
	"reprise/shared/boot"
)

func main() {
	b := boot.Start()
	door := api.NewDoor(b.Tokens(), b.Regions(), time.Now, boot.NewID)
	lambda.Start(apigw.Serve(api.PutReplayJob(door, b.Jobs(), b.Webhooks(), boot.NewID)))
}
