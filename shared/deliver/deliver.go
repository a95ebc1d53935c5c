// Package deliver takes one slice to the webhook.
package deliver

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"reprise/shared/auditlog"
	"reprise/shared/chunk"
	"reprise/shared/replay"
	"reprise/shared/webhook"
)

// Courier delivers.
type Courier struct {
	jobs     Jobs
	slices   Slices
	archive  Archive
	hooks    Webhooks
	keys     Keys
	poster   Poster
	clerk    Settler
	settings Settings
	now      func() time.Time
	random   func() float64
}

// Settings are what an operator may set.
type Settings struct {
	Patience time.Duration // how long a batch is tried in all (webhook.Patience)
	Host     string        // of CEF lines (auditlog.CheckHost)
}

// New makes a Courier; random gives numbers in [0,1).
func New(jobs Jobs, slices Slices, archive Archive, hooks Webhooks, keys Keys, poster Poster, clerk Settler, settings Settings, now func() time.Time, random func() float64) *Courier {
	return &Courier{jobs, slices, archive, hooks, keys, poster, clerk, settings, now, random}
}

// reserve is what one more batch may take: the POST's 15 s and the writes around it.
const reserve = 20 * time.Second

// Deliver sends what is left of a slice until it is done, fenced off, told to wait, or short of time.
//
// The end of ctx, or a deadline that comes near, means: finish the batch in hand and start no other. What has begun is
// never cut off, so that a stop costs nobody a second copy.
func (c *Courier) Deliver(ctx context.Context, s replay.Slice) (replay.Next, error) {
	if c.short(ctx) {
		return replay.Again(0), nil
	}
	work := context.WithoutCancel(ctx)
	err := c.jobs.Run(work, s.Fence)
	if errors.Is(err, replay.ErrConflict) {
		return replay.Done(), nil // replaced, cancelled, ended
	}
	if err != nil {
		return replay.Next{}, fmt.Errorf("marking job %s running: %w", s.JobID, err)
	}
	p, err := c.slices.Try(work, s)
	if err != nil {
		return replay.Next{}, fmt.Errorf("starting slice %d of job %s: %w", s.N, s.JobID, err)
	}
	if p.Done {
		return replay.Done(), c.settle(work, s)
	}
	if p.Exhausted() {
		return replay.Done(), c.end(work, s, replay.Failure{
			Code:   replay.FailUndeliverable,
			Detail: fmt.Sprintf("a slice was started %d times without getting on", replay.MaxStarts),
		})
	}
	hook, err := c.hooks.Webhook(work, s.Scope)
	if err != nil {
		return replay.Next{}, fmt.Errorf("reading the webhook for job %s: %w", s.JobID, err)
	}
	if hook.UpdatedAt.After(p.Since) {
		p.Attempts, p.Since = 0, time.Time{} // the one that failed was told otherwise: this one has all of the patience
	}
	if left := p.Early(c.now()); left > 0 {
		return replay.Again(left), nil
	}
	e := &errand{Courier: c, slice: s, at: p, hook: hook}
	defer e.tellLast(work)
	return e.send(work, ctx)
}

// errand is one slice under way.
type errand struct {
	*Courier
	slice  replay.Slice
	at     replay.Progress
	hook   webhook.Config
	last   webhook.Attempt
	untold bool // last is not yet in the webhook's row
}

// send posts batch after batch from the slice's cursor on; stop says when to start no other.
func (e *errand) send(ctx, stop context.Context) (replay.Next, error) {
	write, err := e.writer(ctx)
	if err != nil {
		return replay.Next{}, err
	}
	chunks := e.archive.Chunks(ctx, e.slice.Scope, e.slice.Window, e.at.Cursor)
	batches, build, join := ahead(chunk.Batches(e.slice.JobID, e.slice.Window, e.at.Cursor, e.at.BatchLimit(), write, chunks))
	defer join()
	for b := range batches {
		var damage *chunk.Damage
		if errors.As(b.err, &damage) {
			return e.damaged(ctx, damage)
		}
		if b.err != nil {
			return replay.Next{}, fmt.Errorf("building a batch of slice %d of job %s: %w", e.slice.N, e.slice.JobID, b.err)
		}
		if e.short(stop) {
			return replay.Again(0), nil
		}
		// After the batch was built, so that nothing slow lies between the check and the POST.
		if next, err := e.check(ctx); next != nil || err != nil {
			return *next, err
		}
		build() // the next, while this one is on its way
		verdict := e.post(ctx, b.Batch)
		// A crash here sends this one batch twice, under the same ID.
		if next, err := e.advance(ctx, e.after(verdict, b.Batch)); next != nil || err != nil {
			return *next, err
		}
		switch verdict.Outcome {
		case webhook.Later, webhook.Smaller:
			return replay.Again(verdict.Wait), nil
		case webhook.Never, webhook.Gone:
			// Only after the advance: who lost the slice, or used a webhook that was changed since, ends nobody's job.
			return e.giveUp(ctx, verdict)
		case webhook.Delivered:
		}
	}
	if next, err := e.advance(ctx, e.at.End(e.now())); next != nil || err != nil {
		return *next, err
	}
	// A crash here leaves a job whose slices may all be done: the message comes again, finds its slice done and settles.
	return replay.Done(), e.settle(ctx, e.slice)
}

// writer is how the webhook's lines are written: nil is as they were stored. A change of the format is a change of the webhook,
// which has the slice read anew (same).
func (e *errand) writer(ctx context.Context) (func(dst, line []byte) ([]byte, error), error) {
	scribe := auditlog.Scribe{Format: e.hook.Written(), Host: e.settings.Host}
	switch scribe.Format {
	case auditlog.JSON:
		return nil, nil
	case auditlog.CPS:
	case auditlog.CEF:
		key, err := e.keys.SigningKey(ctx)
		if err != nil {
			return nil, fmt.Errorf("reading the signing key for job %s: %w", e.slice.JobID, err)
		}
		scribe.Key = key
	default:
		return nil, fmt.Errorf("the webhook for job %s wants entries as %q, which this version does not write", e.slice.JobID, scribe.Format)
	}
	return scribe.Write, nil
}

// damaged ends the job: no other try mends what is stored, and a batch without it would pass for all there was.
func (e *errand) damaged(ctx context.Context, d *chunk.Damage) (replay.Next, error) {
	slog.ErrorContext(ctx, "stored entries are damaged: restore them from a backup", "job", e.slice.JobID, "org", e.slice.Org,
		"region", e.slice.Region, "slice", e.slice.N, "err", d)
	// Only after an advance, as for a receiver's final no: who lost the slice ends nobody's job.
	if next, err := e.advance(ctx, e.at.Wait(0, e.now())); next != nil || err != nil {
		return *next, err
	}
	return replay.Done(), e.end(ctx, e.slice, replay.Failure{
		Code: replay.FailUndeliverable,
		Detail: fmt.Sprintf("some stored entries from %s on are damaged and were not sent: a range without them can be",
			d.At().Format(time.RFC3339)),
	})
}

// check reads job and webhook: nil means that the batch may start. A fence takes the message away, a webhook that was
// turned off ends the job, one that was changed has the slice read anew.
func (e *errand) check(ctx context.Context) (*replay.Next, error) {
	job, err := e.jobs.Job(ctx, e.slice.Scope)
	if err != nil {
		return &replay.Next{}, fmt.Errorf("reading job %s before a batch: %w", e.slice.JobID, err)
	}
	if job.JobID != e.slice.JobID || job.Status != replay.Running {
		next := replay.Done()
		return &next, nil
	}
	return e.same(ctx)
}

// same reads the webhook: nil means that it is the one that this errand uses.
func (e *errand) same(ctx context.Context) (*replay.Next, error) {
	hook, err := e.hooks.Webhook(ctx, e.slice.Scope)
	switch {
	case err != nil:
		return &replay.Next{}, fmt.Errorf("reading the webhook for job %s: %w", e.slice.JobID, err)
	case !hook.Enabled && hook.Gone:
		next := replay.Done()
		return &next, e.end(ctx, e.slice, replay.Failure{
			Code: replay.FailWebhookGone, Detail: "the receiver answered 410 Gone: the webhook is off", ResponseCode: webhook.CodeGone,
		})
	case !hook.Enabled:
		next := replay.Done()
		return &next, e.end(ctx, e.slice, replay.Failure{
			Code: replay.FailWebhookDisabled, Detail: "the webhook was disabled before every entry was acknowledged",
		})
	case hook.Version != e.hook.Version:
		next := replay.Again(0)
		return &next, nil
	}
	return nil, nil
}

// after is the progress that a verdict makes of this one.
func (e *errand) after(v webhook.Verdict, b chunk.Batch) replay.Progress {
	switch v.Outcome {
	case webhook.Delivered:
		return e.at.Step(b.Last, b.Tally, e.now())
	case webhook.Smaller:
		return e.at.Halve(b.Tally.Bytes, e.now())
	default:
		return e.at.Wait(v.Wait, e.now())
	}
}

// advance records p: nil means that the slice is still ours.
func (e *errand) advance(ctx context.Context, p replay.Progress) (*replay.Next, error) {
	err := e.slices.Advance(ctx, e.slice, p)
	if errors.Is(err, replay.ErrConflict) {
		// Somebody else has the slice. Only a fence or an end takes the message away: theirs may be the one that is lost.
		next := replay.Again(0)
		return &next, nil
	}
	if err != nil {
		return &replay.Next{}, fmt.Errorf("recording the progress of slice %d of job %s: %w", e.slice.N, e.slice.JobID, err)
	}
	e.at = p
	return nil, nil
}

// giveUp ends the job, unless the webhook was changed meanwhile: then the slice is tried again with the new one.
func (e *errand) giveUp(ctx context.Context, v webhook.Verdict) (replay.Next, error) {
	if next, err := e.same(ctx); next != nil || err != nil {
		return *next, err
	}
	if v.Outcome == webhook.Gone {
		// Before the end, since nobody comes back to a job that has ended. A crash in between, or another lane that is
		// faster, leaves the webhook gone for whoever comes next, who calls the failure by the same name (same).
		if err := e.tell(ctx, true); err != nil {
			return replay.Next{}, fmt.Errorf("turning the webhook off for job %s: %w", e.slice.JobID, err)
		}
	}
	return replay.Done(), e.end(ctx, e.slice, replay.Failure{Code: v.Reason, Detail: v.Detail, ResponseCode: v.Code})
}

func (c *Courier) settle(ctx context.Context, s replay.Slice) error {
	if err := c.clerk.Settle(ctx, s.Fence); err != nil {
		return fmt.Errorf("completing job %s: %w", s.JobID, err)
	}
	return nil
}

func (c *Courier) end(ctx context.Context, s replay.Slice, why replay.Failure) error {
	if _, err := c.clerk.End(ctx, s.Fence, why); err != nil {
		return fmt.Errorf("failing job %s as %s: %w", s.JobID, why.Code, err)
	}
	return nil
}

// short reports whether no other batch may start.
func (c *Courier) short(ctx context.Context) bool {
	deadline, ok := ctx.Deadline()
	return ctx.Err() != nil || ok && deadline.Sub(c.now()) < reserve
}
