package api

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"unicode/utf8"
)

// maxObject is the longest body of a PUT or PATCH in bytes: a patch with everything in it has some 7,000.
const maxObject = 64 << 10

// errShape is the cause of a malformed body that read well.
var errShape = errors.New("not one JSON object with members of the right types")

// readObject reads the request's body, one JSON object, into the members given; null is as good as not given.
// It returns the names of the other members, in order. A member that comes twice is refused: which one is meant?
func readObject(r *http.Request, members map[string]any) (others []string, err error) {
	body, err := readAll(r, maxObject)
	if err != nil {
		return nil, err
	}
	// encoding/json would take broken UTF-8 and make something else of it.
	if !utf8.Valid(body) || !json.Valid(body) {
		return nil, malformed(errShape)
	}
	d := json.NewDecoder(bytes.NewReader(body))
	if start, err := d.Token(); err != nil || start != json.Delim('{') {
		return nil, malformed(errShape)
	}
	seen := make(map[string]bool)
	for d.More() {
		key, err := d.Token()
		name, ok := key.(string)
		var value json.RawMessage
		if err != nil || !ok || seen[name] || d.Decode(&value) != nil {
			return nil, malformed(errShape)
		}
		seen[name] = true
		if member, ok := members[name]; !ok {
			others = append(others, name)
		} else if json.Unmarshal(value, member) != nil {
			return nil, malformed(errShape)
		}
	}
	return others, nil
}

// readAll reads the request's body, at most limit bytes; more is a 413.
func readAll(r *http.Request, limit int) ([]byte, error) {
	sent := &source{r: r.Body}
	b, err := io.ReadAll(io.LimitReader(sent, int64(limit)+1))
	if err != nil {
		return nil, sent.unread(r.Context(), err)
	}
	if len(b) > limit {
		return nil, tooLarge("The body is longer than %d bytes", limit)
	}
	return b, nil
}

// source is a request's body that remembers why it ended early: what reads on top of it may say something else.
type source struct {
	r   io.Reader
	err error // never io.EOF
}

func (s *source) Read(p []byte) (int, error) {
	n, err := s.r.Read(p)
	if err != nil && !errors.Is(err, io.EOF) {
		s.err = err
	}
	return n, err
}

// unread is the answer where reading failed with err: 503 if the body did not come in time, for it may be a good one,
// and a 400 is final to whoever sends it. Else the body is at fault.
func (s *source) unread(ctx context.Context, err error) error {
	switch {
	case s.err == nil:
		return malformed(fmt.Errorf("reading the body: %w", err))
	case ctx.Err() != nil:
		return late(fmt.Errorf("reading the body: %w: %w", s.err, context.Cause(ctx)))
	case timedOut(s.err):
		return late(fmt.Errorf("reading the body: %w", s.err))
	}
	return malformed(fmt.Errorf("reading the body: %w", s.err))
}

func timedOut(err error) bool {
	var timeout net.Error
	return errors.Is(err, os.ErrDeadlineExceeded) || errors.Is(err, context.DeadlineExceeded) || errors.Is(err, context.Canceled) ||
		errors.As(err, &timeout) && timeout.Timeout()
}
