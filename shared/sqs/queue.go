package sqs

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sqs"
	"github.com/aws/aws-sdk-go-v2/service/sqs/types"

	"reprise/shared/replay"
)

const (
	// maxEntries is SQS's limit of a SendMessageBatch.
	maxEntries = 10
	// maxTries is how often a message that SQS did not take is sent. The SDK has its own for a request that failed.
	maxTries = 5
	// firstPause is what the second try waits, each later one twice as long: 1.5 s in all.
	firstPause = 100 * time.Millisecond
)

// Queue is a FIFO queue of slices: the message group is job_id/lane, the deduplication id job_id/slice/generation, and whose
// slice it is stands in the attributes, so that a dead letter of any version names its job (DESIGN.md §5).
// It is safe for concurrent use.
type Queue struct {
	client *sqs.Client
	url    string
	now    func() time.Time
}

// New is the queue at that address.
func New(client *sqs.Client, url string, now func() time.Time) *Queue {
	return &Queue{client, url, now}
}

// lane is what is still to be sent in one message group.
type lane struct {
	slices []replay.Slice
	tries  int // of the first of them
}

// Send is durable when it returns nil; on an error some may have been sent. A slice whose generation was sent within the
// last five minutes is left out, even after it was handled.
//
// A request never holds two slices of a lane, and the next goes out only once SQS has taken the one before: it takes some
// messages of a request and refuses others, and a later one must not overtake.
func (q *Queue) Send(ctx context.Context, generation int, all ...replay.Slice) error {
	for waiting := lanes(all); len(waiting) > 0; {
		n := min(len(waiting), maxEntries)
		refused, err := q.send(ctx, generation, waiting[:n])
		if err == nil && len(refused) > 0 {
			err = pause(ctx, refused, waiting)
		}
		if err != nil {
			return fmt.Errorf("sending generation %d of %d slices of job %s: %w", generation, len(all), all[0].JobID, err)
		}
		waiting = next(waiting, n, refused)
	}
	return nil
}

// lanes is the slices by message group, each in the order given.
func lanes(all []replay.Slice) []*lane {
	var found []*lane
	for _, s := range all {
		at := slices.IndexFunc(found, func(l *lane) bool { return group(l.slices[0]) == group(s) })
		if at < 0 {
			at, found = len(found), append(found, new(lane))
		}
		found[at].slices = append(found[at].slices, s)
	}
	return found
}

// next is the lanes with something left to send, the first n of which had their turn, but for what was refused of them.
func next(waiting []*lane, n int, refused map[int]error) []*lane {
	var again, rest []*lane
	for i, l := range waiting[:n] {
		switch {
		case refused[i] != nil:
			again = append(again, l)
		case len(l.slices) > 1:
			rest = append(rest, &lane{slices: l.slices[1:]})
		}
	}
	return slices.Concat(again, waiting[n:], rest)
}

// send sends the first slice of each lane; refused is why SQS did not take one, by its place.
func (q *Queue) send(ctx context.Context, generation int, of []*lane) (refused map[int]error, err error) {
	entries := make([]types.SendMessageBatchRequestEntry, len(of))
	for i, l := range of {
		if entries[i], err = entry(i, generation, l.slices[0]); err != nil {
			return nil, err
		}
	}
	out, err := q.client.SendMessageBatch(ctx, &sqs.SendMessageBatchInput{QueueUrl: &q.url, Entries: entries})
	if err != nil {
		return nil, err
	}
	refused = make(map[int]error)
	for i := range of { // what an answer does not speak of was not taken
		refused[i] = errors.New("SQS said nothing of it")
	}
	for _, f := range out.Failed {
		if i, err := strconv.Atoi(aws.ToString(f.Id)); err == nil {
			refused[i] = fmt.Errorf("%s: %s", aws.ToString(f.Code), aws.ToString(f.Message))
		}
	}
	for _, s := range out.Successful {
		if i, err := strconv.Atoi(aws.ToString(s.Id)); err == nil {
			delete(refused, i)
		}
	}
	return refused, nil
}

// entry is one slice as a message, numbered by its place.
func entry(i, generation int, s replay.Slice) (types.SendMessageBatchRequestEntry, error) {
	body, err := s.Message()
	if err != nil {
		return types.SendMessageBatchRequestEntry{}, fmt.Errorf("slice %d: %w", s.N, err)
	}
	return types.SendMessageBatchRequestEntry{
		Id:                     aws.String(strconv.Itoa(i)),
		MessageBody:            aws.String(string(body)),
		MessageGroupId:         aws.String(group(s)),
		MessageDeduplicationId: aws.String(fmt.Sprintf("%s/%d/%d", s.JobID, s.N, generation)),
		MessageAttributes:      attributes(s.Fence),
	}, nil
}

func group(s replay.Slice) string { return fmt.Sprintf("%s/%d", s.JobID, s.Lane) }

// pause waits before the refused are sent again, or says which of them was refused too often.
func pause(ctx context.Context, refused map[int]error, waiting []*lane) error {
	most := 0
	for i, why := range refused {
		l := waiting[i]
		if l.tries++; l.tries >= maxTries {
			return fmt.Errorf("slice %d was refused %d times: %w", l.slices[0].N, l.tries, why)
		}
		most = max(most, l.tries)
	}
	timer := time.NewTimer(firstPause << (most - 1))
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}
