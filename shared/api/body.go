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

// ErrNoRoom is what a request's body fails with where the process that serves holds as much as it may: the answer is a 429,
// and the same request is welcome a second later.
var ErrNoRoom = errors.New("no room for the request's body")

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
	b, err := io.ReadAll(io.LimitReader(r.Body, int64(limit)+1))
	if err != nil {
		return nil, unread(r.Context(), fmt.Errorf("reading the body: %w", err))
	}
	if len(b) > limit {
		return nil, tooLarge("The body is longer than %d bytes", limit)
	}
	return b, nil
}

// unread is the answer to a body that could not be read to its end: 503 if it did not come in time and 429 if there was no room
// for it, because it may be a good one, and a 400 is final to whoever sends it. Else the body is at fault; so it is where its
// sender said that nothing more comes, although net/http ends the request's context then, too.
func unread(ctx context.Context, err error) error {
	switch {
	case errors.Is(err, ErrNoRoom):
		return tooMany(err)
	case timedOut(err):
		return late(err)
	case ctx.Err() != nil && !errors.Is(err, io.ErrUnexpectedEOF):
		return late(fmt.Errorf("%w: %w", err, context.Cause(ctx)))
	}
	return malformed(err)
}

func timedOut(err error) bool {
	var timeout net.Error
	return errors.Is(err, os.ErrDeadlineExceeded) || errors.Is(err, context.DeadlineExceeded) || errors.Is(err, context.Canceled) ||
		errors.As(err, &timeout) && timeout.Timeout()
}
