package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"
	"time"

	"reprise/cmd/reprise/client"
	"reprise/cmd/reprise/words"
	"reprise/shared/replay"
)

// replayCmd is `reprise replay`.
type replayCmd struct {
	Last     string `placeholder:"TIME" help:"The range that ends now, such as 15m, 6h, 1d or 7d."`
	From     string `placeholder:"TIME" help:"Where the range begins: RFC 3339, such as 2026-11-24T10:00:00Z, or \"2026-11-24 10:00\" in this machine's time zone; a day alone, such as 2026-11-24, is the midnight it begins with."`
	To       string `placeholder:"TIME" help:"Where the range ends, itself included, written as that of --from, a day alone being the midnight it begins with, too; now if not given."`
	Follow   bool   `short:"f" help:"Show how far it is until it ends, and exit with 3 if it fails."`
	Yes      bool   `short:"y" help:"Do not ask, however much it is."`
	AskAbove int64  `default:"1000000" env:"REPRISE_ASK_ABOVE" placeholder:"N" help:"Ask first where more entries than this are to be expected."`
	shape    `embed:""`
	service  `embed:""`
}

// Help is examples.
func (replayCmd) Help() string {
	return `It says first what it comes to. Where that is more entries than --ask-above it asks, if somebody is there to answer; if not it does
nothing without --yes. Ctrl-C ends the following, not the replay.

Examples:

    reprise replay --last 6h --follow
    reprise replay --from 2026-11-24T10:00:00Z --to 2026-11-24T11:30:00Z
    reprise replay --from "2026-11-24 10:00" --to "2026-11-24 11:30"    # in this machine's time zone
    reprise replay --from 2026-11-24 --to 2026-11-25    # that day
    reprise replay --last 7d --region global --yes --output json`
}

// Validate names the flag and the rule that it breaks.
func (c *replayCmd) Validate() error {
	if c.AskAbove < 0 {
		return fmt.Errorf("--ask-above: must not be less than nothing, not %d", c.AskAbove)
	}
	_, err := c.window(time.Now())
	return err
}

// window is the range that is meant; whether it may be asked for the service knows.
func (c *replayCmd) window(now time.Time) (w replay.Window, err error) {
	switch {
	case c.Last != "" && (c.From != "" || c.To != ""):
		return w, errors.New("--last: a range is either --last, or --from with --to")
	case c.Last != "":
		length, err := span(c.Last)
		if err != nil {
			return w, fmt.Errorf("--last: %w", err)
		}
		return replay.Window{From: now.Add(-length), To: now}, nil
	case c.From == "":
		return w, errors.New("--last or --from: one must be given, such as --last 6h")
	}
	if w.From, err = instant(c.From); err != nil {
		return w, fmt.Errorf("--from: %w", err)
	}
	if w.To = now; c.To != "" {
		if w.To, err = instant(c.To); err != nil {
			return w, fmt.Errorf("--to: %w", err)
		}
	}
	if w.From.After(w.To) {
		return w, errors.New("--from: must not be after --to")
	}
	return w, nil
}

// span reads how long a range is: what Go takes for a time, after days, which have 24 hours.
func span(text string) (time.Duration, error) {
	bad := fmt.Errorf("must be a time with its unit, such as 15m, 6h or 7d, not %q", text)
	var length time.Duration
	rest := text
	if days, after, ok := strings.Cut(text, "d"); ok {
		n, err := strconv.ParseUint(days, 10, 16)
		if err != nil {
			return 0, bad
		}
		length, rest = time.Duration(n)*24*time.Hour, after
	}
	if rest != "" {
		d, err := time.ParseDuration(rest)
		if err != nil || d < 0 {
			return 0, bad
		}
		length += d
	}
	if length <= 0 {
		return 0, bad
	}
	if length > replay.Retention {
		return 0, fmt.Errorf("entries are kept for seven days: must be at most 7d, not %q", text)
	}
	return length, nil
}

// instant reads a time as RFC 3339 has it, or without a zone, which is this machine's then; a day alone is its midnight.
func instant(text string) (time.Time, error) {
	if at, ok := replay.ParseTime(text); ok {
		return at, nil
	}
	for _, layout := range []string{"2006-01-02 15:04", "2006-01-02 15:04:05", time.DateOnly} {
		if at, err := time.ParseInLocation(layout, text, time.Local); err == nil {
			return at, nil
		}
	}
	return time.Time{}, fmt.Errorf("must be a time such as 2026-11-24T10:00:00Z, or \"2026-11-24 10:00\" in this machine's time zone, not %q", text)
}

// Run asks for it.
func (c *replayCmd) Run(ctx context.Context, s streams) error {
	at, err := c.client()
	if err != nil {
		return err
	}
	w, err := c.window(time.Now())
	if err != nil {
		return err
	}
	estimate, err := at.Estimate(ctx, w.From, w.To)
	if err != nil {
		return err
	}
	tellEstimate(s.err, w, estimate)
	if estimate.Entries > c.AskAbove && !c.Yes {
		if err := c.confirm(ctx, s, estimate.Entries); err != nil {
			return err
		}
	}
	job, err := at.Replay(ctx, w.From, w.To)
	if err != nil && ctx.Err() != nil {
		return &verdict{errInterrupted, "interrupted: whether the replay was accepted is not known", `"reprise status" tells.`}
	}
	if err != nil {
		return noWebhook(err, at.Region())
	}
	if c.Follow {
		_, _ = fmt.Fprintln(s.err, "Accepted. Ctrl-C ends the following, not the replay.")
		return follow(ctx, at, s, c.shape, job, false)
	}
	_, _ = fmt.Fprintln(s.err, `Accepted. "reprise status --watch" follows it, "reprise cancel" ends it.`)
	return showJob(s.out, c.shape, job)
}

// tellEstimate says what a range comes to. There may be less: hours are counted whole, and what was sent twice counts twice.
func tellEstimate(to io.Writer, w replay.Window, e client.Estimate) {
	from, until := client.Stamp(w.From), client.Stamp(w.To)
	if e.Entries == 0 {
		_, _ = fmt.Fprintf(to, "There is nothing in this range: a replay of it ends at once.\nEntries are found by their own time (rt), in UTC; the range is %s to %s.\n", from, until)
		return
	}
	_, _ = fmt.Fprintf(to, "%s to %s: at most %s in %s, about %s.\n", from, until,
		words.Count(e.Entries, "entry"), words.Count(e.Requests, "request"), time.Duration(e.Seconds)*time.Second)
}

// noWebhook is the refusal in words of its own where there is no webhook to replay to.
func noWebhook(err error, region string) error {
	var refused *client.Refusal
	if !errors.As(err, &refused) || len(refused.Invalid) != 1 || refused.Invalid[0].Field != "webhook" {
		return err
	}
	where := "in this region"
	switch region {
	case "":
	case "global":
		where = "in any region"
	default:
		where = "in " + region
	}
	return &verdict{text: "no webhook is enabled " + where, todo: setsWebhook}
}

// confirm asks whether so much is meant.
func (c *replayCmd) confirm(ctx context.Context, s streams, entries int64) error {
	if !terminal(s.in) || !terminal(s.err) {
		return &verdict{
			errUsage, fmt.Sprintf("up to %s are more than --ask-above %d, and nobody is here to ask: nothing was done", words.Count(entries, "entry"), c.AskAbove),
			"Add --yes if that much is meant.",
		}
	}
	_, _ = fmt.Fprint(s.err, "Replay that much? [y/N] ")
	said, err := typed(ctx, s.in)
	if err != nil {
		return err
	}
	if said = strings.ToLower(strings.TrimSpace(said)); said != "y" && said != "yes" {
		return &verdict{text: "nothing was done, as you said"}
	}
	return nil
}
