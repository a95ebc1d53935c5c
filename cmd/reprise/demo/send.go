package demo

import (
	"bufio"
	"context"
	"fmt"
	"os"

	"golang.org/x/sync/errgroup"

	"reprise/cmd/reprise/client"
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
	post := func(body []byte, entries int64) {
		posts.Go(func() error {
			if _, err := c.Send(sending, body, false); err != nil {
				return fmt.Errorf("sending a body of %d entries: %w", entries, err)
			}
			m.Add(entries)
			return nil
		})
	}
	err = pack(sending, from, w, post)
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

// pack fills bodies with the lines of the source and hands each over, its memory too.
func pack(ctx context.Context, from source, file *bufio.Writer, post func(body []byte, entries int64)) error {
	var body []byte
	var entries int64
	for line, err := range from.Lines {
		if err == nil {
			err = ctx.Err()
		}
		if err != nil {
			return err
		}
		if entries == client.MaxEntries || entries > 0 && len(body)+len(line)+1 > client.MaxBody {
			post(body, entries)
			body, entries = make([]byte, 0, client.MaxBody), 0
		}
		begun := len(body)
		body = append(append(body, line...), '\n')
		entries++
		if _, err := file.Write(body[begun:]); err != nil {
			return err
		}
	}
	if entries > 0 {
		post(body, entries)
	}
	return nil
}
