package stack

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os/exec"
	"path/filepath"
	"strconv"
	"time"
)

const (
	// patience is how long a server may take to start on a busy machine.
	patience = 2 * time.Minute
	// starts is how often one is started that ends instead.
	starts = 3
)

// Server is one of the test servers at work: AWS's DynamoDB Local, or ElasticMQ in place of SQS. It ends with this process.
type Server struct {
	URL     string // what AWS_ENDPOINT_URL_DYNAMODB or AWS_ENDPOINT_URL_SQS takes
	process *Process
	out     bytes.Buffer
}

// StartDynamoDB starts an empty DynamoDB Local, its streams at the same address. The error is a *Missing where the machine lacks it.
func StartDynamoDB(ctx context.Context) (*Server, error) {
	return start(ctx, "DynamoDB Local", func(lib string, port int) []string {
		return []string{
			"-Xmx512m", "-Djava.library.path=" + lib, "-cp", filepath.Join(lib, "*"),
			"software.amazon.dynamodb.services.local.main.ServerRunner", "-inMemory", "-disableTelemetry", "-port", strconv.Itoa(port),
		}
	})
}

// StartSQS starts an ElasticMQ without queues. The error is a *Missing where the machine lacks it.
func StartSQS(ctx context.Context) (*Server, error) {
	return start(ctx, "ElasticMQ", func(lib string, port int) []string {
		p := strconv.Itoa(port)
		return []string{
			"-Xmx512m", "-Dnode-address.port=" + p, "-Drest-sqs.bind-hostname=127.0.0.1", "-Drest-sqs.bind-port=" + p, "-Drest-stats.enabled=false",
			"-cp", filepath.Join(lib, "*"), "org.elasticmq.server.Main",
		}
	})
}

func start(ctx context.Context, name string, args func(lib string, port int) []string) (*Server, error) {
	lib, err := Part("SERVERS")
	if err != nil {
		return nil, err
	}
	java, err := exec.LookPath("java")
	if err != nil {
		return nil, &Missing{"Java", err}
	}
	return Serve(ctx, name, nil, func(port *Port) *exec.Cmd { return exec.Command(java, args(lib, port.Number)...) })
}

// Serve starts a server over HTTP and waits until it answers; what it says goes to log, too, which may be nil. One that ends instead is started again: somebody who does not draw
// ports as we do may have been faster to take its own.
func Serve(ctx context.Context, name string, log io.Writer, command func(*Port) *exec.Cmd) (*Server, error) {
	var errs error
	for range starts {
		s, err := serveOnce(ctx, log, command)
		if err == nil {
			return s, nil
		}
		if errs = errors.Join(errs, err); !errors.Is(err, errEnded) {
			break
		}
	}
	return nil, fmt.Errorf("starting %s: %w", name, errs)
}

func serveOnce(ctx context.Context, log io.Writer, command func(*Port) *exec.Cmd) (*Server, error) {
	port, err := TakePort()
	if err != nil {
		return nil, err
	}
	s, cmd := &Server{URL: "http://" + port.Address()}, command(port)
	if cmd.Stdout, cmd.Stderr = &s.out, &s.out; log != nil {
		cmd.Stdout = io.MultiWriter(&s.out, log)
		cmd.Stderr = cmd.Stdout
	}
	if s.process, err = Spawn(cmd, port); err != nil {
		return nil, err
	}
	if err := s.answers(ctx); err != nil {
		return nil, errors.Join(err, s.Stop())
	}
	return s, nil
}

var errEnded = errors.New("it ended")

// answers waits until the server answers anything.
func (s *Server) answers(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	tick := time.NewTicker(50 * time.Millisecond)
	defer tick.Stop()
	for answered := false; ; {
		select {
		case <-s.process.Ended(): // whoever answers is not this server
			return fmt.Errorf("%w: %v\n%s", errEnded, s.process.Err(), s.out.String())
		case <-ctx.Done():
			return context.Cause(ctx)
		case <-tick.C:
		}
		if answered {
			return nil
		}
		req, err := http.NewRequestWithContext(ctx, http.MethodGet, s.URL, nil)
		if err != nil {
			return err
		}
		if resp, err := http.DefaultClient.Do(req); err == nil {
			answered = true
			_ = resp.Body.Close()
		}
	}
}

// Stop ends the server; what it kept is gone.
func (s *Server) Stop() error {
	s.process.Kill()
	return nil
}
