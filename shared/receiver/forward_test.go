package receiver_test

import (
	"bytes"
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"os"
	"testing"

	"reprise/shared/receiver"
)

// Only what the one behind acknowledged is taken; what it answers is the sender's, and nothing else is ever acknowledged.
func TestABatchThatIsForwardedIsTakenOnlyOnceItWasTakenBehind(t *testing.T) {
	for name, row := range map[string]struct {
		reply receiver.Reply
		err   error
		want  int
		said  string // by Complain
	}{
		"taken":               {receiver.Reply{Code: 202}, nil, 202, ""},
		"refused":             {receiver.Reply{Code: 503}, nil, 503, ""},
		"redirected":          {receiver.Reply{Code: 307}, nil, 307, ""},
		"gone":                {receiver.Reply{Code: 410}, nil, 410, ""},
		"a status of nothing": {receiver.Reply{Code: 0}, nil, 502, "forwarding: the answer has the status 000, which is none"},
		"a status too low":    {receiver.Reply{Code: 99}, nil, 502, "forwarding: the answer has the status 099, which is none"},
		"no last status":      {receiver.Reply{Code: 101}, nil, 502, "forwarding: the answer has the status 101, which is none"},
		"a status too high":   {receiver.Reply{Code: 999}, nil, 502, "forwarding: the answer has the status 999, which is none"},
		"too slow":            {receiver.Reply{}, os.ErrDeadlineExceeded, 504, "i/o timeout"},
		"not there":           {receiver.Reply{}, errors.New("connection refused"), 502, "connection refused"},
	} {
		t.Run(name, func(t *testing.T) {
			row.reply.Header, row.reply.Body = http.Header{"Retry-After": {"7"}}, []byte("so it is")
			var out bytes.Buffer
			said := ""
			h := receiver.New(receiver.Options{
				Out: &out, Complain: func(why string, _ int) { said = why },
				Forward: func(context.Context, http.Header, []byte) (receiver.Reply, error) { return row.reply, row.err },
			})
			w := httptest.NewRecorder()
			h.ServeHTTP(w, request(t, "b", "{}\n"))
			if w.Code != row.want || said != row.said {
				t.Errorf("answered %d, complained %q", w.Code, said)
			}
			if row.said == "" && (w.Header().Get("Retry-After") != "7" || w.Body.String() != "so it is") {
				t.Errorf("passed back %v, %q", w.Header(), w.Body)
			}
			s := h.Summary()
			if taken := row.want/100 == 2; (s.Entries == 1) != taken || (out.String() == "{}\n") != taken || (s.Refused == 0) != taken || len(s.Wrong) > 0 {
				t.Errorf("kept %q, counted %+v", out.String(), s)
			}
		})
	}
}
