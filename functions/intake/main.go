// Command intake answers POST /v2/audit-log-events.
package main

import (
	"time"

	"github.com/aws/aws-lambda-go/lambda"

	"reprise/shared/api"
	"reprise/shared/apigw"
	"reprise/shared/boot"
	"reprise/shared/intake"
)

func main() {
	b := boot.Start()
	door := api.NewDoor(b.Tokens(), b.Regions(), time.Now, boot.NewID)
	lambda.Start(apigw.Serve(api.Intake(door, intake.New(b.Counts(), b.Entries(), b.Keys()))))
}
