package api_test

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net/http"
	"testing/iotest"
	"time"

	"reprise/shared/api"
	"reprise/shared/auditlog"
	"reprise/shared/replay"
	"reprise/shared/webhook"
)

func get(path string, edits ...func(*http.Request)) asking { return asking{"GET", path, "", edits} }

func put(start, end string, edits ...func(*http.Request)) asking {
	return asking{"PUT", jobPath, window(start, end), edits}
}

func patch(body string, edits ...func(*http.Request)) asking {
	return asking{"PATCH", hookPath, body, edits}
}

func test() asking { return asking{"POST", testPath, "", nil} }

func post(body, kind string, edits ...func(*http.Request)) asking {
	return asking{"POST", logPath, body, append(edits, with("Content-Type", kind))}
}

const (
	from, to = "2026-03-08T10:55:00Z", "2026-03-08T11:55:00Z"
	both     = `{"event_class_id":"konnect","name":"Authz.control-planes","rt":1772967600000,"action":"list","granted":true}` + "\n" +
		`{"event_class_id":"KongGateway","name":"Ingress","event_ts":"2026-03-08T11:00:01Z","act":"POST","status":201}` + "\n"
)

func enabled(s *stack) { s.enable(acme) }

// examples is every example of openapi.yaml, in its order.
func examples() []example { return append(successes(), refusals()...) }

// successes are the requests, and the answers that are no errors.
func successes() []example {
	const array = `[{"event_class_id":"konnect","name":"AUTHENTICATION_OUTCOME_SUCCESS","rt":1772967600000,"success":true}]`
	enabledInEU := func(s *stack) { s.enable(replay.Scope{Org: "acme", Region: "eu"}) }
	counted := func(s *stack) {
		s.counts[acme] = []replay.Count{{Hour: noon.Add(-time.Hour), Entries: 9800, Bytes: 4_547_200}}
	}
	global := host("global.api.reprise.example")
	return []example{
		{"range", "An hour", enabled, put(from, to), 202, true},
		{"webhookPatch", "A new webhook", nil, patch(`{"endpoint":"https://logs.example/in","authorization":"Splunk hunter2","enabled":true,"log_format":"json"}`), 200, true},
		{"webhookPatchOff", "One that is turned off", enabled, patch(`{"enabled":false,"endpoint":null}`), 200, true},
		{"eventLines", "Two lines", nil, post(both, ndjson), 202, true},
		{"eventArray", "An array of one", nil, post(array, "application/json"), 202, true},

		{"jobUnconfigured", "There was no PUT yet", nil, get(jobPath), 200, false},
		{"jobAccepted", "It is stored", job(replay.Accepted, nil), get(jobPath), 200, false},
		{"jobRunning", "It is sending", job(replay.Running, nil), get(jobPath), 200, false},
		{"jobCompleted", "Every entry was acknowledged", job(replay.Completed, nil), get(jobPath), 200, false},
		{"jobFailed", "The receiver said no", job(replay.Failed, &replay.Failure{Code: replay.FailRejected, Detail: "the receiver answered 401 Unauthorized", ResponseCode: 401}), get(jobPath), 200, false},
		{"jobCancelled", "It was cancelled", job(replay.Failed, &replay.Failure{Code: replay.FailCancelled, Detail: "cancelled by ada"}), get(jobPath), 200, false},

		{"jobSlices", "With its slices", job(replay.Running, nil), get(jobPath + "?detail=slices"), 200, false},
		{"jobGlobal", "Every region's", job(replay.Running, nil), get(jobPath, global), 200, false},
		{"putAccepted", "One region", enabled, put(from, to), 202, false},
		{"putGlobal", "Every region whose webhook is enabled", also(enabled, enabledInEU), put(from, to, global), 202, false},
		{"nothingToCancel", "There is none, or it has ended", job(replay.Completed, nil), asking{"DELETE", jobPath, "", nil}, 404, false},
		{"estimate", "An hour of 9,800 entries", counted, get(estimatePath + "?start_at=" + from + "&end_at=" + to), 200, false},
		{"webhookUnconfigured", "There was no PATCH yet", nil, get(hookPath), 200, false},
		{"webhookEnabled", "One that is enabled", enabled, get(hookPath), 200, false},
		{"statusUnconfigured", "There was no PATCH yet", nil, get(statusPath), 200, false},
		{"statusActive", "The last attempt succeeded", also(enabled, tried(webhook.Answer{Code: 202, Message: "Accepted"})), get(statusPath), 200, false},
		{"statusInactive", "The last attempt failed", also(enabled, tried(webhook.Answer{Err: errors.New("refused"), Message: "connection refused"})), get(statusPath), 200, false},
		{"testAnswered", "The receiver took it", also(enabled, answering(webhook.Answer{Code: 202, Message: "Accepted", Took: 42 * time.Millisecond})), test(), 200, false},
		{"testNoAnswer", "Nobody answered", also(enabled, answering(webhook.Answer{Err: errors.New("refused"), Message: "connection refused", Took: 3 * time.Millisecond})), test(), 200, false},
		{"testNotSent", "There is no webhook", nil, test(), 200, false},
		{"keys", "The current key, a retired one", keys, get(jwksPath, without("Authorization")), 200, false},
		{"eventsAccepted", "All of them", nil, post(both, ndjson), 202, false},
	}
}

// refusals are those of the answers that are errors.
func refusals() []example {
	failing := func(err error) func(*stack) { return func(s *stack) { s.fail = err } }
	full := func(r *http.Request) { r.Body = io.NopCloser(iotest.ErrReader(api.ErrNoRoom)) }
	return []example{
		{"badRegion", "A region that is not served", nil, get(hookPath, with("Reprise-Region", "mars")), 400, false},
		{"badDetail", "A detail that there is not", nil, get(jobPath + "?detail=batches"), 400, false},
		{"badQuery", "A time is missing", nil, get(estimatePath + "?end_at=" + to), 400, false},
		{"badQueryTwice", "A time came twice", nil, get(estimatePath + "?start_at=" + from + "&start_at=" + from + "&end_at=" + to), 400, false},
		{"badBody", "No JSON object with members of the right types", enabled, asking{"PUT", jobPath, `["`, nil}, 400, false},
		{"badMissing", "A time is missing", enabled, asking{"PUT", jobPath, `{"start_at":"` + from + `"}`, nil}, 400, false},
		{"badDateTime", "No RFC 3339 date-time", enabled, put("yesterday", to), 400, false},
		{"badRange", "Too long ago", enabled, put("2026-02-08T10:55:00Z", to), 400, false},
		{"badWebhookOff", "Nowhere to send it", nil, put(from, to), 400, false},
		{"badEndpoint", "No URL", nil, patch(`{"endpoint":"nowhere"}`), 400, false},
		{"badProperty", "A property that there is not", nil, patch(`{"enable":true}`), 400, false},
		{"badFormat", "A format that there is not", nil, patch(`{"log_format":"xml"}`), 400, false},
		{"badEntry", "The second line breaks two rules", nil, post(both[:len(both)-1]+"\n"+`{"name":"Ingress","rt":"soon"}`, ndjson), 400, false},
		{"unauthorized", "No token that is good", nil, get(hookPath, without("Authorization")), 401, false},
		{"forbidden", "A producer's token", nil, get(hookPath, with("Authorization", "Bearer "+producer)), 403, false},
		{"conflict", "The stored job is running", also(enabled, job(replay.Running, nil)), put(from, to), 409, false},
		{"contentTooLarge", "Too long", nil, asking{"PUT", jobPath, string(bytes.Repeat([]byte(" "), 64<<10+1)), nil}, 413, false},
		{"unsupportedMediaType", "No entries", nil, post(both, "text/csv"), 415, false},
		{"fileNotFound", "One of yesterday's page", nil, get("/console/0123456789ab/main.js", without("Authorization")), 404, false},
		{"tooManyRequests", "No room", nil, put(from, to, full), 429, false},
		{"internalServerError", "Our fault", failing(errors.New("a disk is full")), get(hookPath), 500, false},
		{"serviceUnavailable", "Too slow", failing(context.DeadlineExceeded), get(hookPath), 503, false},
	}
}

func also(a, b func(*stack)) func(*stack) { return func(s *stack) { a(s); b(s) } }

// job is a world with a job of that status, half of it sent unless it says that there is more or less.
func job(status replay.Status, failure *replay.Failure) func(*stack) {
	return func(s *stack) {
		j := aJob(status)
		if status == replay.Accepted {
			s.jobs[acme] = j
			return
		}
		j.StartedAt, j.UpdatedAt = noon.Add(-4*time.Minute), noon.Add(-4*time.Minute)
		middle := j.Window.From.Add(30 * time.Minute)
		s.plans[j.Fence] = replay.Plan{Fence: j.Fence, Lanes: 2, Entries: 9800, Slices: []replay.Slice{
			{Fence: j.Fence, Window: replay.Window{From: j.Window.From, To: middle.Add(-time.Millisecond)}},
			{Fence: j.Fence, N: 1, Lane: 1, Window: replay.Window{From: middle, To: j.Window.To}},
		}}
		rows := []replay.Progress{
			{Done: true, Tally: replay.Tally{Batches: 3, Entries: 5200, Bytes: 2_412_800}},
			{N: 1, Tally: replay.Tally{Batches: 1, Entries: 2100, Bytes: 974_400}},
		}
		if status == replay.Completed {
			rows[1] = replay.Progress{N: 1, Done: true, Tally: replay.Tally{Batches: 3, Entries: 4300, Bytes: 1_995_200}}
		}
		if status == replay.Completed || status == replay.Failed {
			j.FinishedAt, j.UpdatedAt, j.Tally = noon, noon, replay.Sum(rows)
		}
		if failure != nil {
			j.Failure = *failure
		}
		s.jobs[acme], s.rows[j.Fence] = j, rows
	}
}

// tried is a world in which that came of the webhook's last attempt.
func tried(a webhook.Answer) func(*stack) {
	return func(s *stack) {
		hook := s.hooks[acme]
		hook.Last = a.Attempt(noon.Add(-time.Minute))
		s.hooks[acme] = hook
	}
}

// answering is a world in which the receiver answers so.
func answering(a webhook.Answer) func(*stack) {
	return func(s *stack) { s.signing, s.answer = someKey(s.t, 1), a }
}

// keys is a world with two keys.
func keys(s *stack) {
	for n := range 2 {
		key, err := auditlog.NewKey(bytes.NewReader(bytes.Repeat([]byte{byte(n)}, 64)), noon)
		if err != nil {
			s.t.Fatal(err)
		}
		s.keys = append(s.keys, key.Public())
	}
}
