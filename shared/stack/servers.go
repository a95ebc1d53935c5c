package stack

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net/http"
	"os/exec"
	"path/filepath"
	"strconv"
	"time"
)

// patience is how long a server may take to start on a busy machine.
const patience = 2 * time.Minute

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
	port, err := FreePort()
	if err != nil {
		return nil, err
	}
	s := &Server{URL: "http://127.0.0.1:" + strconv.Itoa(port)}
	cmd := exec.Command(java, args(lib, port)...)
	cmd.Stdout, cmd.Stderr = &s.out, &s.out
	if s.process, err = Spawn(cmd); err != nil {
		return nil, fmt.Errorf("starting %s: %w", name, err)
	}
	if err := s.answers(ctx); err != nil {
		return nil, errors.Join(fmt.Errorf("starting %s: %w", name, err), s.Stop())
	}
	return s, nil
}

// answers waits until the server answers anything.
func (s *Server) answers(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	tick := time.NewTicker(50 * time.Millisecond)
	defer tick.Stop()
	for {
		req, err := http.NewRequestWithContext(ctx, http.MethodGet, s.URL, nil)
		if err != nil {
			return err
		}
		if resp, err := http.DefaultClient.Do(req); err == nil {
			return resp.Body.Close()
		}
		select {
		case <-s.process.Ended():
			return fmt.Errorf("it ended: %w\n%s", s.process.Err(), s.out.String())
		case <-ctx.Done():
			return context.Cause(ctx)
		case <-tick.C:
		}
	}
}

// Stop ends the server; what it kept is gone.
func (s *Server) Stop() error {
	s.process.Kill()
	return nil
}
