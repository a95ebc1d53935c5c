// Command get-replay-job answers every GET from /v2/audit-log-replay-job downwards.
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
	lambda.Start(apigw.Serve(api.GetReplayJob(door, b.Jobs(), b.Slices(), b.Counts(), b.Lanes())))
}
