// Command jwks answers GET /v2/audit-log-webhook/jwks.json, to everybody.
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
	door := api.NewDoor(nil, b.Regions(), time.Now, boot.NewID) // nobody shows a token here
	lambda.Start(apigw.Serve(api.JWKS(door, b.Keys())))
}
