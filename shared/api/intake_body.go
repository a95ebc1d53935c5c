package api

import (
	"bytes"
	"compress/gzip"
	"fmt"
	"io"
	"iter"
	"mime"
	"net/http"
	"strings"

	"reprise/shared/auditlog"
)

// split cuts a body into the texts of its entries, each with its line or its place, from 1.
type split func(body []byte) (iter.Seq2[int, []byte], error)

// splitter is how a body of the request's Content-Type is cut.
func splitter(h http.Header) (split, error) {
	// Comma-joined as a gateway would have it: two headers are none of both.
	kind, _, err := mime.ParseMediaType(strings.Join(h.Values("Content-Type"), ","))
	switch {
	case err == nil && kind == "application/x-ndjson":
		return splitLines, nil
	case err == nil && kind == "application/json":
		return splitArray, nil
	}
	return nil, refuse(http.StatusUnsupportedMediaType, "Content-Type must be application/x-ndjson or application/json")
}

func splitLines(body []byte) (iter.Seq2[int, []byte], error) { return auditlog.SplitLines(body), nil }

func splitArray(body []byte) (iter.Seq2[int, []byte], error) {
	elements, err := auditlog.SplitArray(body, maxEntries)
	if err != nil {
		return nil, err
	}
	return func(yield func(int, []byte) bool) {
		for i, element := range elements {
			if !yield(i+1, element) {
				return
			}
		}
	}, nil
}

// readIntake reads the body, decoded.
func readIntake(r *http.Request) ([]byte, error) {
	switch coding := strings.ToLower(strings.TrimSpace(strings.Join(r.Header.Values("Content-Encoding"), ","))); coding {
	case "", "identity":
		return readAll(r, maxIntake)
	case "gzip", "x-gzip": // RFC 9110 §8.4.1.3: the same
		return readGzip(r)
	default:
		p := refuse(http.StatusUnsupportedMediaType, "Content-Encoding must be gzip")
		p.header = map[string]string{"Accept-Encoding": "gzip"} // RFC 9110 §15.5.16
		return nil, p
	}
}

// maxZipped is the longest body in gzip: of what cannot be compressed it is a little longer than the body itself.
const maxZipped = maxIntake + maxIntake/64

// readGzip takes members in a row as one text, as RFC 1952 §2.2 has it. What is sent is bounded like what it decodes to: a bomb
// decodes to too much, and an endless row of empty members would decode to nothing for ever. Nothing is decoded before all of
// it is here, so that whoever sends slowly holds no more memory than what was sent.
func readGzip(r *http.Request) ([]byte, error) {
	sent, err := readAll(r, maxZipped)
	if err != nil {
		return nil, err
	}
	z, err := gzip.NewReader(bytes.NewReader(sent))
	if err != nil {
		return nil, malformed(fmt.Errorf("decoding the body: %w", err))
	}
	decoded, err := io.ReadAll(io.LimitReader(z, maxIntake+1))
	switch {
	case len(decoded) > maxIntake:
		return nil, tooLarge("The body is longer than %d bytes", maxIntake)
	case err != nil:
		return nil, malformed(fmt.Errorf("decoding the body: %w", err))
	}
	return decoded, nil
}
