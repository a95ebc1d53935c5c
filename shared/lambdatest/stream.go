package lambdatest

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"hash/fnv"
	"slices"
	"sync"
	"time"

	"github.com/aws/aws-lambda-go/events"
	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodbstreams"
	"github.com/aws/aws-sdk-go-v2/service/dynamodbstreams/types"

	"reprise/shared/stack"
)

const (
	// look is how often a shard is looked at; Lambda does so four times a second.
	look = 100 * time.Millisecond
	// firstPause is before the first retry, doubled with each up to lastPause; Lambda's are longer.
	firstPause, lastPause = 50 * time.Millisecond, time.Second
)

// streamMapping is an event source mapping of a table's stream, from the stream's beginning on.
type streamMapping struct {
	stack.Event
	function string // its logical id
	call     func(ctx context.Context, event []byte) ([]byte, error)
	client   *dynamodbstreams.Client
	stream   string // its ARN
	failed   func(ctx context.Context, message []byte) error
	wrong    func(error) // what a test must know of
	count    struct {
		sync.Mutex
		handed  map[string]int // calls with a record, by its sequence number
		givenUp int
	}
}

// run reads every shard until ctx ends. DynamoDB Local has one shard a stream for some hours.
func (m *streamMapping) run(ctx context.Context) error {
	var shards sync.WaitGroup
	defer shards.Wait()
	known := make(map[string]bool)
	for ; ctx.Err() == nil; pause(ctx, 10*look) {
		out, err := m.client.DescribeStream(ctx, &dynamodbstreams.DescribeStreamInput{StreamArn: &m.stream})
		if err != nil {
			return quiet(ctx, fmt.Errorf("describing the stream: %w", err))
		}
		for _, s := range out.StreamDescription.Shards {
			if id := aws.ToString(s.ShardId); !known[id] {
				known[id] = true
				shards.Go(func() { m.tell(ctx, m.read(ctx, id)) })
			}
		}
	}
	return nil
}

func (m *streamMapping) tell(ctx context.Context, err error) {
	if quiet(ctx, err) != nil {
		m.wrong(err)
	}
}

// read hands a shard's records on, each to the lane of its key: as many batches at once as the mapping's factor says.
func (m *streamMapping) read(ctx context.Context, shard string) error {
	ctx, end := context.WithCancel(ctx)
	lanes := make([]*backlog, m.Parallel)
	var workers sync.WaitGroup
	defer workers.Wait()
	defer end()
	for i := range lanes {
		lanes[i] = &backlog{more: make(chan struct{}, 1)}
		workers.Go(func() { m.work(ctx, shard, lanes[i]) })
	}
	for last := ""; ctx.Err() == nil; {
		records, err := m.after(ctx, shard, last)
		if err != nil {
			return err
		}
		for _, raw := range records {
			r, err := newRecord(raw, m.stream)
			if err != nil {
				return err
			}
			pass, err := passes(m.Filters, r.event)
			if err != nil {
				return err
			}
			if last = r.sequence; pass {
				lanes[lane(r.key, len(lanes))].add(r)
			}
		}
		if len(records) == 0 {
			pause(ctx, look)
		}
	}
	return nil
}

// after is the records behind a sequence number, from the mapping's starting position on where there is none. DynamoDB Local
// calls the beginning of a shard trimmed while its first record is written: then it is asked anew.
func (m *streamMapping) after(ctx context.Context, shard, last string) ([]types.Record, error) {
	in := &dynamodbstreams.GetShardIteratorInput{StreamArn: &m.stream, ShardId: &shard, ShardIteratorType: types.ShardIteratorType(m.Start)}
	if last != "" {
		in.ShardIteratorType, in.SequenceNumber = types.ShardIteratorTypeAfterSequenceNumber, &last
	}
	for {
		begin, err := m.client.GetShardIterator(ctx, in)
		if err != nil {
			return nil, fmt.Errorf("reading the stream: %w", err)
		}
		out, err := m.client.GetRecords(ctx, &dynamodbstreams.GetRecordsInput{ShardIterator: begin.ShardIterator})
		var trimmed *types.TrimmedDataAccessException
		switch {
		case err == nil:
			return out.Records, nil
		case !errors.As(err, &trimmed):
			return nil, fmt.Errorf("reading the stream: %w", err)
		}
		pause(ctx, look)
	}
}

// lane is which of n lanes has the records of a key.
func lane(key string, n int) int {
	h := fnv.New32a()
	_, _ = h.Write([]byte(key))
	return int(h.Sum32() % uint32(n))
}

// backlog is the records that wait for their lane.
type backlog struct {
	mu      sync.Mutex
	records []record
	more    chan struct{}
}

func (b *backlog) add(r record) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.records = append(b.records, r)
	select {
	case b.more <- struct{}{}:
	default:
	}
}

func (b *backlog) take(n int) []record {
	b.mu.Lock()
	defer b.mu.Unlock()
	n = min(n, len(b.records))
	batch := slices.Clone(b.records[:n])
	b.records = b.records[n:]
	return batch
}

func (m *streamMapping) work(ctx context.Context, shard string, from *backlog) {
	for ctx.Err() == nil {
		batch := from.take(m.BatchSize)
		if len(batch) == 0 {
			select {
			case <-from.more:
			case <-ctx.Done():
			}
			continue
		}
		m.tell(ctx, m.hand(ctx, shard, batch))
	}
}

// hand has a batch handled, or gives up what is left of it. A function that fails as a whole has its batch cut in two where the
// mapping bisects; one that names its first failed record is called again from there on. Where that is the first record of what
// was left, AWS's manual can be read as cutting nothing, and so it is read here: what is behind a record that nobody can read is
// then given up with it. It is the reading that asks the most of the sweep.
func (m *streamMapping) hand(ctx context.Context, shard string, batch []record) error {
	wait := firstPause
	for attempt := 1; ; attempt++ {
		done, whole := m.once(ctx, batch)
		if ctx.Err() != nil {
			return nil
		}
		if batch = batch[done:]; len(batch) == 0 {
			return nil
		}
		switch {
		case done > 0:
			attempt, wait = 0, firstPause // a batch that gets on is another one
		case whole && m.Bisects && len(batch) > 1:
			half := len(batch) / 2
			if err := m.hand(ctx, shard, batch[:half]); err != nil {
				return err
			}
			batch, attempt = batch[half:], 0
		}
		old := m.MaxAge > 0 && time.Since(batch[0].at) > m.MaxAge
		if m.Retries >= 0 && attempt > m.Retries || old {
			return m.giveUp(ctx, shard, batch, attempt, old)
		}
		pause(ctx, wait)
		wait = min(2*wait, lastPause)
	}
}

// once calls the function; done is how many records of the batch it has handled, whole whether the call itself failed.
func (m *streamMapping) once(ctx context.Context, batch []record) (done int, whole bool) {
	var e struct{ Records []json.RawMessage }
	m.count.Lock()
	for _, r := range batch {
		e.Records = append(e.Records, r.event)
		m.count.handed[r.sequence]++
	}
	m.count.Unlock()
	event, err := json.Marshal(e)
	if err != nil {
		m.wrong(err)
		return 0, true
	}
	answer, err := m.call(ctx, event)
	var fault *FunctionError
	if err != nil && !errors.As(err, &fault) {
		m.tell(ctx, err)
	}
	if err != nil {
		return 0, true
	}
	if !m.ReportsItems {
		return len(batch), false
	}
	var r events.DynamoDBEventResponse
	if err := json.Unmarshal(answer, &r); err != nil {
		m.wrong(fmt.Errorf("%s answered a batch with what says nothing: %s", m.function, answer))
		return 0, true
	}
	done = len(batch)
	for _, f := range r.BatchItemFailures {
		at := slices.IndexFunc(batch, func(r record) bool { return r.sequence == f.ItemIdentifier })
		if at < 0 { // for Lambda all of the batch has failed
			m.wrong(fmt.Errorf("%s reports %q, which is no sequence number of its batch", m.function, f.ItemIdentifier))
			return 0, true
		}
		done = min(done, at)
	}
	return done, false
}

// giveUp tells the mapping's destination, as Lambda does, which records were given up: not what was in them.
func (m *streamMapping) giveUp(ctx context.Context, shard string, batch []record, attempts int, old bool) error {
	condition := "RetryAttemptsExhausted"
	if old {
		condition = "RecordAgeExceeded"
	}
	last := batch[len(batch)-1]
	message, err := json.Marshal(map[string]any{
		"requestContext":  map[string]any{"functionArn": m.function, "condition": condition, "approximateInvokeCount": attempts},
		"responseContext": map[string]any{"statusCode": 200, "executedVersion": "$LATEST"},
		"version":         "1.0", "timestamp": time.Now().UTC().Format(time.RFC3339Nano),
		"DDBStreamBatchInfo": map[string]any{
			"shardId": shard, "streamArn": m.stream, "batchSize": len(batch), "startSequenceNumber": batch[0].sequence, "endSequenceNumber": last.sequence,
			"approximateArrivalOfFirstRecord": batch[0].at.UTC().Format(time.RFC3339), "approximateArrivalOfLastRecord": last.at.UTC().Format(time.RFC3339),
		},
	})
	if err != nil {
		return err
	}
	m.count.Lock()
	m.count.givenUp += len(batch)
	m.count.Unlock()
	return m.failed(ctx, message)
}

// pause waits, or for the end of ctx.
func pause(ctx context.Context, d time.Duration) {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-ctx.Done():
	}
}

// quiet is no error where all is to end.
func quiet(ctx context.Context, err error) error {
	if ctx.Err() != nil {
		return nil
	}
	return err
}
