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
// they and SAM say. Stop ends all of it. The error is a *stack.Missing where this machine lacks something.
func Start(ctx context.Context, log io.Writer) (s Servers, stop func() error, err error) {
	base, err := stack.StartDynamoDB(ctx)
	if err != nil {
		return s, nil, err
	}
	queues, err := stack.StartSQS(ctx)
	if err != nil {
		return s, nil, errors.Join(err, base.Stop())
	}
	s, end, err := InSAM(ctx, base, queues, log)
	if err != nil {
		return s, nil, errors.Join(err, base.Stop(), queues.Stop())
	}
	return s, func() error { return errors.Join(end(), base.Stop(), queues.Stop()) }, nil
}

// InSAM is Start with servers that are there.
func InSAM(ctx context.Context, base, queues *stack.Server, log io.Writer) (s Servers, stop func() error, err error) {
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
	outside, err := gate.Servers(base, queues)
	if err != nil {
		return s, nil, errors.Join(err, gate.Close())
	}
	s.Base, s.Queues, s.Listen = base, queues, gate.Listen
	s.Invoke = func(ctx context.Context, t *stack.Template, folder string, event []byte) (answer []byte, err error) {
		dir, err := stack.Scratch("sam")
		if err != nil {
			return nil, err
		}
		defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()
		sam, err := t.NewSAM(ctx, dir, filepath.Join(root, ".aws-sam", "build"), outside[0], outside[1])
		if err != nil {
			return nil, err
		}
		return sam.Invoke(ctx, folder, event, log)
	}
	return s, gate.Close, nil
}
