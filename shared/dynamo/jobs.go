package dynamo

import (
	"context"
	"errors"
	"fmt"
	"hash/fnv"
	"iter"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"reprise/shared/replay"
)

// shards is how many keys the index of live jobs has, so that many jobs are not all written under one.
const shards = 8

// Jobs is the table of jobs.
type Jobs struct {
	table
	now   func() time.Time
	newID func() string
}

// NewJobs is the table of that name; newID makes an id for each write that may be sent twice.
func NewJobs(db *dynamodb.Client, name string, now func() time.Time, newID func() string) *Jobs {
	return &Jobs{table{db, name}, now, newID}
}

func scopeKey(at replay.Scope) item {
	return item{"org_id": text(at.Org), "region": text(at.Region)}
}

// shard is where a live job is found; always the same of a scope, so that an Accept sent again says the same.
func shard(at replay.Scope) string {
	h := fnv.New32a()
	_, _ = h.Write([]byte(at.Org + "#" + at.Region))
	return strconv.Itoa(int(h.Sum32() % shards))
}

// jobItem is a job as Accept writes it: of nothing but the job, so that it is the same each time.
func jobItem(job replay.Job) item {
	it := scopeKey(job.Scope)
	it["schema"] = number(schema)
	it["job_id"], it["status"], it["active"] = text(job.JobID), text(string(replay.Accepted)), text(shard(job.Scope))
	it["from_at"], it["to_at"] = moment(job.Window.From), moment(job.Window.To)
	it["requested_by"] = text(job.RequestedBy)
	it["batches"], it["entries"], it["bytes"] = number(0), number(0), number(0)
	it["failure_code"], it["failure_detail"], it["failure_response_code"] = text(""), text(""), number(0)
	it["accepted_at"], it["updated_at"] = moment(job.AcceptedAt), moment(job.UpdatedAt)
	it["started_at"], it["finished_at"] = number(0), number(0)
	return it
}

func readJob(it item) (replay.Job, error) {
	r := read(it)
	job := replay.Job{
		Fence:       replay.Fence{Scope: replay.Scope{Org: r.text("org_id"), Region: r.text("region")}, JobID: r.text("job_id")},
		Status:      replay.Status(r.text("status")),
		Window:      replay.Window{From: r.moment("from_at"), To: r.moment("to_at")},
		RequestedBy: r.text("requested_by"),
		Tally:       replay.Tally{Batches: r.int64("batches"), Entries: r.int64("entries"), Bytes: r.int64("bytes")},
		Failure:     replay.Failure{Code: r.text("failure_code"), Detail: r.text("failure_detail"), ResponseCode: r.int("failure_response_code")},
		AcceptedAt:  r.moment("accepted_at"), UpdatedAt: r.moment("updated_at"),
		StartedAt: r.moment("started_at"), FinishedAt: r.moment("finished_at"),
	}
	switch {
	case r.err != nil:
	case job.Org == "" || job.Region == "" || job.JobID == "":
		r.err = errors.New("it names no job")
	case !job.Status.Live() && job.Status != replay.Completed && job.Status != replay.Failed:
		r.err = fmt.Errorf("there is no status %q", job.Status)
	}
	if r.err != nil {
		return replay.Job{}, fmt.Errorf("the stored job: %w", r.err)
	}
	return job, nil
}

// from is the condition that the job is in a status that it may leave for next.
func from(next replay.Status) where {
	values, words := make(item), []string{}
	for i, s := range next.From() {
		word := ":from" + strconv.Itoa(i)
		values[word] = text(string(s))
		words = append(words, word)
	}
	return where{condition: "#status IN (" + strings.Join(words, ", ") + ")", values: values}
}

// Accept stores the jobs in one transaction; see api.Acceptor for what it keeps. The first job's id is the transaction's
// token: for ten minutes DynamoDB remembers one that was made and answers a repetition with its success, whatever became
// of the jobs since. It remembers nothing of one that was not made (DESIGN.md §3).
func (j *Jobs) Accept(ctx context.Context, jobs ...replay.Job) error {
	if len(jobs) == 0 {
		return nil
	}
	w := from(replay.Accepted)
	w.condition = "attribute_not_exists(#org_id) OR " + w.condition
	in := dynamodb.TransactWriteItemsInput{ClientRequestToken: &jobs[0].JobID}
	for _, job := range jobs {
		in.TransactItems = append(in.TransactItems, types.TransactWriteItem{Put: &types.Put{
			TableName: &j.name, Item: jobItem(job),
			ConditionExpression: &w.condition, ExpressionAttributeNames: names(w.condition), ExpressionAttributeValues: w.values,
		}})
	}
	_, err := j.db.TransactWriteItems(ctx, &in)
	var cancelled *types.TransactionCanceledException
	if errors.As(err, &cancelled) {
		running := func(r types.CancellationReason) bool { return aws.ToString(r.Code) == "ConditionalCheckFailed" }
		if i := slices.IndexFunc(cancelled.CancellationReasons, running); 0 <= i && i < len(jobs) { // they are in the jobs' order
			err = fmt.Errorf("region %s has a running job: %w", jobs[i].Region, replay.ErrConflict)
		}
	}
	if err != nil {
		return fmt.Errorf("accepting job %s: %w", jobs[0].JobID, err)
	}
	return nil
}

// Pend moves accepted → pending; see fanout.Jobs.
func (j *Jobs) Pend(ctx context.Context, f replay.Fence) error {
	return j.move(ctx, f, replay.Pending, change{set: item{}}, replay.Pending, replay.Running)
}

// Run moves pending → running; see deliver.Jobs.
func (j *Jobs) Run(ctx context.Context, f replay.Fence) error {
	return j.move(ctx, f, replay.Running, change{set: item{"started_at": nil}}, replay.Running)
}

// Complete moves pending or running → completed; see settle.Jobs.
func (j *Jobs) Complete(ctx context.Context, f replay.Fence, t replay.Tally) error {
	return j.move(ctx, f, replay.Completed, last(t))
}

// Fail moves a live job → failed; see settle.Jobs.
func (j *Jobs) Fail(ctx context.Context, f replay.Fence, why replay.Failure, t replay.Tally) error {
	c := last(t)
	c.set["failure_code"], c.set["failure_detail"], c.set["failure_response_code"] = text(why.Code), text(why.Detail), number(why.ResponseCode)
	return j.move(ctx, f, replay.Failed, c)
}

// last is what every end writes.
func last(t replay.Tally) change {
	return change{item{"finished_at": nil, "batches": number(t.Batches), "entries": number(t.Entries), "bytes": number(t.Bytes)}, "active"}
}

// move is one arrow of the drawing in replay, with what else it changes; nil there stands for its time. A job in one of
// already is left as it is.
func (j *Jobs) move(ctx context.Context, f replay.Fence, next replay.Status, c change, already ...replay.Status) error {
	now := moment(stamp(j.now))
	for name, v := range c.set {
		if v == nil {
			c.set[name] = now
		}
	}
	c.set["status"], c.set["updated_at"], c.set["written_by"] = text(string(next)), now, text(j.newID())
	w := from(next)
	w.condition = "#job_id = :mine AND " + w.condition
	w.values[":mine"] = text(f.JobID)
	made, stored, err := j.update(ctx, scopeKey(f.Scope), c, w)
	if err == nil && !made {
		err = refused(stored, f, already)
	}
	if err != nil {
		return fmt.Errorf("moving job %s to %s: %w", f.JobID, next, err)
	}
	return nil
}

// refused takes a transition that was not made for success where the job is in one of already, else for a conflict.
func refused(stored item, f replay.Fence, already []replay.Status) error {
	if len(stored) == 0 {
		return fmt.Errorf("there is none: %w", replay.ErrConflict)
	}
	job, err := readJob(stored)
	switch {
	case err != nil:
		return err
	case job.JobID != f.JobID:
		return fmt.Errorf("it was replaced: %w", replay.ErrConflict)
	case !slices.Contains(already, job.Status):
		return fmt.Errorf("it is %s: %w", job.Status, replay.ErrConflict)
	}
	return nil
}

// Job is the scope's job, of status Unconfigured where there is none; see deliver.Jobs.
func (j *Jobs) Job(ctx context.Context, at replay.Scope) (replay.Job, error) {
	it, err := j.get(ctx, scopeKey(at))
	job := replay.Job{Fence: replay.Fence{Scope: at}, Status: replay.Unconfigured}
	if err == nil && it != nil {
		job, err = readJob(it)
	}
	if err != nil {
		return replay.Job{}, fmt.Errorf("reading the job of region %s: %w", at.Region, err)
	}
	return job, nil
}

// Live yields the scope of every live job; see sweep.Jobs. The index may be some time behind. It begins at another shard
// each minute: a sweep that runs out of time, or into trouble, with one shard would else never come to those behind it.
func (j *Jobs) Live(ctx context.Context) iter.Seq2[replay.Scope, error] {
	return func(yield func(replay.Scope, error) bool) {
		first := j.now().Unix() / 60
		for n := range int64(shards) {
			for it, err := range j.matches(ctx, dynamodb.QueryInput{
				IndexName: aws.String("active"), KeyConditionExpression: aws.String("#active = :shard"),
				ExpressionAttributeValues: item{":shard": text(strconv.FormatInt((first+n)%shards, 10))},
			}) {
				if err != nil {
					if !yield(replay.Scope{}, fmt.Errorf("looking for live jobs: %w", err)) {
						return
					}
					break // on with the next
				}
				r := reader{it: it} // keys alone: no schema
				at := replay.Scope{Org: r.text("org_id"), Region: r.text("region")}
				if !yield(at, r.err) {
					return
				}
			}
		}
	}
}
