package webhook

import (
	"fmt"
	"time"

	"reprise/shared/replay"
)

// Outcome is what an answer asks of us.
type Outcome string

// The outcomes there are; they are the words of log lines, too.
const (
	Delivered Outcome = "delivered"
	Later     Outcome = "later"   // try again after Wait
	Smaller   Outcome = "smaller" // 413: halve the batch
	Never     Outcome = "never"   // give up: the job fails
	Gone      Outcome = "gone"    // 410: give up, turn the webhook off
)

// Verdict is the one place where CONTRACT.md §4's table is decided.
type Verdict struct {
	Outcome Outcome
	Wait    time.Duration // before the next try; 0 unless Later
	Reason  string        // CONTRACT.md §2's failure code; "" unless Never or Gone
	Detail  string        // that failure in words, for the one who asked for the replay; never a secret
	Code    int           // what the receiver answered, 0 if it did not
}

// Patience is how long a batch is tried in all before the job fails (CONTRACT.md §4).
const Patience = time.Hour

// Try is the POST that an answer belongs to.
type Try struct {
	Single   bool      // a batch of one entry, which cannot be halved
	First    time.Time // the instant of the batch's first entry
	Bytes    int64     // of the batch, decoded
	Attempts int       // POSTs of the slice without progress before this one
	Since    time.Time // of the first of those; zero where there were none
	Now      time.Time
	Patience time.Duration // in all, since Since
}

// Judge reads an answer. Random is in [0,1).
func Judge(a Answer, t Try, random float64) Verdict {
	v := Verdict{Code: a.Code, Detail: "the receiver answered " + named(a.Code)}
	switch {
	case a.Refused:
		v.Outcome, v.Reason, v.Detail = Never, replay.FailRejected, a.refusal()
	case a.ok():
		return Verdict{Outcome: Delivered, Code: a.Code}
	case a.passing():
		if !t.Since.IsZero() && t.Now.Sub(t.Since) >= t.Patience {
			v.Outcome, v.Reason = Never, replay.FailRetriesExhausted
			v.Detail = fmt.Sprintf("the receiver took nothing for %s: %s", spoken(t.Patience), a.last())
			return v
		}
		return Verdict{Outcome: Later, Wait: t.wait(a, random), Code: a.Code}
	case a.Code == 413 && !t.Single:
		return Verdict{Outcome: Smaller, Code: a.Code}
	case a.Code == 413:
		v.Outcome, v.Reason = Never, replay.FailEntryTooLarge
		v.Detail += fmt.Sprintf(" to a batch of a single entry: the one of %s, of %d bytes", t.First.UTC().Format("2006-01-02T15:04:05.000Z"), t.Bytes)
	case a.Code == CodeGone:
		v.Outcome, v.Reason = Gone, replay.FailWebhookGone
		v.Detail += ": the webhook was turned off"
	default:
		v.Outcome, v.Reason = Never, replay.FailRejected
	}
	return v
}

// passing reports whether the same batch may be taken later (CONTRACT.md §4): no answer, 408, 425, 429, 5xx.
func (a Answer) passing() bool {
	switch a.Code {
	case 0, 408, 425, 429:
		return true
	default:
		return a.Err != nil || 500 <= a.Code && a.Code <= 599
	}
}

// refusal is why our guard let nothing out, in its own words: no receiver had a say in them.
func (a Answer) refusal() string {
	if a.Message == "" {
		return "the endpoint is not one that may be called"
	}
	return "the " + a.Message
}

// last is what happened last, in words. The receiver's own words are left out: they might repeat what we sent.
func (a Answer) last() string {
	switch {
	case a.Code != 0:
		return "it last answered " + named(a.Code)
	case a.Message != "":
		return "there was no answer (" + a.Message + ")"
	default:
		return "there was no answer"
	}
}
