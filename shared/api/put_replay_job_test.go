package api_test

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"reprise/shared/replay"
)

const (
	unparsed = "Could not parse request body"
	shape    = "body||request format is invalid"
)

func window(start, end string) string { return `{"start_at":"` + start + `","end_at":"` + end + `"}` }

func TestAPUTIsAnsweredAsTheContractSays(t *testing.T) {
	t.Parallel()
	s := newStack(t)
	s.enable(acme)
	w := s.ask("PUT", jobPath, window("2026-03-08T09:00:00Z", "2026-03-08T11:30:00.25+01:00"))
	answered(t, w, 202, `{"start_at":"2026-03-08T09:00:00Z","end_at":"2026-03-08T10:30:00.250Z","updated_at":"2026-03-08T12:00:00Z","status":"accepted","job_id":"JOB1","requested_by":"ada"}`)
	want := replay.Job{
		Fence: replay.Fence{Scope: acme, JobID: "JOB1"}, Status: replay.Accepted, RequestedBy: "ada",
		Window:     replay.Window{From: noon.Add(-3 * time.Hour), To: noon.Add(-90*time.Minute + 250*time.Millisecond)},
		AcceptedAt: noon, UpdatedAt: noon,
	}
	if diff := cmp.Diff(want, s.jobs[acme]); diff != "" {
		t.Error(diff)
	}
}

func TestRightTimesInOddDressAreTaken(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct{ start, end, from, to string }{
		"an instant":                   {"2026-03-08T11:00:00Z", "2026-03-08T11:00:00Z", "2026-03-08T11:00:00Z", "2026-03-08T11:00:00Z"},
		"offsets":                      {"2026-03-08T16:45:00+05:45", "2026-03-08T06:30:00-05:00", "2026-03-08T11:00:00Z", "2026-03-08T11:30:00Z"},
		"an unknown local offset":      {"2026-03-08T11:00:00-00:00", "2026-03-08T11:00:00+00:00", "2026-03-08T11:00:00Z", "2026-03-08T11:00:00Z"},
		"nine digits of fraction":      {"2026-03-08T11:00:00.123456789Z", "2026-03-08T11:00:00.999999999Z", "2026-03-08T11:00:00.123Z", "2026-03-08T11:00:00.999Z"},
		"fractions that are no millis": {"2026-03-08T11:00:00.0004Z", "2026-03-08T11:00:00.1Z", "2026-03-08T11:00:00Z", "2026-03-08T11:00:00.100Z"},
		"lower case":                   {"2026-03-08t11:00:00z", "2026-03-08T11:30:00z", "2026-03-08T11:00:00Z", "2026-03-08T11:30:00Z"},
		"seven days and the tolerance": {"2026-03-01T11:59:00Z", "2026-03-08T12:01:00Z", "2026-03-01T11:59:00Z", "2026-03-08T12:01:00Z"},
		"tomorrow elsewhere":           {"2026-03-09T01:30:00+14:00", "2026-03-09T01:59:00+14:00", "2026-03-08T11:30:00Z", "2026-03-08T11:59:00Z"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := newStack(t)
			s.enable(acme)
			w := s.ask("PUT", jobPath, window(tt.start, tt.end))
			answered(t, w, 202, `{"start_at":"`+tt.from+`","end_at":"`+tt.to+`","updated_at":"2026-03-08T12:00:00Z","status":"accepted","job_id":"JOB1","requested_by":"ada"}`)
		})
	}
}

func TestWrongTimesAreRefusedByName(t *testing.T) {
	t.Parallel()
	const good = "2026-03-08T11:00:00Z"
	notTime := func(field string) string { return field + "|is_date_time|must be an RFC 3339 date-time" }
	for name, text := range map[string]string{
		"words":                   "yesterday",
		"a date":                  "2026-03-08",
		"no offset":               "2026-03-08T11:00:00",
		"a space for the T":       "2026-03-08 11:00:00Z",
		"a leap second":           "2026-03-07T23:59:60Z",
		"a one-digit hour":        "2026-03-08T9:00:00Z",
		"a comma fraction":        "2026-03-08T11:00:00,5Z",
		"a dot and no fraction":   "2026-03-08T11:00:00.Z",
		"no seconds":              "2026-03-08T11:00Z",
		"the year 0":              "0000-03-08T11:00:00Z",
		"the year 10000":          "10000-03-08T11:00:00Z",
		"hour 24":                 "2026-03-08T24:00:00Z",
		"the 30th of February":    "2026-02-30T11:00:00Z",
		"an offset without colon": "2026-03-08T11:00:00+0100",
		"an offset of 24 hours":   "2026-03-08T11:00:00+24:00",
		"seconds since 1970":      "1772967600",
		"a trailing letter":       "2026-03-08T11:00:00Zx",
		"a leading blank":         " 2026-03-08T11:00:00Z",
		"other digits":            "２０26-03-08T11:00:00Z",
		"a basic form":            "20260308T110000Z",
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := newStack(t)
			s.enable(acme)
			answered(t, s.ask("PUT", jobPath, window(text, good)), 400, bad("Invalid date-time", notTime("start_at")))
			answered(t, s.ask("PUT", jobPath, window(good, text)), 400, bad("Invalid date-time", notTime("end_at")))
			answered(t, s.ask("PUT", jobPath, window(text, text)), 400, bad("Invalid date-time", notTime("start_at"), notTime("end_at")))
			if len(s.jobs) > 0 {
				t.Errorf("stored %+v", s.jobs)
			}
		})
	}
}

func TestABadPUTIsRefusedAndStoresNothing(t *testing.T) {
	t.Parallel()
	const (
		good  = "2026-03-08T11:00:00Z"
		blank = "|required|cannot be blank"
		past  = "|invalid|must be within the last seven days"
		ahead = "|invalid|must not be in the future"
	)
	missing := bad("Required field missing", "start_at"+blank, "end_at"+blank)
	for name, tt := range map[string]struct{ body, want string }{
		"nothing":                    {"", bad(unparsed, shape)},
		"words":                      {"hello", bad(unparsed, shape)},
		"an array":                   {"[]", bad(unparsed, shape)},
		"a string":                   {`"start_at"`, bad(unparsed, shape)},
		"null":                       {"null", bad(unparsed, shape)},
		"half an object":             {`{"start_at":`, bad(unparsed, shape)},
		"two objects":                {window(good, good) + window(good, good), bad(unparsed, shape)},
		"something after it":         {window(good, good) + "x", bad(unparsed, shape)},
		"a comma too many":           {`{"start_at":"` + good + `",}`, bad(unparsed, shape)},
		"a byte order mark":          {"\ufeff" + window(good, good), bad(unparsed, shape)},
		"a number for a time":        {`{"start_at":1,"end_at":"` + good + `"}`, bad(unparsed, shape)},
		"an object for a time":       {`{"start_at":"` + good + `","end_at":{}}`, bad(unparsed, shape)},
		"a member twice":             {`{"start_at":"` + good + `","end_at":"` + good + `","start_at":"` + good + `"}`, bad(unparsed, shape)},
		"broken UTF-8":               {window(good, "\xff"), bad(unparsed, shape)},
		"broken UTF-8 somewhere":     {`{"x":"` + "\xc3" + `",` + window(good, good)[1:], bad(unparsed, shape)},
		"no members":                 {"{}", missing},
		"nulls":                      {`{"start_at":null,"end_at":null}`, missing},
		"blanks":                     {window("", ` \t `), missing},
		"another case is another":    {`{"Start_At":"` + good + `","END_AT":"` + good + `"}`, missing},
		"one missing":                {`{"start_at":"` + good + `"}`, bad("Required field missing", "end_at"+blank)},
		"missing before wrong":       {`{"start_at":"soon"}`, bad("Required field missing", "end_at"+blank)},
		"wrong before out of range":  {window("2020-01-01T00:00:00Z", "soon"), bad("Invalid date-time", "end_at|is_date_time|must be an RFC 3339 date-time")},
		"start after end":            {window("2026-03-08T11:00:00.001Z", good), bad("Invalid time range", "start_at|invalid|must not be after end_at")},
		"seven days and two minutes": {window("2026-03-01T11:58:00Z", good), bad("Invalid time range", "start_at"+past)},
		"a millisecond too old":      {window("2026-03-01T11:58:59.999Z", good), bad("Invalid time range", "start_at"+past)},
		"a millisecond too far":      {window(good, "2026-03-08T12:01:00.001Z"), bad("Invalid time range", "end_at"+ahead)},
		"long ago":                   {window("0001-01-01T00:00:00Z", "0001-01-01T00:00:00Z"), bad("Invalid time range", "start_at"+past, "end_at"+past)},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := newStack(t)
			s.enable(acme)
			answered(t, s.ask("PUT", jobPath, tt.body), 400, tt.want)
			if len(s.jobs) > 0 {
				t.Errorf("stored %+v", s.jobs)
			}
		})
	}
}

func TestUnknownPropertiesOfAPUTArePassedOver(t *testing.T) {
	t.Parallel()
	s := newStack(t)
	s.enable(acme)
	w := s.ask("PUT", jobPath, `{"region":"eu","start_at":"2026-03-08T11:00:00Z","x":{"start_at":1},"end_at":"2026-03-08T11:00:00Z"}`)
	if w.Code != 202 {
		t.Error(w.Body)
	}
}

func TestABodyOfAPUTIsAtMost64KiB(t *testing.T) {
	t.Parallel()
	s := newStack(t)
	s.enable(acme)
	body := window("2026-03-08T11:00:00Z", "2026-03-08T11:00:00Z")
	full := body + strings.Repeat(" ", 64<<10-len(body))
	if w := s.ask("PUT", jobPath, full); w.Code != 202 {
		t.Error("the longest body:", w.Body)
	}
	want := trouble("413", "Content Too Large", "The body is longer than 65536 bytes")
	answered(t, s.ask("PUT", jobPath, full+" "), 413, want)
	answered(t, s.ask("PUT", jobPath, strings.Repeat("x", 10<<20), func(r *http.Request) { r.ContentLength = -1 }), 413, want)
}

func TestAPUTNeedsAnEnabledWebhook(t *testing.T) {
	t.Parallel()
	s := newStack(t)
	body := window("2026-03-08T11:00:00Z", "2026-03-08T11:00:00Z")
	want := bad("Webhook not enabled", "webhook|required|must be configured and enabled")
	answered(t, s.ask("PUT", jobPath, body), 400, want)
	s.enable(acme)
	answered(t, s.ask("PUT", jobPath, body, with("Reprise-Region", "eu")), 400, want)
	off := s.hooks[acme]
	off.Enabled = false
	s.hooks[acme] = off
	answered(t, s.ask("PUT", jobPath, body), 400, want)
	if len(s.jobs) > 0 {
		t.Errorf("stored %+v", s.jobs)
	}
}

func TestAPUTConflictsExactlyWithARunningJob(t *testing.T) {
	t.Parallel()
	body := window("2026-03-08T11:00:00Z", "2026-03-08T11:00:00Z")
	for _, status := range []replay.Status{replay.Accepted, replay.Pending, replay.Running, replay.Completed, replay.Failed} {
		t.Run(string(status), func(t *testing.T) {
			t.Parallel()
			s := newStack(t)
			s.enable(acme)
			old := replay.Job{Fence: replay.Fence{Scope: acme, JobID: "OLD"}, Status: status}
			s.jobs[acme] = old
			w := s.ask("PUT", jobPath, body)
			if status != replay.Running {
				if w.Code != 202 || s.jobs[acme].JobID != "JOB1" {
					t.Errorf("%s, stored %+v", w.Body, s.jobs[acme])
				}
				return
			}
			answered(t, w, 409, trouble("409", "Resource Conflict", "A replay job is currently running"))
			if diff := cmp.Diff(old, s.jobs[acme]); diff != "" {
				t.Error(diff)
			}
		})
	}
}
