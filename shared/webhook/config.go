// Package webhook is what a customer's webhook may be told, what its answers mean.
package webhook

import (
	"time"

	"reprise/shared/auditlog"
	"reprise/shared/replay"
)

// Config is one webhook. Version counts the PATCHes, and the 410s that turned it off: who read an older version changes nothing.
type Config struct {
	replay.Scope
	Version       int // 0: nothing was ever saved
	Endpoint      string
	Authorization Secret
	Enabled       bool
	Gone          bool // a 410 turned it off, and nobody has said since whether it is to be on
	Format        auditlog.Format
	SkipVerify    bool // of the receiver's TLS certificate
	UpdatedAt     time.Time
	Last          Attempt // the zero Attempt where there was none since the endpoint or the authorization changed
}

// Written is the format that lines are written in. Where none was chosen it is cef (CONTRACT.md §3), but json for a webhook
// that was saved before there was a choice: its receiver goes on getting what it was made for.
func (c Config) Written() auditlog.Format {
	switch {
	case c.Format != "":
		return c.Format
	case c.Version == 0:
		return auditlog.CEF
	default:
		return auditlog.JSON
	}
}

// Patch is a PATCH; nil is "not given".
type Patch struct {
	Endpoint, Authorization, Format *string
	Enabled, SkipVerify             *bool
}

// Delivery is one POST to be.
type Delivery struct {
	ID, Job, Region string // no Job: a test
	Attempt         int    // from 1
	Entries         int64
	Body            []byte // one gzip member
	At              time.Time
}

// Answer is what came back: a code, or the error that stood in its way.
type Answer struct {
	Code       int
	Message    string // the answer's status text or the start of its body, printable; or the error in words
	RetryAfter string // as the header has it
	Err        error  // no answer came: Code is 0
	Refused    bool   // by our own guard: nothing was sent, asking again does not help; Message is why: "endpoint must be ..."
	Took       time.Duration
}

// Attempt is what the status endpoint shows of an answer.
type Attempt struct {
	At      time.Time
	Code    int
	Message string
	OK      bool
}

// Attempt is a as the status endpoint will show it.
func (a Answer) Attempt(now time.Time) Attempt {
	message := a.Message
	if message == "" && a.Err != nil {
		message = "no answer" // not Err's own words: nobody vouched for them
	}
	return Attempt{At: now.UTC().Truncate(time.Millisecond), Code: a.Code, Message: message, OK: a.ok()}
}

// ok reports whether the whole batch was acknowledged (CONTRACT.md §4: any 2xx).
func (a Answer) ok() bool { return a.Err == nil && 200 <= a.Code && a.Code <= 299 }

// CodeGone is the answer of a receiver that will never take anything again (410, CONTRACT.md §4).
const CodeGone = 410

// AttemptEvery is how often at most an attempt is written that changes nothing but its time (DESIGN.md §5).
const AttemptEvery = 10 * time.Second

// Tells reports whether a new answer is worth a write: another outcome or code, or AttemptEvery later.
func (a Attempt) Tells(b Answer, now time.Time) bool {
	return a.At.IsZero() || a.OK != b.ok() || a.Code != b.Code || now.Sub(a.At) >= AttemptEvery
}
