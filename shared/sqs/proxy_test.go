package sqs_test

import (
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	awssqs "github.com/aws/aws-sdk-go-v2/service/sqs"

	"reprise/shared/sqs"
	"reprise/shared/stack"
	"reprise/shared/stacktest"
)

// proxy stands between the SDK and ElasticMQ. It is for any number of requests at once.
type proxy struct {
	t      *testing.T
	relay  *stack.Relay
	lose   func(operation string) bool // whether an answer is lost on its way
	fail   func(operation string) int  // the status by which a request is answered that is not carried out, 0 for none
	refuse func(entry entry) bool      // whether a message of a SendMessageBatch is refused
	silent bool                        // what is refused is not spoken of

	mu    sync.Mutex
	calls []call
}

// entry is what the proxy reads of a message of a SendMessageBatch.
type entry struct{ Id, MessageBody, MessageGroupId string } //nolint:revive // SQS's names

// call is a request that reached the proxy.
type call struct {
	Operation string
	Input     map[string]any
}

// refusing answers every request of an operation by an error that no second try mends.
func refusing(operation string) func(string) int {
	return func(asked string) int {
		if asked == operation {
			return http.StatusBadRequest
		}
		return 0
	}
}

// through is the queues of e behind a proxy that does as it is told.
func (e elastic) through(t *testing.T, p *proxy) (elastic, *proxy) {
	t.Helper()
	s, err := server()
	stacktest.Need(t, err)
	p.t, p.relay = t, stack.NewRelay(s)
	front := httptest.NewServer(p)
	t.Cleanup(front.Close)
	client := sqs.NewClient(stack.Credentials(), func(o *awssqs.Options) { o.BaseEndpoint = aws.String(front.URL) })
	e.Queue, e.dead = sqs.New(client, e.url, time.Now), sqs.NewDeadQueue(client, e.last)
	return e, p
}

// of is the inputs of an operation's requests, oldest first.
func (p *proxy) of(operation string) (all []map[string]any) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, c := range p.calls {
		if c.Operation == operation {
			all = append(all, c.Input)
		}
	}
	return all
}

func (p *proxy) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(r.Body)
	if err != nil {
		panic(http.ErrAbortHandler)
	}
	operation := strings.TrimPrefix(r.Header.Get("X-Amz-Target"), "AmazonSQS.")
	var input map[string]any
	if err := json.Unmarshal(body, &input); err != nil {
		p.t.Errorf("%s: %v", operation, err)
	}
	p.mu.Lock()
	p.calls = append(p.calls, call{operation, input})
	p.mu.Unlock()
	if p.fail != nil {
		if status := p.fail(operation); status != 0 {
			code := map[int]string{400: "InvalidParameterValue", 429: "RequestThrottled", 500: "InternalError"}[status]
			w.Header().Set("Content-Type", "application/x-amz-json-1.0")
			w.WriteHeader(status)
			_, _ = io.WriteString(w, `{"__type":"com.amazonaws.sqs#`+code+`","message":"the proxy does not want to"}`)
			return
		}
	}
	var answer []byte
	if operation == "SendMessageBatch" && p.refuse != nil {
		answer = p.batch(r, body)
	} else {
		answer = p.forward(r, body)
	}
	if p.lose != nil && p.lose(operation) {
		panic(http.ErrAbortHandler)
	}
	w.Header().Set("Content-Type", "application/x-amz-json-1.0")
	_, _ = w.Write(answer)
}

// batch forwards what is not refused, and says in the answer what was.
func (p *proxy) batch(r *http.Request, body []byte) []byte {
	var in struct {
		QueueUrl string //nolint:revive // SQS's name
		Entries  []json.RawMessage
	}
	out := map[string]any{}
	var taken []json.RawMessage
	var failed []map[string]any
	p.must(json.Unmarshal(body, &in))
	for _, raw := range in.Entries {
		var e entry
		p.must(json.Unmarshal(raw, &e))
		if p.refuse(e) {
			failed = append(failed, map[string]any{"Id": e.Id, "Code": "InternalError", "Message": "the proxy does not want it", "SenderFault": false})
		} else {
			taken = append(taken, raw)
		}
	}
	if in.Entries = taken; len(taken) > 0 {
		forwarded, err := json.Marshal(in)
		p.must(err)
		p.must(json.Unmarshal(p.forward(r, forwarded), &out))
	}
	if len(failed) > 0 && !p.silent {
		out["Failed"] = failed
	}
	answer, err := json.Marshal(out)
	p.must(err)
	return answer
}

func (p *proxy) forward(r *http.Request, body []byte) []byte {
	_, _, answer, err := p.relay.Send(r.Context(), r, body)
	p.must(err)
	return answer
}

func (p *proxy) must(err error) {
	if err != nil {
		p.t.Error(err)
		panic(http.ErrAbortHandler)
	}
}
