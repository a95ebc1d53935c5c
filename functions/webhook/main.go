// Command webhook answers for /v2/audit-log-webhook.
package main

import (
	"time"

	"github.com/aws/aws-lambda-go/lambda"

	"reprise/shared/api"
	"reprise/shared/apigw"
	"reprise/shared/boot"
	"reprise/shared/egress"
)

func main() {
	b := boot.Start()
	door := api.NewDoor(b.Tokens(), b.Regions(), time.Now, boot.NewID)
	guard := b.Guard()
	tries := api.Tries{Keys: b.Keys(), Poster: egress.New(guard, egress.Version(), time.Now), Host: b.CEFHost()}
	lambda.Start(apigw.Serve(api.Webhook(door, b.Webhooks(), guard, tries)))
}
