package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"

	"golang.org/x/term"
)

// maxSecret is more than any secret that is read from standard input or a file, in bytes.
const maxSecret = 8 << 10

// typed is a line that somebody types. Ctrl-C does not end a read, so that this waits for either.
func typed(ctx context.Context, in io.Reader) (string, error) {
	return orInterrupted(ctx, func() (string, error) {
		line, err := bufio.NewReader(in).ReadString('\n')
		if err == io.EOF { // Ctrl-D says no
			return line, nil
		}
		return line, err
	})
}

// orInterrupted is what read returns, unless ctx ends before: then read is left to its fate, as the process ends.
func orInterrupted[T any](ctx context.Context, read func() (T, error)) (was T, err error) {
	type result struct {
		what T
		err  error
	}
	got := make(chan result, 1)
	go func() {
		what, err := read()
		got <- result{what, err}
	}()
	select {
	case r := <-got:
		return r.what, r.err
	case <-ctx.Done():
		return was, errInterrupted
	}
}

// interruptible reads what may never come, such as the rest of standard input, until ctx ends.
type interruptible struct {
	ctx  context.Context
	from io.Reader
	own  []byte // what a read that was left to its fate may yet write to
}

func (r *interruptible) Read(b []byte) (int, error) {
	if len(r.own) < len(b) {
		r.own = make([]byte, len(b))
	}
	n, err := orInterrupted(r.ctx, func() (int, error) { return r.from.Read(r.own[:len(b)]) })
	copy(b, r.own[:n])
	return n, err
}

// readSecret asks for a secret without showing it, or reads it where nobody types. One line break at its end is none of it.
func readSecret(ctx context.Context, s streams, prompt string) (string, error) {
	if !terminal(s.in) {
		text, err := orInterrupted(ctx, func() (string, error) {
			text, err := io.ReadAll(io.LimitReader(s.in, maxSecret+1))
			return string(text), err
		})
		if err != nil {
			return "", fmt.Errorf("reading a secret: %w", err)
		}
		return bareSecret("what was read", text)
	}
	fd := int(s.in.(*os.File).Fd())
	before, err := term.MakeRaw(fd) // before it is asked: what is typed at once is not shown either
	if err != nil {
		return "", fmt.Errorf("asking the terminal not to show what is typed: %w", err)
	}
	defer func() { _ = term.Restore(fd, before) }() // else the shell would show nothing that is typed
	text, err := orInterrupted(ctx, func() (string, error) {
		return term.NewTerminal(both{s.in, s.err}, "").ReadPassword(prompt)
	})
	if errors.Is(err, io.EOF) { // so it calls Ctrl-C
		_, _ = fmt.Fprint(s.err, "\r\n")
		return "", errInterrupted
	}
	if err != nil {
		return "", fmt.Errorf("reading what is typed: %w", err)
	}
	return bareSecret("what was typed", text)
}

// both is a terminal: what is typed, where it is shown.
type both struct {
	io.Reader
	io.Writer
}

// bareSecret is the text without a line break at its end.
func bareSecret(where, text string) (string, error) {
	if len(text) > maxSecret {
		return "", &verdict{kind: errUsage, text: fmt.Sprintf("%s: holds more than %d bytes, which is no secret", where, maxSecret)}
	}
	text = strings.TrimSuffix(strings.TrimSuffix(text, "\n"), "\r")
	if text == "" {
		return "", &verdict{kind: errUsage, text: where + ": holds nothing, where a secret must be"}
	}
	return text, nil
}
