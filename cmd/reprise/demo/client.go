package demo

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"time"
)

// The paths of the API that are used (CONTRACT.md §2, §3, §6).
const (
	jobPath    = "/v2/audit-log-replay-job"
	hookPath   = "/v2/audit-log-webhook"
	eventsPath = "/v2/audit-log-events"
	jwksPath   = "/v2/audit-log-webhook/jwks.json"
)

// A client speaks to the API with one token.
type client struct {
	api   string // the base, such as http://127.0.0.1:8080
	token string
	http  *http.Client
}

// A refusal is an answer that is no 2xx.
type refusal struct {
	what string
	code int
	body string
}

func (r *refusal) Error() string { return fmt.Sprintf("%s: answered %d: %s", r.what, r.code, r.body) }

// do sends one request; an answer that is no 2xx is a *refusal.
func (c *client) do(ctx context.Context, method, path, contentType string, body []byte) ([]byte, error) {
	req, err := http.NewRequestWithContext(ctx, method, c.api+path, bytes.NewReader(body))
	if err != nil {
		return nil, err
	}
	req.Header.Set("Authorization", "Bearer "+c.token)
	if body != nil {
		req.Header.Set("Content-Type", contentType)
	}
	res, err := c.http.Do(req)
	if err != nil {
		return nil, err
	}
	defer res.Body.Close()
	answer, err := io.ReadAll(io.LimitReader(res.Body, 1<<20))
	if err != nil {
		return nil, fmt.Errorf("%s %s: reading the answer: %w", method, path, err)
	}
	if res.StatusCode/100 != 2 {
		return nil, &refusal{method + " " + path, res.StatusCode, string(bytes.TrimSpace(answer))}
	}
	return answer, nil
}

// doJSON sends a value and reads the answer into another; either may be nil.
func (c *client) doJSON(ctx context.Context, method, path string, in, out any) error {
	var body []byte
	if in != nil {
		var err error
		if body, err = json.Marshal(in); err != nil {
			return err
		}
	}
	answer, err := c.do(ctx, method, path, "application/json", body)
	if err != nil || out == nil {
		return err
	}
	if err := json.Unmarshal(answer, out); err != nil {
		return fmt.Errorf("%s %s: answered what is no JSON of the right shape: %w: %.200s", method, path, err, answer)
	}
	return nil
}

// tries is how often a request is sent in all that fails for a reason that may pass.
const tries = 6

// again repeats do while it fails for a reason that may pass: no answer, 429, 5xx. The waits double from a quarter of a
// second, with jitter. The body must be one that may come twice, as an intake's may (CONTRACT.md §6).
func again(ctx context.Context, do func() error) error {
	wait := 250 * time.Millisecond
	for n := 1; ; n++ {
		err := do()
		var r *refusal
		if err == nil || n == tries || errors.As(err, &r) && r.code != http.StatusTooManyRequests && r.code < 500 {
			return err
		}
		select {
		case <-ctx.Done():
			return context.Cause(ctx)
		case <-time.After(wait/2 + rand.N(wait/2)):
		}
		wait *= 2
	}
}

// post sends a body of entries until it is answered 202.
func (c *client) post(ctx context.Context, body []byte) error {
	return again(ctx, func() error {
		_, err := c.do(ctx, http.MethodPost, eventsPath, "application/x-ndjson", body)
		return err
	})
}

// job is what GET answers, as far as it is looked at here (CONTRACT.md §2).
type job struct {
	Status   string
	Progress struct {
		Entries   int64
		Estimated int64 `json:"estimated_entries"`
	}
	Failure *struct {
		Code, Detail string
		ResponseCode int `json:"last_response_code"`
	}
}
