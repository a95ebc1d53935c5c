package dynamo

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"reprise/shared/replay"
)

// Slices is the table of plans and of how far their slices are.
type Slices struct {
	table
	now   func() time.Time
	newID func() string
}

// NewSlices is the table of that name; newID makes an id for each write that may be sent twice.
func NewSlices(db *dynamodb.Client, name string, now func() time.Time, newID func() string) *Slices {
	return &Slices{table{db, name}, now, newID}
}

func planKey(f replay.Fence) item { return item{"job_id": text(f.JobID), "item": text("plan")} }

func sliceKey(at replay.Slice) item {
	return item{"job_id": text(at.JobID), "item": text(fmt.Sprintf("slice#%02d", at.N))}
}

// planItem keeps the slices' windows as a list; their fence is the plan's.
func planItem(p replay.Plan) item {
	cut := &types.AttributeValueMemberL{}
	for _, c := range p.Slices {
		cut.Value = append(cut.Value, &types.AttributeValueMemberM{Value: item{
			"n": number(c.N), "lane": number(c.Lane), "from_at": moment(c.Window.From), "to_at": moment(c.Window.To),
		}})
	}
	it := planKey(p.Fence)
	it["schema"] = number(schema)
	it["org_id"], it["region"] = text(p.Org), text(p.Region)
	it["lanes"], it["entries"], it["slices"] = number(p.Lanes), number(p.Entries), cut
	it["recorded_at"], it["expires_at"] = moment(p.Recorded), expiry(p.Recorded.Add(replay.SlicesLife))
	return it
}

// readPlan refuses what planItem cannot have written, as a plan that can never be read: one that lost its slices would be a
// job that completes without sending them.
func readPlan(f replay.Fence, it item) (replay.Plan, error) {
	r := read(it)
	p := replay.Plan{Fence: f, Lanes: r.int("lanes"), Entries: r.int64("entries"), Recorded: r.moment("recorded_at")}
	for i, v := range r.list("slices") {
		m, _ := v.(*types.AttributeValueMemberM)
		if m == nil {
			r.fail("slices", fmt.Errorf("place %d holds no slice", i))
			break
		}
		c := reader{it: m.Value}
		s := replay.Slice{Fence: f, N: c.int("n"), Lane: c.int("lane"), Window: replay.Window{From: c.moment("from_at"), To: c.moment("to_at")}}
		if c.err == nil && (s.N != i || s.Window.From.After(s.Window.To)) {
			c.err = errors.New("it cannot be")
		}
		if c.err != nil {
			r.fail("slices", fmt.Errorf("place %d: %w", i, c.err))
			break
		}
		p.Slices = append(p.Slices, s)
	}
	if r.err != nil {
		return replay.Plan{}, fmt.Errorf("%w: what is stored cannot be read: %w", replay.ErrNotFound, r.err)
	}
	return p, nil
}

// RecordPlan stores the plan unless the job has one, and returns the one that is stored; see fanout.Plans.
func (s *Slices) RecordPlan(ctx context.Context, p replay.Plan) (replay.Plan, error) {
	p.Recorded = stamp(s.now)
	it := planItem(p)
	made, stored, err := s.put(ctx, it, where{condition: "attribute_not_exists(#job_id)"})
	if made {
		stored = it
	}
	if err == nil {
		p, err = readPlan(p.Fence, stored)
	}
	if err != nil {
		return replay.Plan{}, fmt.Errorf("recording the plan of job %s: %w", p.JobID, err)
	}
	return p, nil
}

// Plan is the job's plan, or ErrNotFound; see settle.Slices.
func (s *Slices) Plan(ctx context.Context, f replay.Fence) (replay.Plan, error) {
	var p replay.Plan
	it, err := s.get(ctx, planKey(f))
	switch {
	case err != nil:
	case it == nil:
		err = replay.ErrNotFound
	default:
		p, err = readPlan(f, it)
	}
	if err != nil {
		return replay.Plan{}, fmt.Errorf("reading the plan of job %s: %w", f.JobID, err)
	}
	return p, nil
}

// sliceItem is a slice's row.
func sliceItem(at replay.Slice, p replay.Progress, now time.Time, by string) item {
	it := sliceKey(at)
	it["schema"] = number(schema)
	it["org_id"], it["region"], it["n"] = text(at.Org), text(at.Region), number(at.N)
	it["done"], it["seq"], it["generation"] = flag(p.Done), number(p.Seq), number(p.Generation)
	it["cursor_chunk"], it["cursor_line"] = text(p.Cursor.Chunk), number(p.Cursor.Line)
	it["starts"], it["attempts"], it["batch_limit"] = number(p.Starts), number(p.Attempts), number(p.Limit)
	it["since"], it["due"] = moment(p.Since), moment(p.Due)
	it["batches"], it["entries"], it["bytes"] = number(p.Tally.Batches), number(p.Tally.Entries), number(p.Tally.Bytes)
	it["updated_at"], it["expires_at"], it["written_by"] = moment(now), expiry(now.Add(replay.SlicesLife)), text(by)
	return it
}

func readSlice(it item) (replay.Progress, error) {
	r := read(it)
	p := replay.Progress{
		N: r.int("n"), Done: r.flag("done"), Seq: r.int("seq"), Generation: r.int("generation"),
		Cursor: replay.Cursor{Chunk: r.text("cursor_chunk"), Line: r.int("cursor_line")},
		Starts: r.int("starts"), Attempts: r.int("attempts"), Limit: r.int("batch_limit"),
		Since: r.moment("since"), Due: r.moment("due"),
		Tally: replay.Tally{Batches: r.int64("batches"), Entries: r.int64("entries"), Bytes: r.int64("bytes")},
	}
	if r.err != nil {
		return replay.Progress{}, fmt.Errorf("the stored slice: %w", r.err)
	}
	return p, nil
}

// Progress is every row of the job, in order of slice; see settle.Slices.
func (s *Slices) Progress(ctx context.Context, f replay.Fence) ([]replay.Progress, error) {
	var all []replay.Progress
	for it, err := range s.matches(ctx, dynamodb.QueryInput{
		ConsistentRead: aws.Bool(true), KeyConditionExpression: aws.String("#job_id = :job AND begins_with(#item, :slice)"),
		ExpressionAttributeValues: item{":job": text(f.JobID), ":slice": text("slice#")},
	}) {
		var p replay.Progress
		if err == nil {
			p, err = readSlice(it)
		}
		if err != nil {
			return nil, fmt.Errorf("reading the progress of job %s: %w", f.JobID, err)
		}
		all = append(all, p)
	}
	return all, nil
}

// over is the condition that the slice's row is the one of that Seq, not done; Seq 0 is no row.
func over(seq int) where {
	if seq == 0 {
		return where{condition: "attribute_not_exists(#job_id)"}
	}
	return where{condition: "#seq = :seq AND #done = :no", values: item{":seq": number(seq), ":no": flag(false)}}
}

// Try counts a try, unless the slice is done; see deliver.Slices. It reads first, since a condition that does not hold costs
// a write; whoever comes in between makes it look at what is there then.
func (s *Slices) Try(ctx context.Context, at replay.Slice) (replay.Progress, error) {
	by, made := s.newID(), false
	stored, err := s.get(ctx, sliceKey(at))
	var p replay.Progress
	for !made && err == nil {
		p = replay.Progress{N: at.N} // also where the row was there and is gone
		if len(stored) > 0 {
			if p, err = readSlice(stored); err != nil || p.Done {
				break
			}
		}
		now := stamp(s.now)
		next := p.Start(now)
		made, stored, err = s.put(ctx, sliceItem(at, next, now, by), over(p.Seq))
		if made {
			p = next
		}
	}
	if err != nil {
		return replay.Progress{}, fmt.Errorf("trying slice %d of job %s: %w", at.N, at.JobID, err)
	}
	return p, nil
}

// Advance stores p over the progress before it; see deliver.Slices.
func (s *Slices) Advance(ctx context.Context, at replay.Slice, p replay.Progress) error {
	err := error(replay.ErrConflict)
	if p.Seq > 1 { // a row is made by a try or a resend
		err = s.swap(ctx, at, p.Seq-1, p)
	}
	if err != nil {
		return fmt.Errorf("advancing slice %d of job %s: %w", at.N, at.JobID, err)
	}
	return nil
}

// Resend takes the next generation over exactly p.Seq; see sweep.Slices. All of p is written again: the row of a Seq never
// changes, so that p is what is stored.
func (s *Slices) Resend(ctx context.Context, at replay.Slice, p replay.Progress) (generation int, err error) {
	next := p.Resend(stamp(s.now))
	if err := s.swap(ctx, at, p.Seq, next); err != nil {
		return 0, fmt.Errorf("sending slice %d of job %s again: %w", at.N, at.JobID, err)
	}
	return next.Generation, nil
}

// swap writes next over the row of that Seq, or finds that it did.
func (s *Slices) swap(ctx context.Context, at replay.Slice, seq int, next replay.Progress) error {
	made, stored, err := s.put(ctx, sliceItem(at, next, stamp(s.now), s.newID()), over(seq))
	if err != nil || made {
		return err
	}
	if len(stored) == 0 {
		return fmt.Errorf("nobody tried it, for seq %d: %w", next.Seq, replay.ErrConflict)
	}
	p, err := readSlice(stored)
	if err != nil {
		return err
	}
	return fmt.Errorf("it is at seq %d, done %t, for seq %d: %w", p.Seq, p.Done, next.Seq, replay.ErrConflict)
}
