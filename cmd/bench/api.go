package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"time"

	"reprise/shared/replay"
)

const (
	jobPath    = "/v2/audit-log-replay-job"
	eventsPath = "/v2/audit-log-events"
)

// A client asks the service.
type client struct {
	service string // its address
	token   string
	http    *http.Client
}

func newClient(service, token string) *client {
	// As many connections as there may be requests at once, so that none is dialled for.
	return &client{service, token, &http.Client{Timeout: time.Minute, Transport: &http.Transport{MaxIdleConnsPerHost: 1000}}}
}

// do sends one request for a region; region is the default one where it is empty.
func (c *client) do(ctx context.Context, method, path, region, kind string, body []byte) ([]byte, error) {
	req, err := http.NewRequestWithContext(ctx, method, "http://"+c.service+path, bytes.NewReader(body))
	if err != nil {
		return nil, err
	}
	req.Header.Set("Authorization", "Bearer "+c.token)
	if body != nil {
		req.Header.Set("Content-Type", kind)
	}
	if region != "" {
		req.Header.Set("Reprise-Region", region)
	}
	resp, err := c.http.Do(req)
	if err != nil {
		return nil, err
	}
	defer resp.Body.Close()
	answer, err := io.ReadAll(resp.Body)
	if err == nil && resp.StatusCode/100 != 2 {
		err = fmt.Errorf("%s %s answered %d: %s", method, path, resp.StatusCode, answer)
	}
	return answer, err
}

// put asks for a replay.
func (c *client) put(ctx context.Context, region string, w replay.Window) error {
	_, err := c.do(ctx, http.MethodPut, jobPath, region, "application/json",
		fmt.Appendf(nil, `{"start_at":%q,"end_at":%q}`, w.From.Format(time.RFC3339Nano), w.To.Format(time.RFC3339Nano)))
	return err
}

// job is what GET says.
type job struct {
	ID         string `json:"job_id"`
	Status     replay.Status
	FinishedAt time.Time `json:"finished_at"`
	Progress   struct{ Entries int64 }
	Failure    json.RawMessage
}

// follow waits until the job has completed. When it did is in its FinishedAt.
func (c *client) follow(ctx context.Context, region string, every time.Duration) (j job, err error) {
	for {
		answer, err := c.do(ctx, http.MethodGet, jobPath, region, "", nil)
		if err == nil {
			err = json.Unmarshal(answer, &j)
		}
		if err != nil || j.Status == replay.Completed {
			return j, err
		}
		if !j.Status.Live() {
			return j, fmt.Errorf("the job is %s: %s", j.Status, j.Failure)
		}
		select {
		case <-time.After(every):
		case <-ctx.Done():
			return j, ctx.Err()
		}
	}
}
