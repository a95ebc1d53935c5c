package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httputil"
	"net/url"
	"os"
	"path/filepath"
	"strconv"
	"time"

	"reprise/shared/access"
	"reprise/shared/lambdatest"
	"reprise/shared/stack"
)

// organization is whose tokens are made.
const organization = "my-organization"

// local is what is at work.
type local struct {
	folder       string // of what is built
	base, queues *stack.Server
	world        *lambdatest.World
	ends         []func() error
}

// run serves until ctx ends; then all of it is gone.
func run(ctx context.Context, args []string, out, log io.Writer) (err error) {
	flags := flag.NewFlagSet("stack", flag.ContinueOnError)
	port := flags.Int("port", 3000, "of 127.0.0.1, where the API is served")
	tokens := flags.String("tokens", "", "a file for the demo's environment: a token, its organization, and the API that they are of; removed at the end")
	emulator := flags.Bool("emulator", false, "serve the routes from the emulator even where sam local could")
	if err := flags.Parse(args); err != nil {
		return err
	}
	listener, err := net.Listen("tcp", net.JoinHostPort("127.0.0.1", strconv.Itoa(*port)))
	if err != nil {
		return err
	}
	l := new(local)
	defer func() { err = errors.Join(err, l.end()) }()
	l.ends = append(l.ends, func() error {
		if err := listener.Close(); !errors.Is(err, net.ErrClosed) {
			return err
		}
		return nil
	})
	if err := l.start(ctx, log); err != nil {
		return quiet(ctx, err)
	}
	api, how := l.world.Door, "our own front door, from AWS's emulator: not by sam local"
	if !*emulator {
		switch handler, err := l.sam(ctx, log); {
		case err == nil:
			api, how = handler, "sam local start-api, in containers"
		case errors.As(err, new(*stack.Missing)):
			_, _ = fmt.Fprintf(log, "\nSKIPPED: sam local start-api: %v\nThe routes are served from AWS's runtime interface emulator instead.\n", err)
		default:
			return quiet(ctx, err)
		}
	}
	address := "http://" + listener.Addr().String()
	if err := l.welcome(ctx, out, address, how, *tokens); err != nil {
		return quiet(ctx, err)
	}
	server := &http.Server{Handler: api, ReadHeaderTimeout: time.Minute}
	served := make(chan error, 1)
	go func() { served <- server.Serve(listener) }()
	select {
	case <-ctx.Done():
		return server.Close()
	case err := <-served:
		return err
	}
}

// quiet is no error where somebody ended it.
func quiet(ctx context.Context, err error) error {
	if ctx.Err() != nil {
		return nil
	}
	return err
}

func (l *local) start(ctx context.Context, log io.Writer) (err error) {
	if l.folder, err = stack.Scratch("stack"); err != nil {
		return err
	}
	l.ends = append(l.ends, func() error { return os.RemoveAll(l.folder) })
	_, _ = fmt.Fprintln(log, "building the functions")
	if err := stack.Compile(ctx, l.folder); err != nil {
		return err
	}
	_, _ = fmt.Fprintln(log, "starting DynamoDB Local and ElasticMQ")
	if l.base, err = stack.StartDynamoDB(ctx); err != nil {
		return err
	}
	l.ends = append(l.ends, l.base.Stop)
	if l.queues, err = stack.StartSQS(ctx); err != nil {
		return err
	}
	l.ends = append(l.ends, l.queues.Stop)
	l.world, err = lambdatest.Start(ctx, lambdatest.Options{
		Parameters: map[string]string{"AllowInside": "true"}, Built: l.folder, Base: l.base, Queues: l.queues, AtOnce: 8, Log: log,
	})
	if err != nil {
		return err
	}
	l.ends = append(l.ends, func() error { l.world.Stop(); return nil })
	return l.world.FirstKey(ctx)
}

// end takes down what was started, the last first.
func (l *local) end() (err error) {
	for i := len(l.ends) - 1; i >= 0; i-- {
		err = errors.Join(err, l.ends[i]())
	}
	return err
}

// sam serves the routes by sam local start-api, which wants each function in a folder by its logical id.
func (l *local) sam(ctx context.Context, log io.Writer) (http.Handler, error) {
	gate, err := stack.OpenGate(ctx)
	if err != nil {
		return nil, err
	}
	l.ends = append(l.ends, gate.Close)
	outside, err := gate.Servers(l.base, l.queues)
	if err != nil {
		return nil, err
	}
	code := filepath.Join(l.folder, "sam")
	for id, f := range l.world.Functions {
		if err := os.MkdirAll(filepath.Join(code, id), 0o755); err != nil {
			return nil, err
		}
		if err := os.Link(filepath.Join(l.folder, f.Folder, "bootstrap"), filepath.Join(code, id, "bootstrap")); err != nil {
			return nil, err
		}
	}
	s, err := l.world.Template.NewSAM(ctx, code, code, outside[0], outside[1])
	if err != nil {
		return nil, err
	}
	api, err := s.StartAPI(ctx, log)
	if err != nil {
		return nil, err
	}
	l.ends = append(l.ends, api.Stop)
	at, err := url.Parse(api.URL)
	if err != nil {
		return nil, err
	}
	return &httputil.ReverseProxy{Rewrite: func(r *httputil.ProxyRequest) {
		r.SetURL(at)
		r.Out.Host = r.In.Host // it may name the region
	}}, nil
}

// welcome says what to do next.
func (l *local) welcome(ctx context.Context, out io.Writer, address, how, file string) error {
	admin, err := l.world.Token(ctx, access.Principal{Org: organization, Label: "me", Role: access.Admin})
	if err != nil {
		return err
	}
	if file != "" {
		if err := l.leave(file, fmt.Sprintf("REPRISE_API=%s\nREPRISE_ADMIN_TOKEN=%s\nREPRISE_ORG=%s\n", address, admin, organization)); err != nil {
			return err
		}
	}
	_, err = fmt.Fprintf(out, `
The stack of template.yaml answers on %[1]s; Ctrl-C ends it, and all it holds is gone.
Routes: %[2]s. Stream, queues and schedule: AWS's emulator. Tables: DynamoDB Local on %[3]s. Queues: ElasticMQ on %[4]s.

In a second terminal, from this folder, every entry there and back, compared:

  export REPRISE_ADMIN_TOKEN=%[5]s REPRISE_ORG=%[6]s
  make demo ENTRIES=20000 API=%[1]s

Or by hand:

  curl %[1]s/v2/audit-log-webhook -H "Authorization: Bearer $REPRISE_ADMIN_TOKEN"
  curl %[1]s/v2/audit-log-replay-job -H "Authorization: Bearer $REPRISE_ADMIN_TOKEN"

More tokens and keys:

  export AWS_ENDPOINT_URL_DYNAMODB=%[3]s AWS_REGION=%[7]s AWS_ACCESS_KEY_ID=reprise AWS_SECRET_ACCESS_KEY=reprise
  bin/reprise token create --store dynamodb --table %[8]s --org %[6]s --role intake --label gateway
  bin/reprise keys init --store dynamodb --table %[9]s

`, address, how, l.base.URL, l.queues.URL, admin, organization, stack.Region, l.world.Tables["TokensTable"], l.world.Tables["KeysTable"])
	return err
}

// leave writes what only this run's owner may read, until the end.
func (l *local) leave(file, text string) error {
	if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
		return err
	}
	l.ends = append(l.ends, func() error { return os.Remove(file) })
	return os.WriteFile(file, []byte(text), 0o600)
}
