package main

import (
	"cmp"
	"context"
	"fmt"
	"io"
	"maps"
	"slices"
	"text/tabwriter"
	"time"

	"reprise/cmd/reprise/client"
	"reprise/cmd/reprise/meter"
	"reprise/shared/replay"
)

// statusCmd is `reprise status`.
type statusCmd struct {
	Watch   bool `short:"w" help:"Show how far it is until it ends, and exit with 3 if it failed."`
	Slices  bool `help:"Show each slice of the range, too."`
	shape   `embed:""`
	service `embed:""`
}

// Help is examples.
func (statusCmd) Help() string {
	return `It shows the last replay, whoever asked for it, and exits with 0 whatever became of that; with --watch it waits for its end, and exits with
3 if it failed.

Examples:

    reprise status
    reprise status --watch
    reprise status --region global --slices
    reprise status --output json | jq .status`
}

// Run shows it.
func (c *statusCmd) Run(ctx context.Context, s streams) error {
	at, err := c.client()
	if err != nil {
		return err
	}
	job, err := at.Job(ctx, c.Slices)
	if err != nil {
		return err
	}
	if c.Watch && job.Status.Live() {
		return follow(ctx, at, s, c.shape, job, c.Slices)
	}
	if err := showJob(s.out, c.shape, job); err != nil {
		return err
	}
	switch failed := failure(job); {
	case failed != nil && c.Watch:
		return failed
	case failed != nil:
		_, err = fmt.Fprintf(s.err, "%s\n%s\n", failed, advice(failed))
	case job.Status == replay.Unconfigured:
		_, err = fmt.Fprintln(s.err, `There was no replay yet: "reprise replay --last 1h" asks for one.`)
	}
	return err
}

// showJob writes a job: as it was answered, or as tables.
func showJob(out io.Writer, as shape, j client.Job) error {
	if as.json() {
		return passOn(out, j.Raw)
	}
	table := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	const head = "STATUS\tSTARTS AT\tENDS AT\tUPDATED AT\tENTRIES\n" // Flush tells what goes wrong
	if j.Regions == nil {
		_, _ = fmt.Fprint(table, head, row(j))
		return cmp.Or(table.Flush(), showSlices(out, "", j.Progress.Slices))
	}
	_, _ = fmt.Fprint(table, "REGION\t", head, "all\t", row(j))
	names := slices.Sorted(maps.Keys(j.Regions))
	for _, name := range names {
		_, _ = fmt.Fprint(table, name, "\t", row(j.Regions[name]))
	}
	err := table.Flush()
	for _, name := range names {
		err = cmp.Or(err, showSlices(out, name, j.Regions[name].Progress.Slices))
	}
	return err
}

func row(j client.Job) string {
	at := func(t time.Time) string {
		if t.IsZero() {
			return "-"
		}
		return t.Format(time.RFC3339)
	}
	entries := meter.Commas(j.Progress.Entries)
	switch {
	case j.Status == replay.Unconfigured:
		entries = "-"
	case j.Status.Live() && j.Progress.Estimated > 0:
		entries += " of " + meter.Commas(j.Progress.Estimated)
	}
	return fmt.Sprintf("%s\t%s\t%s\t%s\t%s\n", j.Status, at(j.StartAt), at(j.EndAt), at(j.UpdatedAt), entries)
}

// showSlices writes a region's slices, if there are any to show.
func showSlices(out io.Writer, region string, all []client.Slice) error {
	if len(all) == 0 {
		return nil
	}
	table := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	if region != "" {
		region += " "
	}
	_, _ = fmt.Fprintf(table, "\n%sSLICE\tSTARTS AT\tENDS AT\tENTRIES\tDONE\n", region)
	for i, s := range all {
		_, _ = fmt.Fprintf(table, "%d\t%s\t%s\t%s\t%s\n", i+1, s.StartAt.Format(time.RFC3339), s.EndAt.Format(time.RFC3339), meter.Commas(s.Entries), yes(s.Done))
	}
	return table.Flush()
}

func yes(b bool) string {
	if b {
		return "yes"
	}
	return "no"
}

// cancelCmd is `reprise cancel`.
type cancelCmd struct {
	service `embed:""`
}

// Help is examples.
func (cancelCmd) Help() string {
	return `It ends the replay that is accepted, pending or running; what is on its way to the receiver still arrives.

Examples:

    reprise cancel
    reprise cancel --region global`
}

// Run ends it.
func (c *cancelCmd) Run(ctx context.Context, s streams) error {
	at, err := c.client()
	if err != nil {
		return err
	}
	if err := at.Cancel(ctx); err != nil {
		return err
	}
	_, err = fmt.Fprintln(s.err, "Cancelled.")
	return err
}
