package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"time"

	"reprise/shared/receiver"
)

const (
	// forwardTime is what the one behind may take: less than the 15 s that our sender waits (CONTRACT.md §4), so that this one
	// gets an answer to give.
	forwardTime = 12 * time.Second
	// maxReply is how much of an answer's body is passed back, in bytes.
	maxReply = 64 << 10
	// unanswered is said of a batch in the log: the sender will send it again.
	unanswered = "no answer from the receiver behind, --forward, so that the batch is not acknowledged"
)

// errSlow is the end of that time, in words that are always the same: net/http's own differ by which of its timers was first.
var errSlow = fmt.Errorf("it took more than %s: %w", forwardTime, context.DeadlineExceeded)

// forwarder passes batches on to another receiver.
type forwarder struct {
	to            string
	authorization string // in place of what came; empty: what came
	http          *http.Client
}

func newForwarder(to, authorization string) *forwarder {
	return &forwarder{to, authorization, &http.Client{
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }, // our sender follows none either
	}}
}

// pass is receiver.Options.Forward. The headers go as they came, but for those of the connection (RFC 9110 §7.6.1).
func (f *forwarder) pass(ctx context.Context, header http.Header, body []byte) (receiver.Reply, error) {
	ctx, cancel := context.WithTimeoutCause(ctx, forwardTime, errSlow)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, f.to, bytes.NewReader(body))
	if err != nil {
		return receiver.Reply{}, fmt.Errorf("forwarding: %w", err)
	}
	req.Header = header.Clone()
	dropHops(req.Header)
	if f.authorization != "" {
		req.Header.Set("Authorization", f.authorization)
	}
	res, err := f.http.Do(req)
	var about *url.Error
	if errors.As(err, &about) {
		err = about.Err // without the URL: it may hold a secret, and this goes to the log
	}
	if err != nil {
		return receiver.Reply{}, fmt.Errorf("%s: %w", unanswered, slow(ctx, err))
	}
	defer res.Body.Close()
	answer, err := io.ReadAll(io.LimitReader(res.Body, maxReply))
	if err != nil {
		return receiver.Reply{}, fmt.Errorf("%s: reading it: %w", unanswered, slow(ctx, err))
	}
	kept := make(http.Header)
	for _, name := range []string{"Content-Type", "Retry-After", "Location"} { // what tells our sender something
		if v := res.Header.Values(name); v != nil {
			kept[name] = v
		}
	}
	return receiver.Reply{Code: res.StatusCode, Header: kept, Body: answer}, nil
}

// slow is errSlow where that is why, else err.
func slow(ctx context.Context, err error) error {
	if context.Cause(ctx) == errSlow {
		return errSlow
	}
	return err
}

func dropHops(h http.Header) {
	for _, named := range h.Values("Connection") {
		for name := range strings.SplitSeq(named, ",") {
			h.Del(strings.TrimSpace(name))
		}
	}
	for _, name := range []string{"Connection", "Keep-Alive", "Proxy-Connection", "Proxy-Authorization", "Te", "Trailer", "Transfer-Encoding", "Upgrade", "Expect"} {
		h.Del(name)
	}
	h.Del("Accept-Encoding") // an answer that is passed back in part must not be compressed: net/http sees to it
}

// checkForward holds a URL to pass on to its rule.
func checkForward(to string) error {
	u, err := url.Parse(to)
	if err != nil || u.Host == "" || u.Scheme != "http" && u.Scheme != "https" || u.User != nil {
		return fmt.Errorf("--forward: must be an http or https URL without a user, not %q", to)
	}
	return nil
}
