package webhook_test

import (
	"errors"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"reprise/shared/webhook"
)

func TestAnAttemptIsWhatTheStatusShowsOfAnAnswer(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		answer webhook.Answer
		want   webhook.Attempt
	}{
		"taken":      {webhook.Answer{Code: 204, Message: "204 No Content"}, webhook.Attempt{At: stamped, Code: 204, Message: "204 No Content", OK: true}},
		"refused":    {webhook.Answer{Code: 401, Message: "who are you"}, webhook.Attempt{At: stamped, Code: 401, Message: "who are you"}},
		"redirected": {webhook.Answer{Code: 302}, webhook.Attempt{At: stamped, Code: 302}},
		"no answer":  {webhook.Answer{Message: "connection refused", Err: errors.New("dial")}, webhook.Attempt{At: stamped, Message: "connection refused"}},
		"an error without words gives none of its own": {
			webhook.Answer{Err: errors.New("Authorization: Bearer abc")}, webhook.Attempt{At: stamped, Message: "no answer"},
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if diff := cmp.Diff(tt.want, tt.answer.Attempt(now)); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestAnAnswerIsWorthAWriteWhenItTellsSomethingNew(t *testing.T) {
	t.Parallel()
	ok := webhook.Attempt{At: earlier, Code: 200, OK: true}
	failed := webhook.Attempt{At: earlier, Code: 503}
	silent := webhook.Attempt{At: earlier, Message: "timeout"}
	for name, tt := range map[string]struct {
		last   webhook.Attempt
		answer webhook.Answer
		after  time.Duration
		want   bool
	}{
		"the first":              {webhook.Attempt{}, webhook.Answer{Code: 200}, 0, true},
		"the same at once":       {ok, webhook.Answer{Code: 200}, time.Second, false},
		"the same later":         {ok, webhook.Answer{Code: 200}, webhook.AttemptEvery, true},
		"another good code":      {ok, webhook.Answer{Code: 204}, time.Second, true},
		"a failure":              {ok, webhook.Answer{Code: 503}, time.Second, true},
		"a recovery":             {failed, webhook.Answer{Code: 200}, time.Second, true},
		"another failure":        {failed, webhook.Answer{Code: 500}, time.Second, true},
		"silence after silence":  {silent, webhook.Answer{Err: errors.New("x")}, time.Second, false},
		"an answer at last":      {silent, webhook.Answer{Code: 503}, time.Second, true},
		"a clock that went back": {ok, webhook.Answer{Code: 200}, -time.Hour, false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if got := tt.last.Tells(tt.answer, earlier.Add(tt.after)); got != tt.want {
				t.Errorf("got %v", got)
			}
		})
	}
}
