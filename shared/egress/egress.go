// Package egress is the only door to the customer.
package egress

import (
	"context"
	"crypto/tls"
	"errors"
	"io"
	"net"
	"net/http"
	"net/url"
	"strconv"
	"time"

	"reprise/shared/webhook"
)

const (
	// limit is how long a POST may take in all: connecting, sending, waiting, reading (CONTRACT.md §4).
	limit = 15 * time.Second
	// maxAnswer is how much of an answer's body is read. Whoever says more loses the connection, not the acknowledgement.
	maxAnswer = 64 << 10
	// maxHeader bounds an answer's header; more is an error.
	maxHeader = 64 << 10
	// idle is how long a connection is kept for the next batch. It is below the 5 s after which Node's server closes one:
	// a receiver that closes just as we write costs a failed attempt, a new connection costs some milliseconds.
	// The clock that measures it is the wall's, so a connection that slept with a frozen Lambda function is not used again.
	idle = 4 * time.Second
	// maxIdle is how many connections are kept, in all and for one host: many organizations may use the same one,
	// each with up to 32 lanes.
	maxIdle = 256
)

// Client posts: one pool of connections, TLS 1.2 up, 15 s in all, no redirects, no proxy, no cookies, the address checked
// where it is dialled. It is for any number of goroutines at once.
//
// HTTP/1.1 only: a lane has one request in flight, so streams would bring nothing but flow control.
//
// There is no second try but the one net/http makes when a connection that was kept turns out to be closed before one byte
// of the request was written on it: then no receiver can have seen it. Anything after that is an answer with Err,
// for webhook.Judge to read.
type Client struct {
	guard            Guard
	agent            string
	limit            time.Duration
	dialer           *net.Dialer
	strict, trusting *http.Transport // with and without a look at the receiver's certificate
	now              func() time.Time
}

// New makes a Client; version is of the User-Agent reprise/<version>.
func New(g Guard, version string, now func() time.Time) *Client {
	// The limits of the dialer and of the handshake are no others than the POST's: net/http goes on dialling for whoever comes
	// next when the POST that asked for it has given up.
	d := &net.Dialer{Timeout: limit, ControlContext: g.control()}
	return &Client{
		guard: g, agent: "reprise/" + version, limit: limit, dialer: d, now: now,
		strict: transport(d, false), trusting: transport(d, true),
	}
}

func transport(d *net.Dialer, skipVerify bool) *http.Transport {
	http1 := new(http.Protocols)
	http1.SetHTTP1(true)
	return &http.Transport{
		// No Proxy: an environment variable must not lead past the check of the address.
		DialContext:            plainly(d.DialContext),
		TLSClientConfig:        &tls.Config{MinVersion: tls.VersionTLS12, InsecureSkipVerify: skipVerify}, // the customer's own choice: CONTRACT.md §3
		TLSHandshakeTimeout:    limit,
		Protocols:              http1,
		DisableCompression:     true, // an answer is read to a bound, so it must not grow behind it
		MaxIdleConns:           maxIdle,
		MaxIdleConnsPerHost:    maxIdle,
		IdleConnTimeout:        idle,
		MaxResponseHeaderBytes: maxHeader,
		WriteBufferSize:        64 << 10, // for TLS, which takes the rest of a body in pieces of 32 KiB
	}
}

// Close closes the connections that are not in use. The Client still works: it only dials anew.
func (c *Client) Close() {
	c.strict.CloseIdleConnections()
	c.trusting.CloseIdleConnections()
}

// Post sends one delivery. Whatever happens is an answer: a status of any kind, or Err within 15 s. Neither its texts nor its
// error hold the authorization, even where the receiver repeats it. It does not read d.Body after it returned.
func (c *Client) Post(ctx context.Context, hook webhook.Config, d webhook.Delivery) webhook.Answer {
	start := c.now()
	answer := c.post(ctx, hook, d)
	answer.Took = c.now().Sub(start)
	return answer
}

func (c *Client) post(ctx context.Context, hook webhook.Config, d webhook.Delivery) webhook.Answer {
	// The guard may have become narrower since the webhook was saved. What it refuses here it will refuse again;
	// what it refuses where it is dialled may be another address next time.
	u, err := c.guard.parse(hook.Endpoint)
	if err != nil {
		answer := failed(endpointError{err}, hook.Authorization)
		answer.Refused = true
		return answer
	}
	ctx, cancel := context.WithTimeoutCause(ctx, c.limit, errTimeout)
	defer cancel()
	body := lend(d.Body)
	defer body.end()
	by := c.strict
	if hook.SkipVerify {
		by = c.trusting
	}
	// A Transport by itself, not an http.Client: it knows no redirects, no cookies, no passwords in URLs.
	resp, err := by.RoundTrip(c.request(ctx, u, hook, d, body))
	if err != nil {
		return failed(err, hook.Authorization)
	}
	defer func() { _ = resp.Body.Close() }()
	return read(resp, hook.Authorization)
}

// request has the headers of CONTRACT.md §4.
func (c *Client) request(ctx context.Context, u *url.URL, hook webhook.Config, d webhook.Delivery, body *loan) *http.Request {
	r := &http.Request{
		Method: http.MethodPost, URL: u, Host: u.Host, Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1,
		Header: http.Header{
			"Authorization":     {string(hook.Authorization)},
			"Content-Type":      {"text/plain; charset=utf-8"},
			"Content-Encoding":  {"gzip"},
			"User-Agent":        {c.agent},
			"Webhook-Id":        {d.ID},
			"Webhook-Timestamp": {strconv.FormatInt(d.At.Unix(), 10)},
			"Reprise-Delivery":  {"replay"},
			"Reprise-Region":    {d.Region},
			"Reprise-Attempt":   {strconv.Itoa(d.Attempt)},
			"Reprise-Entries":   {strconv.FormatInt(d.Entries, 10)},
		},
		ContentLength: int64(len(d.Body)),
		Body:          http.NoBody,
	}
	if d.Job == "" {
		r.Header.Set("Reprise-Delivery", "test")
	} else {
		r.Header.Set("Reprise-Job", d.Job)
	}
	if len(d.Body) > 0 {
		r.Body = body.reader()
		// With GetBody net/http may repeat a request of which nothing was written. It would go further for a POST only with an
		// Idempotency-Key, which is why there is none.
		r.GetBody = func() (io.ReadCloser, error) { return body.reader(), nil }
	}
	return r.WithContext(ctx)
}

// read is the answer to a POST. Once its status is known nothing else can fail: a 2xx whose body breaks off is a 2xx.
func read(resp *http.Response, secret webhook.Secret) webhook.Answer {
	var start []byte
	if resp.StatusCode >= 200 { // 101 leaves the connection to us, without the time limit: nothing of it is read
		start, _ = io.ReadAll(io.LimitReader(resp.Body, maxAnswer)) // to the end, or the connection could not be used again
	}
	if resp.Header.Get("Content-Encoding") != "" {
		start = nil // not for people
	}
	return webhook.Answer{
		Code:       resp.StatusCode,
		Message:    message(resp.StatusCode, start, secret),
		RetryAfter: resp.Header.Get("Retry-After"),
	}
}

// errTimeout is why a POST that took 15 s was given up.
var errTimeout = errors.New("no answer within 15 s")

// endpointError is an endpoint that would not be dialled at all.
type endpointError struct{ error }

func (e endpointError) Error() string { return "endpoint " + e.error.Error() }

func (e endpointError) Unwrap() error { return e.error }
