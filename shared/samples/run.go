package samples

import (
	"bytes"
	"cmp"
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sqs"
	"github.com/aws/aws-sdk-go-v2/service/sqs/types"
	"github.com/oklog/ulid/v2"

	"reprise/shared/auditlog"
	"reprise/shared/dynamo"
	"reprise/shared/receiver"
	"reprise/shared/replay"
	"reprise/shared/stack"
)

// measure takes the length of an HTTP answer for what it says, if it is right: the receiver's URL and times are not always as long.
// A body that is openapi.yaml or the page to the letter is that: it need not lie in events/ once more.
func (o Outcome) measure(openapi, page []byte) {
	answer, _ := o.Answer.(map[string]any)
	headers, _ := answer["headers"].(map[string]any)
	if body, ok := answer["body"].(string); ok && headers["Content-Length"] == strconv.Itoa(len(body)) {
		headers["Content-Length"] = "{{length}}"
	}
	switch body, _ := answer["body"].(string); {
	case body == string(openapi):
		answer["body"] = "{{openapi}}"
	case regexp.MustCompile(`/console/[0-9a-f]{12}/`).ReplaceAllLiteralString(body, "/console/{version}/") == string(page):
		answer["body"] = "{{page}}"
	}
}

// Servers is where samples are run.
type Servers struct {
	Template     *stack.Template
	Base, Queues *stack.Server // as the functions and we see them
	// Listen opens a port for a receiver, which the functions reach under the URL.
	Listen func() (l net.Listener, url string, err error)
	// Invoke runs a function, by its folder of functions/, of a template with the names of what was made for it.
	Invoke func(ctx context.Context, t *stack.Template, folder string, event []byte) (answer []byte, err error)
}

// Outcome is what became of a sample.
type Outcome struct {
	Answer   any      `json:"answer"`             // the function's
	Job      string   `json:"job"`                // of the sample's organization in region us: its status, and why it failed
	Stored   int      `json:"stored"`             // entries of the last day in region us
	Queue    []string `json:"queue,omitempty"`    // messages of the slice queue that can be received: group, deduplication id, body
	Dead     []string `json:"dead,omitempty"`     // the same of the dead letters
	Received []string `json:"received,omitempty"` // trace ids of the entries that the receiver got, all signed as they must be; "as cef: " before it says how
}

// Run makes a stack of the sample's own, has the function answer, and looks what it left.
func (s Servers) Run(ctx context.Context, sample Sample) (Outcome, error) {
	return s.begin(sample).outcome(ctx)
}

// Check is Run, but it gives what came and what was to come, with placeholders for what nobody can foretell.
func (s Servers) Check(ctx context.Context, sample Sample) (got, want Outcome, err error) {
	expected, err := sample.Answer()
	if err != nil {
		return got, want, err
	}
	r := s.begin(sample)
	text, err := r.text(ctx)
	if err != nil {
		return got, want, err
	}
	if err := json.Unmarshal(text, &got); err != nil {
		return got, want, err
	}
	if err := json.Unmarshal(r.filler().fill(expected), &want); err != nil {
		return got, want, fmt.Errorf("reading the answer of %s: %w", sample, err)
	}
	return got, want, nil
}

// Write is Check, but it takes what came for what was to come.
func (s Servers) Write(ctx context.Context, sample Sample) error {
	r := s.begin(sample)
	text, err := r.text(ctx)
	if err != nil {
		return err
	}
	return sample.writeAnswer(append(r.filler().empty(text), '\n'))
}

func (s Servers) begin(sample Sample) *run {
	return &run{Servers: s, sample: sample, now: time.Now().UTC().Truncate(time.Second)}
}

// run is one sample at work.
type run struct {
	Servers
	sample   Sample
	now      time.Time
	world    world
	sqs      *sqs.Client
	urls     map[string]string // of queues, by logical id
	message  string            // the id under which the event's message was received, and its receipt handle
	receipt  string
	hook     *http.Server
	received bytes.Buffer
	summary  func() receiver.Summary

	since, until time.Time // when the function was at work
}

// text is the outcome, what nobody can foretell in placeholders.
func (r *run) text(ctx context.Context) ([]byte, error) {
	o, err := r.outcome(ctx)
	if err != nil {
		return nil, err
	}
	openapi, err := os.ReadFile(filepath.Join(r.sample.dir, "..", "..", "shared", "api", "openapi.yaml"))
	if err != nil {
		return nil, err
	}
	page, err := os.ReadFile(filepath.Join(r.sample.dir, "..", "..", "shared", "console", "page", "index.html"))
	if err != nil {
		return nil, err
	}
	o.measure(openapi, page)
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	e.SetIndent("", "  ")
	err = e.Encode(o)
	return blur(bytes.TrimSpace(b.Bytes()), r.since, r.until), err
}

func (r *run) outcome(ctx context.Context) (o Outcome, err error) {
	if err := r.prepare(ctx); err != nil {
		return o, fmt.Errorf("preparing %s: %w", r.sample, err)
	}
	defer func() { err = errors.Join(err, r.hook.Close()) }()
	event, err := r.event(ctx)
	if err != nil {
		return o, fmt.Errorf("reading %s: %w", r.sample, err)
	}
	r.since = time.Now()
	answer, err := r.Invoke(ctx, r.Template, r.sample.Folder, event)
	if err != nil {
		return o, err
	}
	r.until = time.Now()
	if o, err = r.look(ctx, answer); err != nil {
		return o, fmt.Errorf("looking what %s left: %w", r.sample, err)
	}
	return o, nil
}

func (r *run) prepare(ctx context.Context) error {
	prefix := rand.Text()[:8] + "-"
	r.world = world{db: dynamo.NewClient(stack.Credentials(), r.Base.DynamoDB()), now: r.now, job: ulid.MustNew(ulid.Timestamp(r.now.Add(-time.Hour)), rand.Reader).String()}
	r.sqs = sqs.NewFromConfig(stack.Credentials(), r.Queues.SQS())
	var err error
	if r.world.names, err = r.Template.CreateTables(ctx, r.world.db, prefix); err != nil {
		return err
	}
	if r.urls, err = r.Template.CreateQueues(ctx, r.sqs, prefix); err != nil {
		return err
	}
	if r.Template, err = r.Template.With(r.world.names, r.urls, map[string]string{"AllowInside": "true"}); err != nil {
		return err
	}
	if err := r.listen(); err != nil {
		return err
	}
	return r.world.build(ctx, r.sample.String())
}

// listen starts the receiver.
func (r *run) listen() error {
	l, url, err := r.Listen()
	if err != nil {
		return err
	}
	r.world.receiver = url + "/"
	to := receiver.New(receiver.Options{Out: &r.received, Authorization: authorization, Keys: func(context.Context) ([]auditlog.PublicKey, error) {
		key, err := r.world.signingKey()
		return []auditlog.PublicKey{key.Public()}, err
	}})
	r.hook, r.summary = &http.Server{Handler: to, ReadHeaderTimeout: time.Minute}, to.Summary
	go func() { _ = r.hook.Serve(l) }()
	return nil
}

func (r *run) filler() filler {
	return filler{r.now, map[string]string{"job": r.world.job, "receiver": r.world.receiver, "message": r.message, "receipt": r.receipt}}
}

// record is what of an SQS event's record its sender said.
type record struct {
	Body              string
	Attributes        struct{ MessageGroupID, MessageDeduplicationID string } // JSON names match but for case
	MessageAttributes map[string]struct{ StringValue, DataType string }
}

// event is the sample's. A message that names its receipt is one: it was sent to the queue of slices and received from it.
func (r *run) event(ctx context.Context) ([]byte, error) {
	text, err := r.sample.Event()
	if err != nil || !bytes.Contains(text, []byte("{{receipt}}")) {
		event, err2 := r.filler().event(text)
		return event, cmp.Or(err, err2)
	}
	var event struct{ Records []record }
	if err := json.Unmarshal(r.filler().fill(text), &event); err != nil {
		return nil, err
	}
	m, url := event.Records[0], r.urls["SliceQueue"]
	attributes := make(map[string]types.MessageAttributeValue)
	for name, v := range m.MessageAttributes {
		attributes[name] = types.MessageAttributeValue{DataType: aws.String(v.DataType), StringValue: aws.String(v.StringValue)}
	}
	if _, err := r.sqs.SendMessage(ctx, &sqs.SendMessageInput{
		QueueUrl: &url, MessageBody: &m.Body, MessageAttributes: attributes,
		MessageGroupId: &m.Attributes.MessageGroupID, MessageDeduplicationId: &m.Attributes.MessageDeduplicationID,
	}); err != nil {
		return nil, err
	}
	out, err := r.sqs.ReceiveMessage(ctx, &sqs.ReceiveMessageInput{QueueUrl: &url})
	if err != nil {
		return nil, err
	}
	if len(out.Messages) != 1 {
		return nil, fmt.Errorf("%d messages were received, not the one that was sent", len(out.Messages))
	}
	r.message, r.receipt = *out.Messages[0].MessageId, *out.Messages[0].ReceiptHandle
	return r.filler().event(text)
}

// look is what is there after the answer.
func (r *run) look(ctx context.Context, answer []byte) (o Outcome, err error) {
	if err := json.Unmarshal(answer, &o.Answer); err != nil {
		return o, fmt.Errorf("the function answered %q: %w", answer, err)
	}
	store := r.world.at(r.now)
	job, err := store.Job(ctx, r.world.scope())
	if err != nil {
		return o, err
	}
	o.Job = string(job.Status)
	if job.Status == replay.Failed {
		o.Job += ": " + job.Failure.Code
	}
	day := replay.Window{From: r.now.Add(-24 * time.Hour), To: r.now.Add(time.Hour)}
	for c, err := range store.Chunks(ctx, r.world.scope(), day, replay.Cursor{}) {
		if err != nil {
			return o, err
		}
		o.Stored += c.Entries
	}
	if o.Queue, err = r.messages(ctx, "SliceQueue"); err != nil {
		return o, err
	}
	if o.Dead, err = r.messages(ctx, "DeadQueue"); err != nil {
		return o, err
	}
	o.Received, err = r.entries()
	return o, err
}

// messages is all that can be received from a queue.
func (r *run) messages(ctx context.Context, queue string) (all []string, err error) {
	url := r.urls[queue]
	for {
		out, err := r.sqs.ReceiveMessage(ctx, &sqs.ReceiveMessageInput{
			QueueUrl: &url, MaxNumberOfMessages: 10, MessageSystemAttributeNames: []types.MessageSystemAttributeName{"All"},
		})
		if err != nil || len(out.Messages) == 0 {
			return all, err
		}
		for _, m := range out.Messages {
			all = append(all, strings.Join([]string{m.Attributes["MessageGroupId"], m.Attributes["MessageDeduplicationId"], *m.Body}, " "))
		}
	}
}

func (r *run) entries() (all []string, err error) {
	if s := r.summary(); len(s.Wrong) > 0 || s.RightSignatures != s.Entries {
		return nil, fmt.Errorf("the receiver got what it should not: %+v", s)
	}
	for line := range bytes.Lines(r.received.Bytes()) {
		if _, cef, ok := bytes.Cut(line, []byte(" CEF:0|")); ok {
			_, trace, _ := strings.Cut(string(cef), " trace_id=")
			trace, _, _ = strings.Cut(trace, " ")
			all = append(all, "as cef: "+trace)
			continue
		}
		var entry struct {
			TraceID string `json:"trace_id"`
		}
		if err := json.Unmarshal(line, &entry); err != nil {
			return nil, err
		}
		all = append(all, entry.TraceID)
	}
	return all, nil
}
