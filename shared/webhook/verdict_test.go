package webhook_test

import (
	"errors"
	"strconv"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"reprise/shared/replay"
	"reprise/shared/webhook"
)

var first = webhook.Try{Now: now, Patience: webhook.Patience}

func TestEveryAnswerHasItsVerdict(t *testing.T) {
	t.Parallel()
	again := func(code int) webhook.Verdict {
		return webhook.Verdict{Outcome: webhook.Later, Wait: time.Second, Code: code}
	}
	rejected := func(code int, detail string) webhook.Verdict {
		return webhook.Verdict{Outcome: webhook.Never, Reason: replay.FailRejected, Detail: detail, Code: code}
	}
	taken := func(code int) webhook.Verdict { return webhook.Verdict{Outcome: webhook.Delivered, Code: code} }
	for name, tt := range map[string]struct {
		answer webhook.Answer
		want   webhook.Verdict
	}{
		"200":                     {webhook.Answer{Code: 200}, taken(200)},
		"202":                     {webhook.Answer{Code: 202}, taken(202)},
		"299":                     {webhook.Answer{Code: 299}, taken(299)},
		"no answer":               {webhook.Answer{Err: errors.New("timeout")}, again(0)},
		"neither code nor error":  {webhook.Answer{}, again(0)},
		"an error after a 200":    {webhook.Answer{Code: 200, Err: errors.New("reset")}, again(200)},
		"408":                     {webhook.Answer{Code: 408}, again(408)},
		"425":                     {webhook.Answer{Code: 425}, again(425)},
		"429":                     {webhook.Answer{Code: 429}, again(429)},
		"500":                     {webhook.Answer{Code: 500}, again(500)},
		"501":                     {webhook.Answer{Code: 501}, again(501)},
		"503":                     {webhook.Answer{Code: 503}, again(503)},
		"599":                     {webhook.Answer{Code: 599}, again(599)},
		"413":                     {webhook.Answer{Code: 413}, webhook.Verdict{Outcome: webhook.Smaller, Code: 413}},
		"410":                     {webhook.Answer{Code: 410}, webhook.Verdict{Outcome: webhook.Gone, Reason: replay.FailWebhookGone, Detail: "the receiver answered 410 Gone: the webhook was turned off", Code: 410}},
		"401":                     {webhook.Answer{Code: 401}, rejected(401, "the receiver answered 401 Unauthorized")},
		"400":                     {webhook.Answer{Code: 400}, rejected(400, "the receiver answered 400 Bad Request")},
		"404":                     {webhook.Answer{Code: 404}, rejected(404, "the receiver answered 404 Not Found")},
		"418":                     {webhook.Answer{Code: 418}, rejected(418, "the receiver answered 418")},
		"a redirect is a failure": {webhook.Answer{Code: 301}, rejected(301, "the receiver answered 301 Moved Permanently")},
		"307":                     {webhook.Answer{Code: 307}, rejected(307, "the receiver answered 307 Temporary Redirect")},
		"101":                     {webhook.Answer{Code: 101}, rejected(101, "the receiver answered 101")},
		"600":                     {webhook.Answer{Code: 600}, rejected(600, "the receiver answered 600")},
		"refused by our guard":    {webhook.Answer{Refused: true, Err: errors.New("x"), Message: "endpoint must be an https URL"}, rejected(0, "the endpoint must be an https URL")},
		"refused without words":   {webhook.Answer{Refused: true, Err: errors.New("secret")}, rejected(0, "the endpoint is not one that may be called")},
		"refused where dialled":   {webhook.Answer{Err: errors.New("x"), Message: "endpoint must not point inside"}, again(0)},
		"what it says is its own": {webhook.Answer{Code: 403, Message: "you sent Bearer one"}, rejected(403, "the receiver answered 403 Forbidden")},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if diff := cmp.Diff(tt.want, webhook.Judge(tt.answer, first, 0)); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestABatchOfOneEntryCannotBeMadeSmaller(t *testing.T) {
	t.Parallel()
	try := first
	try.Single, try.First, try.Bytes = true, time.Date(2026, 3, 2, 12, 0, 0, 5_000_000, time.FixedZone("", 3600)), 131072
	want := webhook.Verdict{
		Outcome: webhook.Never, Reason: replay.FailEntryTooLarge, Code: 413,
		Detail: "the receiver answered 413 Content Too Large to a batch of a single entry: the one of 2026-03-02T11:00:00.005Z, of 131072 bytes",
	}
	if diff := cmp.Diff(want, webhook.Judge(webhook.Answer{Code: 413}, try, 0)); diff != "" {
		t.Error(diff)
	}
}

func TestPatienceEnds(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		answer   webhook.Answer
		patience time.Duration
		detail   string
	}{
		"after errors": {webhook.Answer{Code: 503}, time.Hour, "the receiver took nothing for 1h: it last answered 503 Service Unavailable"},
		"after silence": {
			webhook.Answer{Err: errors.New("x"), Message: "connection refused"},
			90 * time.Second,
			"the receiver took nothing for 1m30s: there was no answer (connection refused)",
		},
		"after silence without words": {
			webhook.Answer{Err: errors.New("secret")},
			90 * time.Minute,
			"the receiver took nothing for 1h30m: there was no answer",
		},
		"whatever it asks for": {
			webhook.Answer{Code: 429, RetryAfter: "1"},
			20 * time.Minute,
			"the receiver took nothing for 20m: it last answered 429 Too Many Requests",
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			try := webhook.Try{Attempts: 9, Since: now.Add(-tt.patience), Now: now, Patience: tt.patience}
			want := webhook.Verdict{Outcome: webhook.Never, Reason: replay.FailRetriesExhausted, Detail: tt.detail, Code: tt.answer.Code}
			if diff := cmp.Diff(want, webhook.Judge(tt.answer, try, 0)); diff != "" {
				t.Error(diff)
			}
			try.Since = try.Since.Add(time.Millisecond)
			if v := webhook.Judge(tt.answer, try, 0); v.Outcome != webhook.Later {
				t.Error("it ended too early:", v)
			}
		})
	}
}

func TestTheLastTryIsMadeWhenPatienceEnds(t *testing.T) {
	t.Parallel()
	try := webhook.Try{Attempts: 12, Since: now.Add(-55 * time.Minute), Now: now, Patience: time.Hour}
	if v := webhook.Judge(webhook.Answer{Code: 500}, try, 0.99); v.Wait != 5*time.Minute {
		t.Errorf("waits %v with five minutes left", v.Wait)
	}
	try.Since = now.Add(-time.Hour + time.Millisecond)
	if v := webhook.Judge(webhook.Answer{Code: 500}, try, 0.99); v.Wait != 30*time.Second {
		t.Errorf("waits %v with a millisecond left", v.Wait)
	}
}

func TestRetryAfterIsHonoured(t *testing.T) {
	t.Parallel()
	at := now.Add(90 * time.Second).UTC()
	for name, tt := range map[string]struct {
		header string
		want   time.Duration // with a random of 0 after the first try: 1 s where nothing was asked for
	}{
		"none":                    {"", time.Second},
		"seconds":                 {"120", 2 * time.Minute},
		"seconds with spaces":     {" 120 ", 2 * time.Minute},
		"less than we would wait": {"0", time.Second},
		"more than we will wait":  {"86400", 15 * time.Minute},
		"a date":                  {at.Format("Mon, 02 Jan 2006 15:04:05 GMT"), 90*time.Second - 123456789},
		"a date of RFC 850":       {at.Format("Monday, 02-Jan-06 15:04:05 GMT"), 90*time.Second - 123456789},
		"a date of asctime":       {at.Format(time.ANSIC), 90*time.Second - 123456789},
		"a date far off":          {at.Add(48 * time.Hour).Format("Mon, 02 Jan 2006 15:04:05 GMT"), 15 * time.Minute},
		"a date that is over":     {at.Add(-time.Hour).Format("Mon, 02 Jan 2006 15:04:05 GMT"), time.Second},
		"the most we will wait":   {"900", 15 * time.Minute},
		"a second more":           {"901", 15 * time.Minute},
		"zeros before":            {"000000000000000000000000120", 2 * time.Minute},
		"a year and more":         {"40000000", 15 * time.Minute},
		"more than 32 bits":       {"99999999999", 15 * time.Minute},
		"what a duration wraps":   {"9223372037", 15 * time.Minute},
		"more than 64 bits":       {"99999999999999999999999", 15 * time.Minute},
		"the last date there is":  {"Fri, 31 Dec 9999 23:59:59 GMT", 15 * time.Minute},
		"the first date there is": {"Mon, 01 Jan 0001 00:00:00 GMT", time.Second},
		"digits of another kind":  {"١٢٠", time.Second},
		"a sign":                  {"+120", time.Second},
		"blanks alone":            {"  ", time.Second},
		"negative":                {"-5", time.Second},
		"a fraction":              {"1.5", time.Second},
		"words":                   {"soon", time.Second},
		"our own date form":       {at.Format(time.RFC3339), time.Second},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			for _, code := range []int{429, 503} {
				if v := webhook.Judge(webhook.Answer{Code: code, RetryAfter: tt.header}, first, 0); v.Wait != tt.want {
					t.Errorf("%d: waits %v, want %v", code, v.Wait, tt.want)
				}
			}
		})
	}
}

func TestTheLongestWaitsGrow(t *testing.T) {
	t.Parallel()
	want := []time.Duration{
		7500 * time.Millisecond, 15 * time.Second, 30 * time.Second,
		time.Minute, 2 * time.Minute, 4 * time.Minute, 8 * time.Minute, 15 * time.Minute, 15 * time.Minute,
	}
	for attempts, most := range want {
		try := webhook.Try{Attempts: attempts, Now: now, Patience: time.Hour}
		got := webhook.Judge(webhook.Answer{Code: 500}, try, 1).Wait
		if got != most {
			t.Errorf("after try %d at most %v, want %v", attempts+1, got, most)
		}
	}
}

// Whatever was tried and drawn: a wait lies in its bounds, is never shorter than asked for, and a ceiling never falls.
func TestWaitsLieInTheirBounds(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		try := webhook.Try{Attempts: rapid.IntRange(0, 1<<40).Draw(t, "attempts"), Now: now, Patience: webhook.Patience}
		if rapid.Bool().Draw(t, "small") {
			try.Attempts %= 12
		}
		if try.Attempts > 0 {
			try.Since = now.Add(-time.Duration(rapid.Int64Range(0, int64(webhook.Patience)-1).Draw(t, "since")))
		}
		answer := webhook.Answer{Code: rapid.SampledFrom([]int{408, 425, 429, 500, 503}).Draw(t, "code")}
		v := webhook.Judge(answer, try, rapid.Float64Range(0, 0.999999).Draw(t, "random"))
		least, most := time.Second, 30*time.Second
		if try.Attempts >= 3 {
			least, most = 30*time.Second, 15*time.Minute
		}
		if v.Outcome != webhook.Later || v.Wait < least || v.Wait > most {
			t.Fatalf("%+v", v)
		}
		asked := rapid.OneOf(rapid.IntRange(0, 2000), rapid.IntRange(0, 9e9)).Draw(t, "asked")
		answer.RetryAfter = now.Add(time.Duration(asked) * time.Second).UTC().Format("Mon, 02 Jan 2006 15:04:05 GMT")
		if rapid.Bool().Draw(t, "in seconds") {
			answer.RetryAfter = strconv.Itoa(asked)
		}
		v = webhook.Judge(answer, try, 0.5)
		if v.Wait < min(time.Duration(min(asked, 2000)-1)*time.Second, 15*time.Minute) || v.Wait > 15*time.Minute {
			t.Fatalf("asked for %d s: %+v", asked, v)
		}
		more := try
		more.Attempts, try.Since, more.Since = try.Attempts+1, time.Time{}, time.Time{}
		if a, b := webhook.Judge(answer, try, 1), webhook.Judge(answer, more, 1); a.Wait > b.Wait {
			t.Fatalf("the ceiling fell from %v to %v", a.Wait, b.Wait)
		}
	})
}

// Whatever comes back, there is a verdict whose parts fit together.
func TestAVerdictFitsTogether(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		answer := webhook.Answer{Code: rapid.IntRange(-1, 1000).Draw(t, "code"), RetryAfter: rapid.String().Draw(t, "header")}
		if rapid.Bool().Draw(t, "error") {
			answer.Err, answer.Refused = errors.New("x"), rapid.Bool().Draw(t, "refused")
		}
		v := webhook.Judge(answer, webhook.Try{Single: rapid.Bool().Draw(t, "single"), Now: now, Patience: time.Hour}, 0.3)
		failing := v.Outcome == webhook.Never || v.Outcome == webhook.Gone
		if answer.Refused && v.Outcome != webhook.Never {
			t.Fatalf("%+v after our guard refused", v)
		}
		if (v.Wait > 0) != (v.Outcome == webhook.Later) || failing != (v.Reason != "") || failing != (v.Detail != "") || v.Code != answer.Code {
			t.Fatalf("%+v of %+v", v, answer)
		}
	})
}
