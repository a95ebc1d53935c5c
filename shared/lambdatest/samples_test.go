package lambdatest

import (
	"bytes"
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"net"
	"net/http"
	"sync"
	"testing"

	"github.com/aws/aws-lambda-go/events"
	"github.com/google/go-cmp/cmp"

	"reprise/shared/samples"
	"reprise/shared/stack"
	"reprise/shared/stacktest"
)

// write has what comes written as what is to come, to be read before it is committed.
var write = flag.Bool("write", false, "write the answers of events/ anew, from the emulator's")

// servers starts both, or ends the test.
func servers(t *testing.T) (b, q *stack.Server) {
	t.Helper()
	b, err := base()
	stacktest.Need(t, err)
	q, err = queues()
	stacktest.Need(t, err)
	return b, q
}

func TestTheEmulatorAnswersEverySampleAsExpected(t *testing.T) {
	if _, err := emulator(); err != nil {
		stacktest.Need(t, err)
	}
	template, err := stack.Load()
	if err != nil {
		t.Fatal(err)
	}
	b, q := servers(t)
	stacktest.Need(t, built())
	checkSamples(t, 4, samples.Servers{
		Template: template, Base: b, Queues: q,
		Listen: func() (net.Listener, string, error) {
			l, err := net.Listen("tcp", "127.0.0.1:0")
			if err != nil {
				return nil, "", err
			}
			return l, "http://" + l.Addr().String(), nil
		},
		Invoke: func(ctx context.Context, t *stack.Template, name string, event []byte) ([]byte, error) {
			f, err := Open(t, name, folder, b, q)
			if err != nil {
				return nil, err
			}
			defer f.Close()
			return f.Call(ctx, event)
		},
	})
}

// TestBodiesOfSamplesComeAsTheGatewaySendsThem: in base64, but where it takes them for text.
func TestBodiesOfSamplesComeAsTheGatewaySendsThem(t *testing.T) {
	root, err := stack.Root()
	if err != nil {
		t.Fatal(err)
	}
	all, err := samples.All(root)
	if err != nil {
		t.Fatal(err)
	}
	bodies := 0
	for _, sample := range all {
		raw, err := sample.Event()
		if err != nil {
			t.Fatal(err)
		}
		if !bytes.Contains(raw, []byte(`"routeKey"`)) {
			continue
		}
		var e events.APIGatewayV2HTTPRequest
		if err := json.Unmarshal(raw, &e); err != nil {
			t.Fatal(sample, err)
		}
		if e.Body == "" {
			continue
		}
		bodies++
		r := &http.Request{Header: make(http.Header)}
		for name, value := range e.Headers {
			r.Header.Set(name, value)
		}
		if text := plain(r, []byte(e.Body)); text == e.IsBase64Encoded {
			t.Errorf("%s: isBase64Encoded is %t, and the gateway takes its body for text: %t", sample, e.IsBase64Encoded, text)
		}
	}
	if bodies == 0 {
		t.Error("no sample has a body")
	}
}

// TestSAMAnswersEverySampleAsExpected runs each by `sam local invoke`, in a container of its own, as `make invoke` does.
func TestSAMAnswersEverySampleAsExpected(t *testing.T) {
	if !whole {
		t.Skip("SKIPPED: `sam local invoke` of every sample takes a minute: make slow, or WHOLE=1")
	}
	b, q := servers(t)
	stacktest.Need(t, made())
	var log text
	s, stop, err := samples.InSAM(t.Context(), b, q, &log)
	stacktest.Need(t, err)
	defer func() {
		if err := stop(); err != nil {
			t.Error(err)
		}
		if t.Failed() {
			t.Log(log.String())
		}
	}()
	t.Run("samples", func(t *testing.T) { checkSamples(t, 2, s) })
}

// checkSamples holds every sample to its answer, some at a time.
func checkSamples(t *testing.T, atOnce int, s samples.Servers) {
	t.Helper()
	root, err := stack.Root()
	if err != nil {
		t.Fatal(err)
	}
	all, err := samples.All(root)
	if err != nil || len(all) == 0 {
		t.Fatalf("%d samples: %v", len(all), err)
	}
	places := make(chan struct{}, atOnce)
	for _, sample := range all {
		t.Run(sample.String(), func(t *testing.T) {
			t.Parallel()
			places <- struct{}{}
			defer func() { <-places }()
			if *write {
				if err := s.Write(t.Context(), sample); err != nil {
					t.Fatal(err)
				}
				return
			}
			got, want, err := s.Check(t.Context(), sample)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("what came, and what is left (+), is not what was to come (-):\n%s", diff)
			}
		})
	}
}

// made has the functions built as a user has them built: by SAM, into .aws-sam/build; once.
var made = sync.OnceValue(func() error {
	root, err := stack.Root()
	if err != nil {
		return err
	}
	if _, err := stack.Part("SAM"); err != nil {
		return err
	}
	if out, err := stack.Make(context.Background(), root, "functions").CombinedOutput(); err != nil {
		return fmt.Errorf("make functions: %w\n%s", err, out)
	}
	return nil
})

// text is a log that several write to.
type text struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (l *text) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.Write(p)
}

func (l *text) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.String()
}
