package main

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strings"
	"time"

	"reprise/cmd/reprise/client"
	"reprise/cmd/reprise/meter"
	"reprise/cmd/reprise/words"
	"reprise/shared/replay"
)

const (
	// pollFirst and pollEvery are how often a job is looked at: soon, as a small one is over at once, then each second.
	pollFirst = 100 * time.Millisecond
	pollEvery = time.Second
	// stillAfter is how long nothing may be acknowledged before the receiver's answers are looked at, which is repeated as often.
	stillAfter = 3 * time.Second
	// patient is how long a service may not answer, or answer that it cannot now, before it is no longer followed: longer than
	// one takes to start again, to be put in another's place, or to have its requests be fewer.
	patient = 2 * time.Minute
)

// A follower watches a job to its end.
type follower struct {
	at      *client.Client
	look    func(ctx context.Context, slices bool) (client.Job, error)
	slices  bool // are to be shown, too
	meter   *meter.Meter
	job     client.Job // as it was when it was begun to be followed
	entries int64      // acknowledged when it last moved
	moved   time.Time
	silent  time.Time // since when there is no answer; zero: there is
}

// follow shows how far the job is, then what became of it; it is an error if it did not complete.
func follow(ctx context.Context, at *client.Client, s streams, as shape, job client.Job, slices bool) error {
	f := &follower{at: at, look: at.Job, slices: slices, meter: meter.New(s.err, terminal(s.err), "replaying", 0, time.Now), job: job, moved: time.Now()}
	f.meter.Before(job.Progress.Entries)
	last, err := f.watch(ctx)
	took := f.meter.End()
	if err != nil {
		return f.left(ctx, err)
	}
	if err := showJob(s.out, as, last); err != nil {
		return err
	}
	if err := failure(last); err != nil {
		return err
	}
	_, err = fmt.Fprintf(s.err, "Completed: %s, after %.1f s.\n", words.Count(last.Progress.Entries, "entry"), took.Seconds())
	return err
}

// left says that the replay goes on without who watched it.
func (f *follower) left(ctx context.Context, err error) error {
	const todo = `"reprise status --watch" follows it, "reprise cancel" ends it.`
	if ctx.Err() != nil {
		return &verdict{errInterrupted, "interrupted: the replay goes on", todo}
	}
	if errors.Is(err, errReplay) { // it does not
		return err
	}
	return &verdict{err, "the replay goes on, but cannot be followed: " + err.Error(), strings.TrimSpace(advice(err) + "\n" + todo)}
}

// watch looks at the job until it has ended.
func (f *follower) watch(ctx context.Context) (client.Job, error) {
	for wait := pollFirst; ; wait = min(2*wait, pollEvery) {
		j, err := f.look(ctx, f.slices)
		pause := wait
		if err != nil {
			if pause, err = f.later(wait, err); err != nil {
				return j, err
			}
		} else {
			f.silent = time.Time{}
			if j, err = f.ours(j); err != nil || !j.Status.Live() {
				return j, err
			}
			f.show(ctx, j)
		}
		select {
		case <-ctx.Done():
			return j, context.Cause(ctx)
		case <-time.After(pause):
		}
	}
}

// show moves the meter; where the job stands still it says why.
func (f *follower) show(ctx context.Context, j client.Job) {
	f.meter.Set(j.Progress.Entries, j.Progress.Estimated)
	if j.Progress.Entries != f.entries {
		f.entries, f.moved = j.Progress.Entries, time.Now()
		f.meter.Note("")
	} else if time.Since(f.moved) >= stillAfter {
		f.meter.Note(f.why(ctx, j))
		f.moved = time.Now()
	}
}

// later is in what time the service is asked again, or the error where there is no use in that any more. The client has asked
// several times by then.
func (f *follower) later(wait time.Duration, err error) (time.Duration, error) {
	if !client.MayPass(err) {
		return 0, err
	}
	now := time.Now()
	if f.silent.IsZero() {
		f.silent = now
	}
	var refused *client.Refusal
	if errors.As(err, &refused) {
		wait = max(wait, refused.RetryAfter)
	}
	if now.Add(wait).Sub(f.silent) > patient {
		return 0, err
	}
	f.meter.Note(fmt.Sprintf("%v; it is tried again for two minutes", err))
	f.moved = now // else what is said of a receiver would come at once
	return wait, nil
}

// ours is of all regions only those whose jobs are followed; it is an error if another job took the place of one.
func (f *follower) ours(j client.Job) (client.Job, error) {
	if j.ID != f.job.ID {
		return j, &verdict{errReplay, "another replay took the place of this one, whose end was not seen", `"reprise status" shows the other.`}
	}
	if len(f.job.Regions) == 0 || len(j.Regions) == len(f.job.Regions) {
		return j, f.replaced(j)
	}
	all := j.Regions
	j.Regions, j.Progress = make(map[string]client.Job), client.Progress{}
	var jobs []replay.Job
	for name := range f.job.Regions {
		own := all[name]
		j.Regions[name] = own
		j.Progress.Entries += own.Progress.Entries
		j.Progress.Estimated += own.Progress.Estimated
		jobs = append(jobs, replay.Job{Status: own.Status})
	}
	j.Status = replay.Together(jobs)
	return j, f.replaced(j)
}

func (f *follower) replaced(j client.Job) error {
	for name, began := range f.job.Regions {
		if now := j.Regions[name]; began.Status.Live() && now.ID != began.ID {
			return &verdict{errReplay, "another replay took the place of this one in region " + name + ", where its end was not seen", `"reprise status" shows the other.`}
		}
	}
	return nil
}

// why says what the receivers of a job that stands still answered last; empty where nothing is known to be wrong.
func (f *follower) why(ctx context.Context, j client.Job) string {
	receivers := map[string]*client.Client{"the receiver": f.at}
	if j.Regions != nil {
		receivers = make(map[string]*client.Client)
		for name, own := range j.Regions {
			if own.Status.Live() {
				receivers["the receiver of "+name] = f.at.In(name)
			}
		}
	}
	var said []string
	for _, name := range slices.Sorted(maps.Keys(receivers)) {
		status, err := receivers[name].WebhookStatus(ctx)
		switch {
		case err != nil, status.At.IsZero(), status.Code/100 == 2: // it is only to explain: nothing is made of an error
		case status.Code == 0:
			said = append(said, fmt.Sprintf("%s does not answer: %s", name, client.Printable(status.Message)))
		default:
			said = append(said, fmt.Sprintf("%s answers %s", name, answered(status.Code, status.Message)))
		}
	}
	if said == nil {
		return ""
	}
	return "waiting: " + strings.Join(said, "; ") + "; it is tried again"
}

// answered is a receiver's code with what came with it, which mostly begins with the code's own words.
func answered(code int, message string) string {
	text, message := http.StatusText(code), client.Printable(message)
	switch {
	case message == "":
	case strings.HasPrefix(message, text):
		text = message
	default:
		text += ": " + message
	}
	return strings.TrimSpace(fmt.Sprintf("%d %s", code, text))
}

// failure is an error that says why a job failed with what to do about it; nil if it did not.
func failure(j client.Job) error {
	if j.Status != replay.Failed {
		return nil
	}
	var said, todo []string
	add := func(where string, f *client.Failure) {
		if f == nil {
			return
		}
		text := client.Printable(f.Detail)
		if !strings.HasPrefix(text, f.Code) { // as "cancelled by me" has it
			text = f.Code + ": " + text
		}
		text = where + text
		if f.ResponseCode != 0 {
			text += fmt.Sprintf(" (the receiver's last answer: %d)", f.ResponseCode)
		}
		said = append(said, text)
		if next := nextAfter(f.Code); !slices.Contains(todo, next) {
			todo = append(todo, next)
		}
	}
	add("", j.Failure)
	for _, name := range slices.Sorted(maps.Keys(j.Regions)) {
		add(name+": ", j.Regions[name].Failure)
	}
	return &verdict{errReplay, errReplay.Error() + ": " + strings.Join(said, "; "), strings.Join(todo, "\n")}
}

// nextAfter is what to do about a failure (CONTRACT.md §2).
func nextAfter(code string) string {
	switch code {
	case "cancelled":
		return `"reprise replay" asks for the range again.`
	case "expired":
		return "A day was not enough: ask for shorter ranges, or let the receiver answer faster."
	case "webhook_disabled":
		return `Turn it on with "reprise webhook set --enable", then ask for the range again.`
	case "webhook_gone":
		return `The receiver answered that it is gone, which turned the webhook off: "reprise webhook set --endpoint URL --enable", then ask for the range again.`
	case "rejected", "retries_exhausted":
		return `See what the receiver answers with "reprise webhook test"; "reprise webhook set" changes its endpoint or authorization. Then ask for the range again.`
	case "entry_too_large":
		return "Let the receiver take larger bodies, or ask for ranges without that entry."
	case "undeliverable":
		return "It is the service's own fault: ask for ranges without that time, and have its operator read the log."
	default:
		return `"reprise replay" asks for the range again.`
	}
}
