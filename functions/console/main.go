// Command console answers GET /openapi.yaml and the page of GET /, to everybody.
package main

import (
	"time"

	"github.com/aws/aws-lambda-go/lambda"

	"reprise/shared/api"
	"reprise/shared/apigw"
	"reprise/shared/boot"
	"reprise/shared/console"
	"reprise/shared/replay"
)

func main() {
	boot.Start()
	door := api.NewDoor(nil, replay.Regions{}, time.Now, boot.NewID) // whoever asks, and of what region, gets the same answer
	lambda.Start(apigw.Serve(api.Console(door, console.Page())))
}
