package apigw

import (
	"context"
	"net/http"
	"time"

	"github.com/aws/aws-lambda-go/events"
)

// spare is how long before the function would be ended a handler's context ends: so that it can still answer, in the
// contract's form, where the gateway would answer in its own (CONTRACT.md §1).
const spare = time.Second

// Serve is the function of an HTTP API's routes, payload format 2.0: the handler sees the request that the local server
// would see, and its answer is buffered. The error is always nil.
func Serve(h http.Handler) func(context.Context, events.APIGatewayV2HTTPRequest) (events.APIGatewayV2HTTPResponse, error) {
	return func(ctx context.Context, e events.APIGatewayV2HTTPRequest) (events.APIGatewayV2HTTPResponse, error) {
		if deadline, ok := ctx.Deadline(); ok {
			var cancel context.CancelFunc
			ctx, cancel = context.WithDeadline(ctx, deadline.Add(-spare))
			defer cancel()
		}
		r := request(ctx, e)
		w := &answer{header: make(http.Header)}
		h.ServeHTTP(w, r)
		return w.response(r), nil
	}
}
