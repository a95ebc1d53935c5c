// Command webhook answers for /v2/audit-log-webhook.
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
	lambda.Start(apigw.Serve(api.Webhook(door, b.Webhooks(), b.Guard())))
}
