package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"

	"reprise/shared/samples"
	"reprise/shared/stack"
)

// invoke writes the function's answer to out, and how it came about to log.
func invoke(ctx context.Context, folder, name string, out, log io.Writer) (err error) {
	root, err := stack.Root()
	if err != nil {
		return err
	}
	sample, err := samples.Find(root, folder, name)
	if err != nil {
		return err
	}
	servers, stop, err := samples.Start(ctx, log)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, stop()) }()
	seen, err := servers.Run(ctx, sample)
	if err != nil {
		return err
	}
	return show(out, seen)
}

// show writes an answer over HTTP as curl -i would, any other as it came, then what there is afterwards.
func show(out io.Writer, seen samples.Outcome) error {
	var answer struct {
		StatusCode int
		Headers    map[string]string
		Body       string
	}
	text, err := json.Marshal(seen.Answer)
	if err != nil {
		return err
	}
	_ = json.Unmarshal(text, &answer) // else it is none over HTTP
	var b strings.Builder
	if answer.StatusCode != 0 {
		fmt.Fprintf(&b, "%d %s\n%s", answer.StatusCode, answer.Headers["Content-Type"], answer.Body)
	} else {
		fmt.Fprintf(&b, "%s\n", text)
	}
	fmt.Fprintf(&b, "\nafterwards: job %s, %d entries stored\n", seen.Job, seen.Stored)
	for _, part := range []struct {
		name string
		all  []string
	}{{"on the slice queue", seen.Queue}, {"on the dead-letter queue", seen.Dead}, {"received by the webhook", seen.Received}} {
		for _, line := range part.all {
			fmt.Fprintf(&b, "%s: %s\n", part.name, line)
		}
	}
	_, err = io.WriteString(out, b.String())
	return err
}
