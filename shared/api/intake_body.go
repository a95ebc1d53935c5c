package api

import (
	"compress/gzip"
	"context"
	"errors"
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
	kind, _, err := mime.ParseMediaType(h.Get("Content-Type"))
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

// readGzip takes members in a row as one text, as RFC 1952 §2.2 has it. What is sent is bounded like what it decodes to:
// a bomb decodes to too much, and an endless row of empty members would decode to nothing for ever.
func readGzip(r *http.Request) ([]byte, error) {
	sent := &source{r: r.Body}
	z, err := gzip.NewReader(&bounded{r: sent, left: maxIntake + maxIntake/64}) // gzip of what cannot be compressed is a little longer
	if err != nil {
		return nil, gzipError(r.Context(), sent, err)
	}
	decoded, err := io.ReadAll(io.LimitReader(z, maxIntake+1))
	switch {
	case len(decoded) > maxIntake:
		return nil, intakeTooLarge()
	case err != nil:
		return nil, gzipError(r.Context(), sent, err)
	}
	return decoded, nil
}

func gzipError(ctx context.Context, sent *source, err error) error {
	if errors.Is(err, errBound) {
		return intakeTooLarge()
	}
	return sent.unread(ctx, err)
}

func intakeTooLarge() error { return tooLarge("The body is longer than %d bytes", maxIntake) }

var errBound = errors.New("the bound was reached")

// bounded is a reader that fails where an io.LimitReader would pretend that the end was reached.
type bounded struct {
	r    io.Reader
	left int
}

func (b *bounded) Read(p []byte) (int, error) {
	if b.left == 0 {
		return 0, errBound
	}
	n, err := b.r.Read(p[:min(len(p), b.left)])
	b.left -= n
	return n, err
}
