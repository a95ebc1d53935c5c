package client

import (
	"context"
	"net/http"
)

// What one request of the intake may hold (CONTRACT.md §6).
const (
	MaxBody    = 4 << 20 // bytes, decoded
	MaxEntries = 10_000
)

// Send posts a body of entries, one per line, gzipped or not, until it is answered 202; it returns how many were accepted. The
// same body again stores nothing twice.
func (c *Client) Send(ctx context.Context, body []byte, gzipped bool) (accepted int64, err error) {
	if body == nil {
		body = []byte{} // none is a body, too
	}
	q := request{method: http.MethodPost, path: EventsPath, contentType: "application/x-ndjson", body: body, twice: true}
	if gzipped {
		q.encoding = "gzip"
	}
	var said struct{ Accepted int64 }
	_, err = c.read(ctx, q, nil, &said)
	return said.Accepted, err
}
