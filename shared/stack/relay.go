package stack

import (
	"bytes"
	"context"
	"io"
	"net/http"
)

// Relay sends on to a test server what came for it: for whoever stands between an SDK and that server.
type Relay struct {
	to     string
	client http.Client
}

// NewRelay is one to the server.
func NewRelay(s *Server) *Relay {
	return &Relay{s.URL, http.Client{Transport: &http.Transport{DisableCompression: true, MaxIdleConnsPerHost: 64}}}
}

// Send has the server do the request, with this body in place of its own. Of the request's own context nothing ends it.
func (l *Relay) Send(ctx context.Context, r *http.Request, body []byte) (status int, header http.Header, answer []byte, err error) {
	on, err := http.NewRequestWithContext(ctx, r.Method, l.to+r.URL.RequestURI(), bytes.NewReader(body))
	if err != nil {
		return 0, nil, nil, err
	}
	on.Header = r.Header.Clone()
	on.Header.Del("Accept-Encoding") // the answer is to be read on the way
	// Never sent: it has net/http ask again where the server had closed a connection that lay idle, which else would be a fault of ours.
	on.Header["Idempotency-Key"] = nil
	resp, err := l.client.Do(on)
	if err != nil {
		return 0, nil, nil, err
	}
	defer func() { _ = resp.Body.Close() }()
	answer, err = io.ReadAll(resp.Body)
	return resp.StatusCode, resp.Header, answer, err
}
