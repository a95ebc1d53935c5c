package boot

import (
	"context"
	"fmt"
	"log/slog"
	"runtime/debug"
)

// OnTick is the function of a schedule, whose event says nothing. It tells the log what do failed with, or panicked.
func OnTick(do func(context.Context) error) func(context.Context) error {
	return func(ctx context.Context) (err error) {
		defer func() {
			if p := recover(); p != nil {
				err = fmt.Errorf("panic: %v\n%s", p, debug.Stack())
			}
			if err != nil {
				slog.ErrorContext(ctx, "failed: the next tick tries again", "err", err)
			}
		}()
		return do(ctx)
	}
}
