package api_test

import (
	"testing"
	"time"

	"reprise/shared/replay"
)

func TestAnEstimateIsWhatTheHoursWereCountedToHold(t *testing.T) {
	t.Parallel()
	s := newStack(t)
	s.counts[acme] = []replay.Count{{Hour: noon.Add(-time.Hour), Entries: 10_000, Bytes: 6 << 20}}
	s.counts[replay.Scope{Org: "acme", Region: "eu"}] = []replay.Count{{Hour: noon.Add(-time.Hour), Entries: 1_000_000, Bytes: 600 << 20}}
	const q = "?start_at=2026-03-08T11:00:00Z&end_at=2026-03-08T12:30:00%2B01:00&x=1"
	for name, tt := range map[string]struct{ path, region, want string }{
		"a region":  {estimatePath, "us", `{"entries":10000,"bytes":6291456,"requests":10,"seconds":1}`},
		"another":   {estimatePath, "eu", `{"entries":1000000,"bytes":629145600,"requests":617,"seconds":39}`},
		"under v3":  {"/v3/audit-log-replay-job/estimate", "us", `{"entries":10000,"bytes":6291456,"requests":10,"seconds":1}`},
		"every one": {estimatePath, "global", `{"entries":1010000,"bytes":635437056,"requests":627,"seconds":39}`},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			answered(t, s.ask("GET", tt.path+q, "", with("Reprise-Region", tt.region)), 200, tt.want)
			if len(s.jobs) > 0 {
				t.Error("an estimate started something")
			}
		})
	}
}

func TestAnEstimateTakesTheRangesThatAPUTTakes(t *testing.T) {
	t.Parallel()
	const (
		good  = "2026-03-08T11:00:00Z"
		blank = "|required|cannot be blank"
		once  = "|invalid|must be given once"
		query = "query|invalid|must be parameters as a URL has them"
	)
	for name, tt := range map[string]struct{ query, want string }{
		"nothing":                    {"", bad("Required field missing", "start_at"+blank, "end_at"+blank)},
		"one missing":                {"start_at=" + good, bad("Required field missing", "end_at"+blank)},
		"a blank":                    {"start_at=" + good + "&end_at=%20", bad("Required field missing", "end_at"+blank)},
		"another case is another":    {"START_AT=" + good + "&end_at=" + good, bad("Required field missing", "start_at"+blank)},
		"no date-time":               {"start_at=soon&end_at=" + good, bad("Invalid date-time", "start_at|is_date_time|must be an RFC 3339 date-time")},
		"a plus that means a space":  {"start_at=2026-03-08T11:00:00+00:00&end_at=" + good, bad("Invalid date-time", "start_at|is_date_time|must be an RFC 3339 date-time")},
		"start after end":            {"start_at=2026-03-08T11:00:00.001Z&end_at=" + good, bad("Invalid time range", "start_at|invalid|must not be after end_at")},
		"seven days and two minutes": {"start_at=2026-03-01T11:58:00Z&end_at=" + good, bad("Invalid time range", "start_at|invalid|must be within the last seven days")},
		"a minute too far":           {"start_at=" + good + "&end_at=2026-03-08T12:01:00.001Z", bad("Invalid time range", "end_at|invalid|must not be in the future")},
		"both twice":                 {"start_at=" + good + "&end_at=" + good + "&end_at=" + good + "&start_at=" + good, bad("Invalid parameter", "start_at"+once, "end_at"+once)},
		"a broken escape":            {"start_at=" + good + "&end_at=%2", bad("Invalid parameter", query)},
		"a semicolon":                {"start_at=" + good + ";end_at=" + good, bad("Invalid parameter", query)},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			answered(t, newStack(t).ask("GET", estimatePath+"?"+tt.query, ""), 400, tt.want)
		})
	}
}
