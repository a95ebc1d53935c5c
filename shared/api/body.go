package api

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"unicode/utf8"
)

// maxObject is the longest body of a PUT or PATCH in bytes: a patch with everything in it has some 7,000.
const maxObject = 64 << 10

// errShape is the cause of a malformed body that read well.
var errShape = errors.New("not one JSON object with members of the right types")

// readObject reads the request's body, one JSON object, into the members given; null is as good as not given.
// It returns the names of the other members, in order. A member that comes twice is refused: which one is meant?
func readObject(r *http.Request, members map[string]any) (others []string, err error) {
	body, err := readAll(r.Body, maxObject)
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

// readAll reads at most limit bytes; more is a 413.
func readAll(body io.Reader, limit int) ([]byte, error) {
	b, err := io.ReadAll(io.LimitReader(body, int64(limit)+1))
	if err != nil {
		return nil, malformed(fmt.Errorf("reading the body: %w", err))
	}
	if len(b) > limit {
		return nil, tooLarge("The body is longer than %d bytes", limit)
	}
	return b, nil
}
