// Command console answers what a browser or a generator of clients asks for first, to everybody.
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
