package lambdatest

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"sync"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodbstreams"
	"github.com/aws/aws-sdk-go-v2/service/sqs"

	"reprise/shared/stack"
)

// Options is how a World differs from what is deployed.
type Options struct {
	Template   *stack.Template                   // nil: template.yaml
	Parameters map[string]string                 // of the template
	Built      string                            // the folder of Build
	Prefix     string                            // of tables' and queues' names: Worlds that share servers need one each
	Base       *stack.Server                     // DynamoDB Local
	Queues     *stack.Server                     // ElasticMQ
	AtOnce     int                               // calls of a queue's function at once, at most, whatever the template allows
	Tick       time.Duration                     // between two calls of a schedule's function; 0: a minute
	Env        []string                          // more for every function: KEY=VALUE
	Through    func(*stack.Server) *stack.Server // what stands between the functions and a server; may be nil
	Log        io.Writer                         // gets what the functions log; may be nil
	Idle       bool                              // nothing but the routes is at work
	Visibility map[string]time.Duration          // for which queues hide what was received, by logical id; else the template's
}

// World is the stack that the template describes, at work until Stop: its functions in emulators, joined by what plays AWS.
type World struct {
	Template  *stack.Template
	Functions map[string]*Function // by logical id
	Tables    map[string]string    // names by logical id
	URLs      map[string]string    // of the queues
	DB        *dynamodb.Client
	SQS       *sqs.Client
	Door      http.Handler // the HTTP API

	options Options
	streams []*streamMapping
	stop    context.CancelFunc
	parts   sync.WaitGroup
	mu      sync.Mutex
	wrong   []error
}

// Start makes tables and queues and has everything at work. A *stack.Missing is a part that this machine does not have.
func Start(ctx context.Context, o Options) (*World, error) {
	program, err := emulator()
	if err != nil {
		return nil, err
	}
	w := &World{
		options: o, Functions: make(map[string]*Function),
		DB: dynamodb.NewFromConfig(stack.Credentials(), o.Base.DynamoDB()), SQS: sqs.NewFromConfig(stack.Credentials(), o.Queues.SQS()),
	}
	if err := w.create(ctx); err != nil {
		return nil, err
	}
	base, queues := o.Base, o.Queues
	if o.Through != nil {
		base, queues = o.Through(base), o.Through(queues)
	}
	for id, f := range w.Template.Functions {
		environment, err := w.Template.Environment(id, base, queues)
		if err != nil {
			return nil, err
		}
		folder := filepath.Join(o.Built, f.Folder)
		if _, err := os.Stat(filepath.Join(folder, "bootstrap")); err != nil {
			return nil, fmt.Errorf("function %s of the template: %w", id, err)
		}
		w.Functions[id] = &Function{Function: f, program: program, folder: folder, environment: append(environment, o.Env...), journal: journal{to: o.Log}}
	}
	ctx, w.stop = context.WithCancel(context.WithoutCancel(ctx))
	if err := w.join(ctx); err != nil {
		w.Stop()
		return nil, err
	}
	return w, nil
}

// create makes what the functions work on.
func (w *World) create(ctx context.Context) (err error) {
	t := w.options.Template
	if t == nil {
		if t, err = stack.Load(); err != nil {
			return err
		}
	}
	if t, err = t.With(w.options.Parameters); err != nil {
		return err
	}
	if w.Tables, err = t.CreateTables(ctx, w.DB, w.options.Prefix); err != nil {
		return err
	}
	for id, hidden := range w.options.Visibility {
		q := t.Queues[id]
		q.Visibility = hidden
		t.Queues[id] = q
	}
	if w.URLs, err = t.CreateQueues(ctx, w.SQS, w.options.Prefix); err != nil {
		return err
	}
	w.Template, err = t.With(w.options.Parameters, w.Tables, w.URLs)
	return err
}

// join starts whatever calls the functions.
func (w *World) join(ctx context.Context) error {
	d := &door{routes: make(map[string]*Function)}
	w.Door = d
	for _, f := range w.Functions {
		for name, e := range f.Events {
			switch e.Type {
			case "HttpApi":
				d.routes[e.Route] = f
			case "SQS":
				w.joinQueue(ctx, f, e)
			case "DynamoDB":
				if err := w.joinStream(ctx, f, e); err != nil {
					return err
				}
			case "Schedule", "ScheduleV2":
				w.joinSchedule(ctx, f)
			default:
				return fmt.Errorf("%s: event %s is of type %s, which nobody plays here", f.ID, name, e.Type)
			}
		}
	}
	return nil
}

func (w *World) joinQueue(ctx context.Context, f *Function, e stack.Event) {
	atOnce := e.MaxConcurrent
	if most := w.options.AtOnce; most > 0 && (atOnce < 0 || atOnce > most) {
		atOnce = most
	}
	m := &queueMapping{Event: e, function: f.ID, call: f.Call, client: w.SQS, url: w.URLs[e.Source], atOnce: max(1, atOnce), wrong: w.fault}
	if !w.options.Idle {
		w.parts.Go(func() { m.run(ctx) })
	}
}

func (w *World) joinStream(ctx context.Context, f *Function, e stack.Event) error {
	table := w.Tables[e.Source]
	out, err := w.DB.DescribeTable(ctx, &dynamodb.DescribeTableInput{TableName: &table})
	if err != nil {
		return err
	}
	m := &streamMapping{
		Event: e, function: f.ID, call: f.Call, stream: aws.ToString(out.Table.LatestStreamArn), wrong: w.fault,
		client: dynamodbstreams.NewFromConfig(stack.Credentials(), func(o *dynamodbstreams.Options) { o.BaseEndpoint = &w.options.Base.URL }),
		failed: func(ctx context.Context, message []byte) error {
			_, err := w.SQS.SendMessage(ctx, &sqs.SendMessageInput{QueueUrl: aws.String(w.URLs[e.OnFailure]), MessageBody: aws.String(string(message))})
			return err
		},
	}
	m.count.handed = make(map[string]int)
	w.streams = append(w.streams, m)
	if !w.options.Idle {
		w.parts.Go(func() { m.tell(ctx, m.run(ctx)) })
	}
	return nil
}

func (w *World) joinSchedule(ctx context.Context, f *Function) {
	every := w.options.Tick
	if every == 0 {
		every = time.Minute
	}
	if w.options.Idle {
		return
	}
	w.parts.Go(func() {
		for ctx.Err() == nil {
			_, _ = f.Call(ctx, []byte(`{"version":"0","detail-type":"Scheduled Event","source":"aws.events","detail":{}}`)) // the next one tries again
			pause(ctx, every)
		}
	})
}

// fault notes what no function may do, for Faults.
func (w *World) fault(err error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.wrong = append(w.wrong, err)
}

// Faults is what was wrong with the answers of functions, or with what plays AWS.
func (w *World) Faults() error {
	w.mu.Lock()
	defer w.mu.Unlock()
	return errors.Join(w.wrong...)
}

// Handed is how many records of streams the functions were given, and how often the most-given; GivenUp how many were given up.
func (w *World) Handed() (records, most, givenUp int) {
	for _, m := range w.streams {
		m.count.Lock()
		records += len(m.count.handed)
		for _, n := range m.count.handed {
			most = max(most, n)
		}
		givenUp += m.count.givenUp
		m.count.Unlock()
	}
	return records, most, givenUp
}

// Stop ends everything but the servers.
func (w *World) Stop() {
	w.stop()
	w.parts.Wait()
	for _, f := range w.Functions {
		f.close()
	}
}
