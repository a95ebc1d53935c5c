// Command deliver takes each slice of the queue to its webhook.
package main

import (
	"math/rand/v2"
	"time"

	"github.com/aws/aws-lambda-go/lambda"

	"reprise/shared/boot"
	"reprise/shared/deliver"
	"reprise/shared/egress"
	"reprise/shared/settle"
	"reprise/shared/webhook"
)

func main() {
	b := boot.Start()
	jobs, slices := b.Jobs(), b.Slices()
	door := egress.New(b.Guard(), egress.Version(), time.Now)
	settings := deliver.Settings{Patience: webhook.Patience, Host: b.CEFHost()}
	courier := deliver.New(jobs, slices, b.Entries(), b.Webhooks(), b.Keys(), door, settle.New(jobs, slices), settings, time.Now, rand.Float64)
	lambda.Start(b.Queue().OnMessage(b.DeadQueue(), courier.Deliver))
}
