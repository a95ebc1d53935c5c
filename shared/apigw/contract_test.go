package apigw_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// A row is a request, and what each door must answer.
type row struct {
	request
	code int
	want string // the body, without the line's end; "" where that both answer alike is all
}

const host = "Host: us.api.example.com"

func ask(method, target, body string, header ...string) request {
	return request{method, target, append([]string{host, bearer("admin")}, header...), body}
}

func window(start, end string) string { return `{"start_at":"` + start + `","end_at":"` + end + `"}` }

func problem(status, title, detail string, invalid ...string) string {
	p := `{"status":` + status + `,"title":"` + title + `","instance":"reprise:trace:TRACE","detail":"` + detail + `"`
	if len(invalid) > 0 {
		p += `,"invalid_parameters":[` + strings.Join(invalid, ",") + `]`
	}
	return p + "}"
}

const (
	good   = "2026-03-08T11:00:00Z"
	ndjson = "Content-Type: application/x-ndjson"
	entry  = `{"event_class_id":"c","name":"Ingress","rt":1772967600000}`
	shape  = `{"field":"body","reason":"request format is invalid"}`
)

// refusals is CONTRACT.md §1's table, but for what only a gateway or a local server answers.
func refusals() map[string]row {
	bad, unauthorized := "Bad Request", problem("401", "Unauthorized", "Unauthorized")
	malformed := problem("400", bad, "Could not parse request body", shape)
	return map[string]row{
		"body is not JSON of the right shape": {ask("PUT", jobPath, "["), 400, malformed},
		"body is no UTF-8":                    {ask("PUT", jobPath, "{\"a\":\"\xff\"}"), 400, malformed},
		"body is no text at all":              {ask("PUT", jobPath, "\x00\xff\x00", "Content-Type: application/octet-stream"), 400, malformed},
		"no body":                             {ask("PUT", jobPath, ""), 400, malformed},
		"required field missing": {
			ask("PUT", jobPath, `{"start_at":"`+good+`"}`), 400, problem("400", bad, "Required field missing", `{"field":"end_at","rule":"required","reason":"cannot be blank"}`),
		},
		"not an RFC 3339 date-time": {
			ask("PUT", jobPath, window("yesterday", good)), 400, problem("400", bad, "Invalid date-time", `{"field":"start_at","rule":"is_date_time","reason":"must be an RFC 3339 date-time"}`),
		},
		"out of the allowed range": {
			ask("PUT", jobPath, window("2026-03-01T11:58:00Z", good)), 400, problem("400", bad, "Invalid time range", `{"field":"start_at","rule":"invalid","reason":"must be within the last seven days"}`),
		},
		"endpoint points inside": {
			ask("PATCH", hookPath, `{"endpoint":"https://127.0.0.1"}`), 400, "",
		},
		"unknown property": {
			ask("PATCH", hookPath, `{"<é>":1}`), 400, problem("400", bad, "Unknown property", `{"field":"<é>","rule":"unknown_property","reason":"is not a property of a webhook"}`),
		},
		"another rule":         {ask("PATCH", hookPath, `{"log_format":"xml"}`), 400, ""},
		"no token":             {request{"GET", jobPath, []string{host}, ""}, 401, unauthorized},
		"an unknown token":     {request{"GET", jobPath, []string{host, bearer("guess")}, ""}, 401, unauthorized},
		"an expired token":     {request{"GET", jobPath, []string{host, bearer("expired")}, ""}, 401, unauthorized},
		"two tokens":           {ask("GET", jobPath, "", bearer("admin")), 401, unauthorized},
		"a token in a cookie":  {request{"GET", jobPath, []string{host, "Cookie: Authorization=Bearer admin; a=b"}, ""}, 401, unauthorized},
		"role may not":         {request{"PUT", jobPath, []string{host, bearer("producer")}, window(good, good)}, 403, problem("403", "Forbidden", "You do not have permission to perform this action")},
		"a job is running":     {ask("PUT", jobPath, window(good, good)), 409, problem("409", "Resource Conflict", "A replay job is currently running")},
		"unknown path":         {ask("GET", "/v2/nothing", ""), 404, problem("404", "Not Found", "Not Found")},
		"no file of the page":  {ask("GET", "/console/x/y", ""), 404, problem("404", "Not Found", "Not Found")},
		"a HEAD of the page":   {ask("HEAD", "/", ""), 405, ""},
		"a path with escapes":  {ask("GET", "/v2/audit%2Dlog-replay-job", ""), 404, problem("404", "Not Found", "Not Found")},
		"an escaped slash":     {ask("DELETE", "/v2%2Faudit-log-replay-job", ""), 404, problem("404", "Not Found", "Not Found")},
		"two slashes":          {ask("GET", "//v2/audit-log-replay-job", ""), 404, problem("404", "Not Found", "Not Found")},
		"a slash at the end":   {ask("GET", jobPath+"/", ""), 404, problem("404", "Not Found", "Not Found")},
		"wrong method":         {ask("POST", jobPath, ""), 405, problem("405", "Method Not Allowed", "Method Not Allowed")},
		"a method of its own":  {ask("BREW", logPath, ""), 405, problem("405", "Method Not Allowed", "Method Not Allowed")},
		"a HEAD":               {ask("HEAD", jobPath, ""), 405, ""},
		"body over the limit":  {ask("PUT", jobPath, strings.Repeat(" ", 64<<10+1)), 413, problem("413", "Content Too Large", "The body is longer than 65536 bytes")},
		"entries over it":      {ask("POST", logPath, strings.Repeat("\n", 4<<20+1), ndjson), 413, problem("413", "Content Too Large", "The body is longer than 4194304 bytes")},
		"too many entries":     {ask("POST", logPath, strings.Repeat("{}\n", 10_001), ndjson), 413, problem("413", "Content Too Large", "More than 10000 entries")},
		"gzip that is a bomb":  {ask("POST", logPath, zipped(strings.Repeat("\n", 5<<20)), ndjson, "Content-Encoding: gzip"), 413, problem("413", "Content Too Large", "The body is longer than 4194304 bytes")},
		"gzip that is not":     {ask("POST", logPath, entry, ndjson, "Content-Encoding: gzip"), 400, malformed},
		"gzip cut off":         {ask("POST", logPath, zipped(entry)[:20], ndjson, "Content-Encoding: gzip"), 400, malformed},
		"webhook not enabled":  {request{"PUT", jobPath, []string{"Host: eu.api.example.com", bearer("admin")}, window(good, good)}, 400, problem("400", bad, "Webhook not enabled", `{"field":"webhook","rule":"required","reason":"must be configured and enabled"}`)},
		"an unknown region":    {request{"GET", jobPath, []string{"Host: 127.0.0.1", bearer("admin"), "Reprise-Region: mars"}, ""}, 400, problem("400", bad, "Invalid region", `{"field":"region","rule":"invalid","reason":"must be one of us, eu, au"}`)},
		"two regions":          {request{"GET", jobPath, []string{"Host: 127.0.0.1", bearer("admin"), "Reprise-Region: us", "Reprise-Region: eu"}, ""}, 400, problem("400", bad, "Invalid region", `{"field":"region","rule":"invalid","reason":"must be one of us, eu, au"}`)},
		"global":               {request{"GET", hookPath, []string{"Host: GLOBAL.api.example.com:443", bearer("admin")}, ""}, 400, problem("400", bad, "Invalid region", `{"field":"region","rule":"invalid","reason":"must be a single region here"}`)},
		"a bad entry":          {ask("POST", logPath, entry+"\n"+`{"name":"x"}`, ndjson), 400, ""},
		"a Content-Type":       {ask("POST", logPath, entry, "Content-Type: text/plain"), 415, problem("415", "Unsupported Media Type", "Content-Type must be application/x-ndjson or application/json")},
		"no Content-Type":      {ask("POST", logPath, entry), 415, problem("415", "Unsupported Media Type", "Content-Type must be application/x-ndjson or application/json")},
		"a Content-Encoding":   {ask("POST", logPath, entry, ndjson, "Content-Encoding: br"), 415, problem("415", "Unsupported Media Type", "Content-Encoding must be gzip")},
		"two Content-Encoding": {ask("POST", logPath, entry, ndjson, "Content-Encoding: gzip", "Content-Encoding: gzip"), 415, problem("415", "Unsupported Media Type", "Content-Encoding must be gzip")},
	}
}

// replayRefusals is what the replay job's routes refuse beyond PUT and GET of one region.
func replayRefusals() map[string]row {
	bad, sliced := "Bad Request", func(reason string) string {
		return problem("400", "Bad Request", "Invalid parameter", `{"field":"detail","rule":"invalid","reason":"`+reason+`"}`)
	}
	return map[string]row{
		"a job is running, global": {request{"PUT", "/v3/audit-log-replay-job", []string{"Host: global.api.example.com", bearer("admin")}, window(good, good)}, 409, problem("409", "Resource Conflict", "A replay job is currently running")},
		"nothing to cancel":        {request{"DELETE", jobPath, []string{"Host: eu.api.example.com", bearer("admin")}, ""}, 404, problem("404", "Not Found", "There is no replay job to cancel")},
		"who may not cancel":       {request{"DELETE", jobPath, []string{host, bearer("producer")}, ""}, 403, problem("403", "Forbidden", "You do not have permission to perform this action")},
		"another detail":           {ask("GET", jobPath+"?detail=all", ""), 400, sliced("must be slices")},
		"a blank detail":           {ask("GET", jobPath+"?detail=", ""), 400, sliced("must be slices")},
		"two details":              {ask("GET", jobPath+"?detail=slices&detail=slices", ""), 400, sliced("must be given once")},
		"a query that is none":     {ask("GET", jobPath+"?%zz", ""), 400, problem("400", bad, "Invalid parameter", `{"field":"query","rule":"invalid","reason":"must be parameters as a URL has them"}`)},
		"an estimate of nothing":   {ask("GET", estimatePath, ""), 400, problem("400", bad, "Required field missing", `{"field":"start_at","rule":"required","reason":"cannot be blank"}`, `{"field":"end_at","rule":"required","reason":"cannot be blank"}`)},
		"an estimate of no time":   {ask("GET", estimatePath+"?start_at="+good+"&end_at=2026-03-08T11:00:00+02:00", ""), 400, problem("400", bad, "Invalid date-time", `{"field":"end_at","rule":"is_date_time","reason":"must be an RFC 3339 date-time"}`)},
		"an estimate of long ago":  {ask("GET", estimatePath+"?start_at=2026-03-01T11:58:00Z&end_at="+good, ""), 400, problem("400", bad, "Invalid time range", `{"field":"start_at","rule":"invalid","reason":"must be within the last seven days"}`)},
		"a start that comes twice": {ask("GET", estimatePath+"?start_at="+good+"&end_at="+good+"&start_at="+good, ""), 400, problem("400", bad, "Invalid parameter", `{"field":"start_at","rule":"invalid","reason":"must be given once"}`)},
		"a POST of an estimate":    {ask("POST", estimatePath, ""), 405, problem("405", "Method Not Allowed", "Method Not Allowed")},
		"who may not estimate":     {request{"GET", estimatePath, []string{host, bearer("producer")}, ""}, 403, problem("403", "Forbidden", "You do not have permission to perform this action")},
		"a webhook under v3":       {ask("GET", "/v3/audit-log-webhook", ""), 404, problem("404", "Not Found", "Not Found")},
	}
}

// replayAnswers is what they answer otherwise.
func replayAnswers() map[string]row {
	const (
		none    = `{"start_at":"0001-01-01T00:00:00Z","end_at":"0001-01-01T00:00:00Z","updated_at":"0001-01-01T00:00:00Z","status":"unconfigured"}`
		times   = `{"start_at":"2026-03-08T11:00:00Z","end_at":"2026-03-08T12:00:00Z","updated_at":"2026-03-08T12:00:00Z","status":"running",`
		zero    = `"progress":{"batches":0,"entries":0,"bytes":0}`
		running = times + `"job_id":"RUNNING","requested_by":"ada","started_at":"2026-03-08T12:00:00Z",` + zero + `}`
		global  = "Reprise-Region: global"
		raw     = "Host: abc.execute-api.us-east-1.amazonaws.com"
	)
	return map[string]row{
		"the slices of none yet": {ask("GET", jobPath+"?detail=slices", ""), 200, running},
		"a job under v3":         {ask("GET", "/v3/audit-log-replay-job", ""), 200, running},
		"the jobs of all regions": {
			request{"GET", jobPath, []string{raw, bearer("admin"), global}, ""},
			200,
			times + `"requested_by":"ada",` + zero + `,"regions":{"au":` + none + `,"eu":` + none + `,"us":` + running + `}}`,
		},
		"an estimate":           {ask("GET", estimatePath+"?start_at="+good+"&end_at=2026-03-08T12:00:00%2B01:00", ""), 200, `{"entries":0,"bytes":0,"requests":0,"seconds":0}`},
		"an estimate under v3":  {ask("GET", "/v3/audit-log-replay-job/estimate?start_at="+good+"&end_at="+good, ""), 200, `{"entries":0,"bytes":0,"requests":0,"seconds":0}`},
		"an estimate of global": {request{"GET", estimatePath + "?start_at=" + good + "&end_at=" + good, []string{raw, bearer("admin"), global}, ""}, 200, `{"entries":0,"bytes":0,"requests":0,"seconds":0}`},
		"a cancel":              {ask("DELETE", jobPath, ""), 204, ""},
		"a cancel under v3":     {ask("DELETE", "/v3/audit-log-replay-job", ""), 204, ""},
		"a cancel of all":       {request{"DELETE", jobPath, []string{raw, bearer("admin"), global}, ""}, 204, ""},
	}
}

func TestACancelIsAnsweredWithoutABodyOrWhatSpeaksOfOne(t *testing.T) {
	key := newKey(t)
	want := answered{204, map[string]string{"Cache-Control": "no-store", "X-Content-Type-Options": "nosniff"}, ""}
	for name, got := range map[string]answered{
		"local server": ask("DELETE", jobPath, "").local(t, handlers(t, key)), "gateway": ask("DELETE", jobPath, "").gateway(t, handlers(t, key)),
	} {
		if diff := cmp.Diff(want, got, cmp.AllowUnexported(answered{})); diff != "" {
			t.Errorf("%s: %s", name, diff)
		}
	}
}

// answers is what is no error.
func answers() map[string]row {
	return map[string]row{
		"a job, by the host's region": {request{"PUT", jobPath, []string{"Host: us.api.example.com", bearer("admin")}, window(good, "2026-03-08T11:00:00.5+00:00")}, 409, ""},
		"a job":                       {request{"GET", jobPath, []string{"Host: us.api.example.com", bearer("admin")}, ""}, 200, ""},
		"no job, by the header": {
			request{"GET", jobPath + "?detail=slices&a=%20", []string{"Host: abc.execute-api.us-east-1.amazonaws.com", bearer("admin"), "Reprise-Region: au"}, ""},
			200,
			`{"start_at":"0001-01-01T00:00:00Z","end_at":"0001-01-01T00:00:00Z","updated_at":"0001-01-01T00:00:00Z","status":"unconfigured"}`,
		},
		"the webhook":        {ask("GET", hookPath, "", "Accept: image/png", "Cookie: a=b; c=d"), 200, `{"endpoint":"https://logs.example","enabled":true,"log_format":"json","skip_ssl_verification":false,"updated_at":"2026-03-08T12:00:00Z"}`},
		"a patch":            {ask("PATCH", hookPath, `{"endpoint":"https://größe.example"}`), 400, ""},
		"a new patch":        {ask("PATCH", hookPath, `{"enabled":false}`, "Content-Type: application/json"), 200, ""},
		"a status":           {ask("GET", hookPath+"/status", ""), 200, `{"webhook_enabled":true,"webhook_status":"active"}`},
		"a v3 status":        {request{"GET", "/v3/audit-log-webhook/status", []string{"Host: eu.api.example.com", bearer("admin")}, ""}, 200, `{"webhook_enabled":false,"webhook_status":"unconfigured"}`},
		"a test":             {ask("POST", hookPath+"/test", ""), 200, `{"response_code":202,"response_message":"Accepted","duration_ms":42}`},
		"a test with a body": {ask("POST", hookPath+"/test", "\x00", "Content-Type: application/json"), 200, `{"response_code":202,"response_message":"Accepted","duration_ms":42}`},
		"a test of nothing": {
			request{"POST", hookPath + "/test", []string{"Host: eu.api.example.com", bearer("admin")}, ""},
			200,
			`{"reason":"the webhook is not configured: it needs an endpoint and an authorization"}`,
		},
		"the keys": {request{"GET", jwksPath, []string{host}, ""}, 200, ""},
		"entries":  {ask("POST", logPath, entry+"\n"+entry+"\n", ndjson), 202, `{"accepted":2}`},
		"an array": {ask("POST", logPath, "["+entry+"]", "Content-Type: application/json; charset=utf-8"), 202, `{"accepted":1}`},
		"gzip":     {ask("POST", logPath, zipped(strings.Repeat(entry+"\n", 999)), ndjson, "Content-Encoding: gzip"), 202, `{"accepted":999}`},
		"none":     {ask("POST", logPath, "", ndjson), 202, `{"accepted":0}`},
	}
}

func TestBothDoorsAnswerAlike(t *testing.T) {
	key := newKey(t)
	for _, rows := range []map[string]row{refusals(), replayRefusals(), answers(), replayAnswers(), rules(), ofEveryType(), paths(), queries(), methods(), hosts(), heads()} {
		for name, row := range rows {
			t.Run(name, func(t *testing.T) {
				t.Parallel()
				local, gateway := row.local(t, handlers(t, key)), row.gateway(t, handlers(t, key))
				alike(t, local, gateway)
				if gateway.code != row.code {
					t.Errorf("answered %d, want %d: %s", gateway.code, row.code, gateway.body)
				}
				if row.want != "" && gateway.body != row.want+"\n" {
					t.Errorf("got  %swant %s", gateway.body, row.want)
				}
			})
		}
	}
}

// alike holds answers to the last of them.
func alike(t *testing.T, all ...answered) {
	t.Helper()
	for _, got := range all[:len(all)-1] {
		if diff := cmp.Diff(all[len(all)-1], got, cmp.AllowUnexported(answered{})); diff != "" {
			t.Errorf("(-last +other door):\n%s", diff)
		}
	}
}
