package client

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"time"

	"reprise/shared/replay"
)

// Job is a replay job as the API answers it (CONTRACT.md §2). A time that is not there is zero.
type Job struct {
	StartAt     time.Time      `json:"start_at"`
	EndAt       time.Time      `json:"end_at"`
	UpdatedAt   time.Time      `json:"updated_at"`
	Status      replay.Status  `json:"status"`
	ID          string         `json:"job_id"` // empty of several regions
	RequestedBy string         `json:"requested_by"`
	StartedAt   time.Time      `json:"started_at"`
	FinishedAt  time.Time      `json:"finished_at"`
	Progress    Progress       `json:"progress"`
	Failure     *Failure       `json:"failure"`
	Regions     map[string]Job `json:"regions"` // of global alone
	// Raw is the answer as it came; nil of a region's job within another.
	Raw []byte `json:"-"`
}

// Progress is counted from what the receiver acknowledged.
type Progress struct {
	SlicesTotal     int   `json:"slices_total"`
	SlicesCompleted int   `json:"slices_completed"`
	Batches         int64 `json:"batches"`
	Entries         int64 `json:"entries"`
	Bytes           int64 `json:"bytes"`
	// Estimated is how many entries there may be; 0 where there is no plan yet.
	Estimated int64   `json:"estimated_entries"`
	Slices    []Slice `json:"slices"` // where they were asked for
}

// Slice is a part of the range.
type Slice struct {
	StartAt time.Time `json:"start_at"`
	EndAt   time.Time `json:"end_at"`
	Entries int64     `json:"entries"`
	Done    bool      `json:"done"`
}

// Failure is why a job failed.
type Failure struct {
	Code         string `json:"code"`
	Detail       string `json:"detail"`
	ResponseCode int    `json:"last_response_code"` // 0: none
}

// Estimate is what a replay would come to.
type Estimate struct {
	Entries  int64  `json:"entries"`
	Bytes    int64  `json:"bytes"`
	Requests int64  `json:"requests"`
	Seconds  int64  `json:"seconds"`
	Raw      []byte `json:"-"`
}

// Job asks for the region's job, with its slices or without.
func (c *Client) Job(ctx context.Context, slices bool) (j Job, err error) {
	q := request{method: http.MethodGet, path: JobPath, twice: true}
	if slices {
		q.query = url.Values{"detail": {"slices"}}
	}
	j.Raw, err = c.read(ctx, q, nil, &j)
	return j, err
}

// Replay asks for a replay of the range, both ends included, to the millisecond. It is not sent again where no answer came: the
// job may have been accepted, which Job tells.
func (c *Client) Replay(ctx context.Context, from, to time.Time) (j Job, err error) {
	q := request{method: http.MethodPut, path: JobPath}
	j.Raw, err = c.read(ctx, q, map[string]string{"start_at": Stamp(from), "end_at": Stamp(to)}, &j)
	return j, err
}

// Estimate asks what a replay of the range would come to, without starting it.
func (c *Client) Estimate(ctx context.Context, from, to time.Time) (e Estimate, err error) {
	q := request{method: http.MethodGet, path: JobPath + "/estimate", query: url.Values{"start_at": {Stamp(from)}, "end_at": {Stamp(to)}}, twice: true}
	e.Raw, err = c.read(ctx, q, nil, &e)
	return e, err
}

// Cancel ends the region's job. It is not sent again where no answer came: the first may have ended it, and the second would find
// nothing, or end the job that somebody else asked for since.
func (c *Client) Cancel(ctx context.Context) error {
	_, err := c.do(ctx, request{method: http.MethodDelete, path: JobPath})
	return err
}

// Stamp writes a time as requests have it, to the millisecond.
func Stamp(t time.Time) string { return t.UTC().Format("2006-01-02T15:04:05.000Z07:00") }

// read sends a value as JSON, nil for none, and reads the answer into another; it returns the answer as it came, too.
func (c *Client) read(ctx context.Context, q request, in, out any) ([]byte, error) {
	if in != nil {
		body, err := json.Marshal(in)
		if err != nil {
			return nil, err
		}
		q.body, q.contentType = body, "application/json"
	}
	text, err := c.do(ctx, q)
	if err != nil {
		return nil, err
	}
	if err := json.Unmarshal(text, out); err != nil {
		return nil, fmt.Errorf("%s: answered what is no JSON of the contract's shape, so that it may not be the API of Reprise: %w: %s", q, err, c.beginning(text))
	}
	return text, nil
}
