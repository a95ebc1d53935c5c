// Command sweep moves on, each minute, what stopped moving.
package main

import (
	"time"

	"github.com/aws/aws-lambda-go/lambda"

	"reprise/shared/boot"
	"reprise/shared/fanout"
	"reprise/shared/settle"
	"reprise/shared/sweep"
)

func main() {
	b := boot.Start()
	jobs, slices, queue := b.Jobs(), b.Slices(), b.Queue()
	clerk := settle.New(jobs, slices)
	fan := fanout.New(b.Counts(), jobs, slices, queue, clerk, b.Lanes())
	lambda.Start(sweep.New(jobs, slices, queue, clerk, fan.Out, time.Now).Sweep)
}
