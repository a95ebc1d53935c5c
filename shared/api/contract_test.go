package api_test

import (
	"maps"
	"net/http"
	"strings"
	"testing"

	"reprise/shared/replay"
)

type row struct {
	method, path, body string
	edit               func(*http.Request)
	code               int
	want               string
}

// errorTable is CONTRACT.md §1's (429 is in TestBusyIsAnsweredWithATimeToComeBack).
func errorTable() map[string]row {
	const good = "2026-03-08T11:00:00Z"
	return map[string]row{
		"body is not JSON of the right shape": {
			"PUT", jobPath, "[", nil, 400,
			`{"status":400,"title":"Bad Request","instance":"reprise:trace:TRACE","detail":"Could not parse request body","invalid_parameters":[{"field":"body","reason":"request format is invalid"}]}`,
		},
		"required field missing or blank": {
			"PUT", jobPath, window(good, " "), nil, 400,
			`{"status":400,"title":"Bad Request","instance":"reprise:trace:TRACE","detail":"Required field missing","invalid_parameters":[{"field":"end_at","rule":"required","reason":"cannot be blank"}]}`,
		},
		"not an RFC 3339 date-time": {
			"PUT", jobPath, window("2026-03-08", good), nil, 400,
			`{"status":400,"title":"Bad Request","instance":"reprise:trace:TRACE","detail":"Invalid date-time","invalid_parameters":[{"field":"start_at","rule":"is_date_time","reason":"must be an RFC 3339 date-time"}]}`,
		},
		"out of the allowed range": {
			"PUT", jobPath, window("2026-03-01T11:58:00Z", good), nil, 400,
			`{"status":400,"title":"Bad Request","instance":"reprise:trace:TRACE","detail":"Invalid time range","invalid_parameters":[{"field":"start_at","rule":"invalid","reason":"must be within the last seven days"}]}`,
		},
		"endpoint is no URL": {
			"PATCH", hookPath, `{"endpoint":"nowhere"}`, nil, 400,
			`{"status":400,"title":"Bad Request","instance":"reprise:trace:TRACE","detail":"Invalid endpoint","invalid_parameters":[{"field":"endpoint","reason":"must be a valid URL"}]}`,
		},
		"unknown property in a webhook PATCH": {
			"PATCH", hookPath, `{"enable":true}`, nil, 400,
			`{"status":400,"title":"Bad Request","instance":"reprise:trace:TRACE","detail":"Unknown property","invalid_parameters":[{"field":"enable","rule":"unknown_property","reason":"is not a property of a webhook"}]}`,
		},
		"no token": {
			"GET", jobPath, "", without("Authorization"), 401,
			`{"status":401,"title":"Unauthorized","instance":"reprise:trace:TRACE","detail":"Unauthorized"}`,
		},
		"role may not": {
			"PUT", jobPath, window(good, good), with("Authorization", "Bearer "+producer), 403,
			`{"status":403,"title":"Forbidden","instance":"reprise:trace:TRACE","detail":"You do not have permission to perform this action"}`,
		},
		"a job is running": {
			"PUT", jobPath, window(good, good), nil, 409,
			`{"status":409,"title":"Resource Conflict","instance":"reprise:trace:TRACE","detail":"A replay job is currently running"}`,
		},
		"unknown path": {
			"GET", "/v2/nothing", "", nil, 404,
			`{"status":404,"title":"Not Found","instance":"reprise:trace:TRACE","detail":"Not Found"}`,
		},
		"wrong method": {
			"DELETE", logPath, "", nil, 405,
			`{"status":405,"title":"Method Not Allowed","instance":"reprise:trace:TRACE","detail":"Method Not Allowed"}`,
		},
		"body over the limit": {
			"PUT", jobPath, strings.Repeat(" ", 65537), nil, 413,
			`{"status":413,"title":"Content Too Large","instance":"reprise:trace:TRACE","detail":"The body is longer than 65536 bytes"}`,
		},
	}
}

// moreErrors are the table's rows of what came after the original's API.
func moreErrors() map[string]row {
	const good = "2026-03-08T11:00:00Z"
	return map[string]row{
		"no job to cancel": {
			"DELETE", jobPath, "", with("Reprise-Region", "eu"), 404,
			`{"status":404,"title":"Not Found","instance":"reprise:trace:TRACE","detail":"There is no replay job to cancel"}`,
		},
		"a detail that is none": {
			"GET", jobPath + "?detail=none", "", nil, 400,
			`{"status":400,"title":"Bad Request","instance":"reprise:trace:TRACE","detail":"Invalid parameter","invalid_parameters":[{"field":"detail","rule":"invalid","reason":"must be slices"}]}`,
		},
		"a parameter that is given twice": {
			"GET", estimatePath + "?start_at=" + good + "&end_at=" + good + "&end_at=" + good, "", nil, 400,
			`{"status":400,"title":"Bad Request","instance":"reprise:trace:TRACE","detail":"Invalid parameter","invalid_parameters":[{"field":"end_at","rule":"invalid","reason":"must be given once"}]}`,
		},
		"a query that cannot be read": {
			"GET", estimatePath + "?%", "", nil, 400,
			`{"status":400,"title":"Bad Request","instance":"reprise:trace:TRACE","detail":"Invalid parameter","invalid_parameters":[{"field":"query","rule":"invalid","reason":"must be parameters as a URL has them"}]}`,
		},
		"global where one region is meant": {
			"GET", hookPath, "", host("global.api.example"), 400,
			`{"status":400,"title":"Bad Request","instance":"reprise:trace:TRACE","detail":"Invalid region","invalid_parameters":[{"field":"region","rule":"invalid","reason":"must be a single region here"}]}`,
		},
	}
}

func TestEveryErrorHasTheFormOfTheContract(t *testing.T) {
	t.Parallel()
	all := errorTable()
	maps.Copy(all, moreErrors())
	for name, tt := range all {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := newStack(t)
			s.enable(acme)
			s.jobs[acme] = replay.Job{Fence: replay.Fence{Scope: acme, JobID: "OLD"}, Status: replay.Running}
			edit := tt.edit
			if edit == nil {
				edit = func(*http.Request) {}
			}
			w := s.ask(tt.method, tt.path, tt.body, edit)
			answered(t, w, tt.code, tt.want)
			problem(t, w)
		})
	}
}
