// Package client asks the API of a service on behalf of a command.
package client

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"strings"
	"sync/atomic"
	"time"

	"reprise/shared/egress"
)

// The paths of the API (CONTRACT.md §2, §3, §6).
const (
	JobPath     = "/v2/audit-log-replay-job"
	WebhookPath = "/v2/audit-log-webhook"
	EventsPath  = "/v2/audit-log-events"
	KeysPath    = WebhookPath + "/jwks.json"
)

const (
	// requestTime bounds a try, its body included: 4 MiB of entries over a slow line take a while.
	requestTime = 2 * time.Minute
	// answerTime bounds the wait for an answer's head: a test of a webhook takes 20 s, nothing else a second.
	answerTime = time.Minute
	dialTime   = 10 * time.Second
	// maxAnswer is more than any answer: a job of 100 regions with 32 slices each is some 400 KiB.
	maxAnswer = 4 << 20
)

// A Client speaks to the API of one service with one token. It may be used by several goroutines.
type Client struct {
	api, token, region string
	tokenFrom          string
	http               *http.Client
	met                *atomic.Bool // somebody answered
	now                func() time.Time
}

// Config is what a Client needs.
type Config struct {
	API   string // the base, as ParseAPI returns it
	Token string // the secret; empty: none is sent
	// TokenFrom is from where the token is, such as REPRISE_TOKEN, for what is said of one that is refused; empty: nothing is.
	TokenFrom string
	Region    string // of the header Reprise-Region; empty: the one that the host means
	// InFlight is how many requests may be on their way at once, each of which keeps a connection; 0 is 1.
	InFlight int
	Now      func() time.Time
}

// New connects to nothing yet.
func New(c Config) *Client {
	return &Client{
		api: c.API, token: c.Token, tokenFrom: c.TokenFrom, region: c.Region, met: new(atomic.Bool), now: c.Now,
		http: &http.Client{
			Timeout: requestTime,
			Transport: &http.Transport{
				Proxy: http.ProxyFromEnvironment, DialContext: (&net.Dialer{Timeout: dialTime}).DialContext, TLSHandshakeTimeout: dialTime,
				ResponseHeaderTimeout: answerTime, MaxIdleConnsPerHost: max(c.InFlight, 1), IdleConnTimeout: time.Minute, ForceAttemptHTTP2: true,
			},
			// The token is for the API that was named, not for where it points.
			CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
		},
	}
}

// In is the client for another region of the same service.
func (c *Client) In(region string) *Client {
	other := *c
	other.region = region
	return &other
}

// API is the base that the client asks.
func (c *Client) API() string { return c.api }

// Region is the region that the client asks; empty: the one that the host means.
func (c *Client) Region() string { return c.region }

// ParseAPI reads the base of an API: an http or https URL of a host alone. The result has no slash at its end.
func ParseAPI(text string) (string, error) {
	u, err := url.Parse(text)
	if err != nil || u.Host == "" || u.Scheme != "http" && u.Scheme != "https" || u.User != nil || strings.Trim(u.Path, "/") != "" || u.RawQuery != "" || u.ForceQuery || u.Fragment != "" {
		return "", errors.New("must be an http or https URL of a host alone, such as http://127.0.0.1:8080")
	}
	return u.Scheme + "://" + u.Host, nil
}

// CheckToken says what is wrong with a token that no header can hold, nil if nothing is. It never repeats it.
func CheckToken(token string) error {
	for _, r := range token {
		if r <= ' ' || r > '~' {
			return errors.New("must be the secret alone, in letters, digits, - or _: it holds a space, a line break or another character that no token has")
		}
	}
	if token == "" {
		return errors.New("must not be empty")
	}
	return nil
}

// A request is one of the API, which can be built again for another try.
type request struct {
	method, path string
	query        url.Values
	contentType  string
	encoding     string // Content-Encoding; empty: none
	body         []byte // nil: none
	twice        bool   // whether it may be sent again where nobody knows what became of it
}

func (q request) String() string { return q.method + " " + q.path }

// once sends a request one time, and returns the body of a 2xx; an answer that is no 2xx is a *Refusal, none at all a *Silence.
func (c *Client) once(ctx context.Context, q request) ([]byte, error) {
	target := c.api + q.path
	if q.query != nil {
		target += "?" + q.query.Encode()
	}
	var body io.Reader
	if q.body != nil {
		body = bytes.NewReader(q.body)
	}
	req, err := http.NewRequestWithContext(ctx, q.method, target, body)
	if err != nil {
		return nil, err
	}
	for name, value := range map[string]string{"Content-Type": q.contentType, "Content-Encoding": q.encoding, "Reprise-Region": c.region} {
		if value != "" {
			req.Header.Set(name, value)
		}
	}
	if c.token != "" {
		req.Header.Set("Authorization", "Bearer "+c.token)
	}
	req.Header.Set("User-Agent", "reprise/"+egress.Version())
	res, err := c.http.Do(req)
	if err != nil {
		return nil, c.silence(ctx, q, err)
	}
	defer res.Body.Close()
	c.met.Store(true)
	text, err := io.ReadAll(io.LimitReader(res.Body, maxAnswer))
	if err != nil {
		return nil, c.silence(ctx, q, fmt.Errorf("reading the answer: %w", err))
	}
	if res.StatusCode/100 != 2 {
		return nil, c.refusal(q, res, text)
	}
	return text, nil
}
