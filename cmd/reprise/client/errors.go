package client

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"strings"
	"time"
	"unicode"

	"reprise/shared/access"
	"reprise/shared/webhook"
)

// Invalid is one thing that is wrong with a request, in the contract's words (CONTRACT.md §1).
type Invalid struct{ Field, Rule, Reason string }

// A Refusal is an answer that is no 2xx: the service, or what is before it, said no. What it says is others' words, without
// our token in it.
type Refusal struct {
	What       string // was asked, such as "GET /v2/audit-log-replay-job"
	Status     int
	Title      string
	Detail     string
	Instance   string // by which the service's log knows the request
	Invalid    []Invalid
	Body       string        // what was said instead, where that is no problem of the contract's form; its beginning
	Location   string        // of a redirect, which is not followed
	RetryAfter time.Duration // what was asked for; 0: nothing
	TokenFrom  string        // of Config
}

// Error is one line: what was asked, and why not.
func (r *Refusal) Error() string {
	var b strings.Builder
	_, _ = fmt.Fprintf(&b, "%s: answered %d %s", r.What, r.Status, cmp.Or(r.Title, http.StatusText(r.Status)))
	switch {
	case r.Location != "":
		_, _ = fmt.Fprintf(&b, ": a redirect to %s, which is not followed", r.Location)
	case r.Detail != "" && r.Detail != r.Title:
		b.WriteString(": " + r.Detail)
	case r.Body != "":
		b.WriteString(": " + r.Body)
	}
	for _, v := range r.Invalid {
		_, _ = fmt.Fprintf(&b, "; %s: %s", v.Field, v.Reason)
	}
	return b.String()
}

// passes reports whether the same request may be taken later.
func (r *Refusal) passes() bool {
	return r.Status == http.StatusTooManyRequests || r.Status >= http.StatusInternalServerError
}

// A Silence is no answer: whether the request arrived is not known, unless nothing was Sent.
type Silence struct {
	What string
	Sent bool // something may have gone out
	said string
	err  error
}

func (s *Silence) Error() string { return s.What + ": no answer: " + s.said }

// Unwrap is the network's own error.
func (s *Silence) Unwrap() error { return s.err }

// silence is the network's error; where ctx ended it is why that did.
func (c *Client) silence(ctx context.Context, q request, err error) error {
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	var wrapped *url.Error // would say the method, and the whole URL, again
	if errors.As(err, &wrapped) {
		err = wrapped.Err
	}
	var dial *net.OpError
	return &Silence{What: q.method + " " + c.api + q.path, Sent: !(errors.As(err, &dial) && dial.Op == "dial"), said: c.clean(err.Error()), err: err} // it may repeat a broken header
}

// maxSaid is how much of an answer that is none of ours is shown, in bytes.
const maxSaid = 500

func (c *Client) refusal(q request, res *http.Response, text []byte) *Refusal {
	r := &Refusal{What: q.String(), Status: res.StatusCode, TokenFrom: c.tokenFrom, RetryAfter: webhook.RetryAfter(res.Header.Get("Retry-After"), c.now())}
	if res.StatusCode/100 == 3 {
		r.Location = c.clean(res.Header.Get("Location"))
	}
	var p struct {
		Title, Detail, Instance string
		Invalid                 []Invalid `json:"invalid_parameters"`
	}
	if json.Unmarshal(text, &p) != nil || p.Title == "" && p.Detail == "" {
		r.Body = c.beginning(text)
		return r
	}
	r.Title, r.Detail, r.Instance = c.clean(p.Title), c.clean(p.Detail), c.clean(p.Instance)
	for _, v := range p.Invalid {
		r.Invalid = append(r.Invalid, Invalid{c.clean(v.Field), v.Rule, c.clean(v.Reason)})
	}
	return r
}

// beginning is that of an answer, cut only once it is clean: half a token must not stay.
func (c *Client) beginning(text []byte) string {
	said := c.clean(string(bytes.TrimSpace(text)))
	return strings.ToValidUTF8(said[:min(len(said), maxSaid)], "")
}

// clean is what others wrote, fit for a terminal, and without our token, which they were told.
func (c *Client) clean(text string) string {
	text = Printable(text)
	if c.token != "" { // only now: what was taken out may have stood within it
		text = strings.ReplaceAll(text, c.token, "***")
	}
	return access.Redact(text)
}

// Printable is what others wrote on one line, without what is not printable, which a terminal would obey. Answers have it as it came.
func Printable(text string) string {
	return strings.Map(func(r rune) rune {
		switch {
		case r == '\n' || r == '\t':
			return ' '
		case !unicode.IsPrint(r): // also what turns the direction of text, or ends a line (U+202E, U+2028)
			return -1
		default:
			return r
		}
	}, strings.ToValidUTF8(text, ""))
}
