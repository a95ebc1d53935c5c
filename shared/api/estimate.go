package api

import (
	"fmt"
	"net/http"
	"net/url"
	"time"

	"reprise/shared/replay"
)

// estimateView is an estimate on the wire.
type estimateView struct {
	Entries  int64 `json:"entries"`
	Bytes    int64 `json:"bytes"`
	Requests int64 `json:"requests"`
	Seconds  int64 `json:"seconds"`
}

// estimate answers what a replay would come to; nothing is written.
func estimate(r *http.Request, c *caller, counts Counts, lanes int) (reply, error) {
	q, err := query(r, "start_at", "end_at")
	if err != nil {
		return reply{}, err
	}
	window, err := replay.ParseWindow(orBlank(q["start_at"]), orBlank(q["end_at"]), c.now)
	if err != nil {
		return reply{}, err
	}
	var sum replay.Estimate
	for _, at := range c.scopes() {
		all, err := counts.CountsIn(r.Context(), at, window)
		if err != nil {
			return reply{}, fmt.Errorf("reading the counts of region %s: %w", at.Region, err)
		}
		sum = sum.Add(replay.EstimateOf(window, all, lanes))
	}
	return ok(http.StatusOK, estimateView{sum.Entries, sum.Bytes, sum.Requests, int64(sum.Time / time.Second)})
}

// query is the values of the parameters that a route knows, by name; those that it does not know it passes over. One that is
// given twice is not guessed.
func query(r *http.Request, known ...string) (map[string]*string, error) {
	all, err := url.ParseQuery(r.URL.RawQuery)
	if err != nil {
		return nil, replay.InputError{{Field: "query", Rule: replay.RuleInvalid, Reason: "must be parameters as a URL has them"}}
	}
	values := make(map[string]*string)
	var bad replay.InputError
	for _, name := range known {
		switch given := all[name]; len(given) {
		case 0:
		case 1:
			values[name] = &given[0]
		default:
			bad = append(bad, replay.Invalid{Field: name, Rule: replay.RuleInvalid, Reason: "must be given once"})
		}
	}
	if bad != nil {
		return nil, badRequest("Invalid parameter", bad)
	}
	return values, nil
}
