package samples

import (
	"context"
	"errors"
	"io"
	"os"
	"path/filepath"

	"reprise/shared/stack"
)

// Start starts the servers, and has `sam local invoke` run the functions that `make build` built, in containers. Log gets what
// they and SAM say. Stop ends the servers. The error is a *stack.Missing where this machine lacks something.
func Start(ctx context.Context, log io.Writer) (s Servers, stop func() error, err error) {
	root, err := stack.Root()
	if err != nil {
		return s, nil, err
	}
	if s.Template, err = stack.Load(); err != nil {
		return s, nil, err
	}
	gate, err := stack.OpenGate(ctx)
	if err != nil {
		return s, nil, err
	}
	var open []func() error
	stop = func() error {
		errs := []error{gate.Close()}
		for _, end := range open {
			errs = append(errs, end())
		}
		return errors.Join(errs...)
	}
	inside := make([]*stack.Server, 2) // as containers see them
	for i, start := range []func(context.Context) (*stack.Server, error){stack.StartDynamoDB, stack.StartSQS} {
		server, err := start(ctx)
		if err != nil {
			return s, nil, errors.Join(err, stop())
		}
		open = append(open, server.Stop)
		if inside[i], err = gate.Server(server); err != nil {
			return s, nil, errors.Join(err, stop())
		}
	}
	s.Base, s.Queues, s.Listen = inside[0], inside[1], gate.Listen
	s.Invoke = func(ctx context.Context, t *stack.Template, folder string, event []byte) (answer []byte, err error) {
		dir, err := os.MkdirTemp("", "reprise-sam-")
		if err != nil {
			return nil, err
		}
		defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()
		sam, err := t.NewSAM(ctx, dir, filepath.Join(root, ".aws-sam", "build"), s.Base, s.Queues)
		if err != nil {
			return nil, err
		}
		return sam.Invoke(ctx, folder, event, log)
	}
	return s, stop, nil
}
