package simtest

import (
	"bytes"
	"compress/gzip"
	"context"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"strconv"
	"time"

	"reprise/shared/auditlog"
	"reprise/shared/replay"
	"reprise/shared/webhook"
)

// receiver is the customer's side of one scope.
type receiver struct {
	at     replay.Scope
	format auditlog.Format // that its webhook has at the beginning
	limit  int             // decoded bytes; more is a 413
	ill    float64         // how often it does not simply say yes
	down   bool
}

// post is one POST under way.
type post struct {
	task     *task
	id       string
	ids      []int // the entries in it
	tried    int   // step of its deliver's Try
	written  int   // how often the slice had come to be written in another format
	tally    replay.Tally
	acked    bool
	until    time.Time // that its receiver asked to be left alone
	recorded bool      // the cursor moved over it
	judged   bool      // what came of it was recorded in the slice's row
}

// timeout is how long a POST may take in all (CONTRACT.md §4).
const timeout = 15 * time.Second

// Post is the way to the receiver and back.
func (t *task) Post(_ context.Context, hook webhook.Config, d webhook.Delivery) webhook.Answer {
	f, err := t.pause(0, posting, "POST")
	if err != nil {
		return webhook.Answer{Err: err}
	}
	text, err := unzip(d.Body)
	if err != nil {
		t.w.breaks("a batch is one gzip member", "job %s: %v", d.Job, err)
		return webhook.Answer{Err: err}
	}
	r := t.w.script.receivers[hook.Scope]
	p := t.w.posted(t, hook, d, text)
	say := r.decide(t.w, f.roll, len(text))
	if say.takes {
		t.w.took(p, hook.Scope, d.Job)
	}
	t.w.note(t, "POST %s, %d entries, attempt %d: %s", d.ID[:8], len(p.ids), d.Attempt, say)
	_, err = t.pauseFor(say.after, 0, gap, "answer")
	t.w.answered(p, d.Job)
	if err != nil {
		return webhook.Answer{Err: err}
	}
	p.acked = say.answer.Err == nil && say.answer.Code/100 == 2
	p.until = say.until
	t.lastPost = p
	say.answer.Took = say.after
	return say.answer
}

// said is what a receiver makes of a POST.
type said struct {
	takes  bool
	answer webhook.Answer
	after  time.Duration
	until  time.Time // Retry-After in our own words
}

func (s said) String() string {
	took := "not taken"
	if s.takes {
		took = "taken"
	}
	if s.answer.Err != nil {
		return fmt.Sprintf("%s, %v", took, s.answer.Err)
	}
	return fmt.Sprintf("%s, %d", took, s.answer.Code)
}

var (
	errNoConnection = errors.New("connection refused")
	errBroken       = errors.New("connection reset")
	errTimeout      = errors.New("no answer within 15 s")
)

// decide is the receiver's mood at one POST; all of it comes from the roll.
func (r *receiver) decide(w *world, roll uint64, size int) said {
	dice := rand.New(rand.NewPCG(roll, 1))
	quick := 5*time.Millisecond + time.Duration(dice.Int64N(int64(300*time.Millisecond)))
	no := func(f Fault, answer webhook.Answer, after time.Duration, takes bool) (said, bool) {
		return said{takes: takes, answer: answer, after: after}, w.may(f)
	}
	if r.limit > 0 && size > r.limit {
		w.faults.made[TooMuch]++ // it is no mood: it stays so when everything else is well
		return said{answer: webhook.Answer{Code: 413}, after: quick}
	}
	if r.down && !w.calm {
		if s, ok := no(NoConnection, webhook.Answer{Err: errNoConnection, Message: "connection refused"}, quick, false); ok {
			return s
		}
	}
	if dice.Float64() < r.ill {
		moods := []func() (said, bool){
			func() (said, bool) { return no(NoConnection, webhook.Answer{Err: errNoConnection}, quick, false) },
			func() (said, bool) { return no(Broken, webhook.Answer{Err: errBroken}, quick, true) },
			func() (said, bool) { return no(TooLate, webhook.Answer{Err: errTimeout}, timeout, true) },
			func() (said, bool) { return no(Lies, webhook.Answer{Code: 502}, quick, true) },
			func() (said, bool) { return no(Fails, webhook.Answer{Code: 503}, quick, false) },
			func() (said, bool) {
				wait := time.Duration(dice.IntN(200)) * time.Second
				after := strconv.Itoa(int(wait / time.Second))
				if dice.IntN(3) == 0 {
					after = time.Now().Add(wait).UTC().Format(http.TimeFormat)
					wait -= 5 * time.Second // our clock may be ahead of the receiver's, and a date has no fractions
				}
				s, ok := no(TellsWhen, webhook.Answer{Code: 429, RetryAfter: after}, quick, false)
				s.until = time.Now().Add(min(wait, 15*time.Minute))
				return s, ok
			},
			func() (said, bool) { return no(Refuses, webhook.Answer{Code: 401}, quick, false) },
			func() (said, bool) { return no(IsGone, webhook.Answer{Code: 410}, quick, false) },
		}
		if s, ok := moods[dice.IntN(len(moods))](); ok {
			return s
		}
	}
	if !w.calm && dice.IntN(40) == 0 {
		quick = time.Duration(dice.Int64N(int64(timeout))) // slow, but in time
	}
	return said{takes: true, answer: webhook.Answer{Code: 200, Message: "200 OK"}, after: quick}
}

func unzip(body []byte) ([]byte, error) {
	rest := bytes.NewReader(body)
	z, err := gzip.NewReader(rest)
	if err != nil {
		return nil, err
	}
	z.Multistream(false)
	text, err := io.ReadAll(z)
	if err != nil {
		return nil, err
	}
	if rest.Len() > 0 {
		return nil, fmt.Errorf("%d bytes behind the member", rest.Len())
	}
	return text, nil
}
