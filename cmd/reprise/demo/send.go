package demo

import (
	"bufio"
	"context"
	"fmt"
	"iter"
	"os"

	"golang.org/x/sync/errgroup"

	"reprise/cmd/reprise/bodies"
	"reprise/cmd/reprise/client"
	"reprise/cmd/reprise/lines"
	"reprise/cmd/reprise/meter"
)

// inFlight is how many bodies are on their way at once.
const inFlight = 4

// send posts every entry of the source in its order, in bodies as large as the intake takes them, then the outsiders in a
// body of their own; each line goes to the file first. Memory holds the bodies in flight, nothing more.
func send(ctx context.Context, c *client.Client, from source, file string, m *meter.Meter) error {
	f, err := os.Create(file)
	if err != nil {
		return err
	}
	defer f.Close()
	w := bufio.NewWriterSize(f, 1<<20)
	posts, sending := errgroup.WithContext(ctx)
	posts.SetLimit(inFlight)
	for b, e := range bodies.Of(kept(sending, from, w)) {
		if err = e; err != nil {
			break
		}
		posts.Go(func() error {
			if _, err := c.Send(sending, b.Text, false); err != nil {
				return fmt.Errorf("sending a body of %d entries: %w", len(b.Lines), err)
			}
			m.Add(int64(len(b.Lines)))
			return nil
		})
	}
	var last []byte
	for _, line := range outsiders(from.Window) {
		last = append(append(last, line...), '\n')
	}
	if _, e := w.Write(last); err == nil {
		err = e
	}
	if e := posts.Wait(); e != nil { // says more than pack's error, which is only that sending ended
		err = e
	}
	if err != nil {
		return err
	}
	if _, err := c.Send(ctx, last, false); err != nil {
		return fmt.Errorf("sending the entries outside the range: %w", err)
	}
	if err := w.Flush(); err != nil {
		return err
	}
	return f.Close()
}

// kept yields the lines of the source once they are in the file.
func kept(ctx context.Context, from source, file *bufio.Writer) iter.Seq2[lines.Line, error] {
	return func(yield func(lines.Line, error) bool) {
		for line, err := range from.Lines {
			if err == nil {
				err = ctx.Err()
			}
			if err == nil {
				_, err = file.Write(line)
			}
			if err == nil {
				err = file.WriteByte('\n')
			}
			if !yield(lines.Line{Text: line}, err) || err != nil {
				return
			}
		}
	}
}
