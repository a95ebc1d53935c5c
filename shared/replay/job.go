package replay

import (
	"errors"
	"slices"
	"time"
)

// Scope is what there is one job, one webhook and one log of. Region is never "global".
type Scope struct{ Org, Region string }

// Fence names one job of a scope. Every transition takes one: a write that holds an old JobID changes nothing.
type Fence struct {
	Scope
	JobID string // ULID
}

// The two answers of a store that a caller may branch on; adapters wrap them.
var (
	ErrNotFound = errors.New("not found")
	ErrConflict = errors.New("conflict") // the condition of a write did not hold; nothing was written
)

// Status is a job's place in the drawing of the package comment.
type Status string

// Every status there is (CONTRACT.md §2).
const (
	Unconfigured Status = "unconfigured" // never stored: there is no job
	Accepted     Status = "accepted"     // stored, to be planned
	Pending      Status = "pending"      // planned, its slices are queued
	Running      Status = "running"      // a first slice has started
	Completed    Status = "completed"    // every entry got a 2xx
	Failed       Status = "failed"       // see Failure
)

// Live reports whether the job has yet to end.
func (s Status) Live() bool { return s == Accepted || s == Pending || s == Running }

// From is every stored status that a job may leave for s: the arrows of the package comment that end in s.
// A scope without a job may go to Accepted, too. Adapters make the condition of each write from it.
func (s Status) From() []Status {
	switch s {
	case Accepted:
		return []Status{Accepted, Pending, Completed, Failed}
	case Pending:
		return []Status{Accepted}
	case Running:
		return []Status{Pending}
	case Completed:
		return []Status{Pending, Running}
	case Failed:
		return []Status{Accepted, Pending, Running}
	default:
		return nil
	}
}

// May reports whether a stored job may go from s to next.
func (s Status) May(next Status) bool { return slices.Contains(next.From(), s) }

// Job is the one replay of a scope.
type Job struct {
	Fence
	Status                                       Status
	Window                                       Window
	RequestedBy                                  string  // label of the token
	Tally                                        Tally   // written at the end: what is left when the slices' rows have expired
	Failure                                      Failure // zero unless Failed
	AcceptedAt, UpdatedAt, StartedAt, FinishedAt time.Time
}

// NewJob is a job as a PUT stores it.
func NewJob(f Fence, by string, w Window, now time.Time) Job {
	now = now.UTC().Truncate(time.Millisecond)
	return Job{Fence: f, RequestedBy: by, Window: w, Status: Accepted, AcceptedAt: now, UpdatedAt: now}
}

// Together is the status of jobs of several regions as one (CONTRACT.md §2): running where any is, else pending, accepted,
// failed, completed where any is, else unconfigured.
func Together(jobs []Job) Status {
	for _, s := range []Status{Running, Pending, Accepted, Failed, Completed} {
		if slices.ContainsFunc(jobs, func(j Job) bool { return j.Status == s }) {
			return s
		}
	}
	return Unconfigured
}

// Latest is the job that was updated last, the first of those that were at once; the zero Job of none. A region without a job
// was never updated.
func Latest(jobs []Job) (last Job) {
	for _, j := range jobs {
		if j.UpdatedAt.After(last.UpdatedAt) {
			last = j
		}
	}
	return last
}

// Failure is why a job failed.
type Failure struct {
	Code         string // one of the Fail constants
	Detail       string // a sentence for the one who asked for the replay; never a secret
	ResponseCode int    // what the receiver answered last, 0 if it did not
}

// The codes of a Failure (CONTRACT.md §2).
const (
	FailCancelled        = "cancelled"
	FailExpired          = "expired"           // older than MaxAge
	FailWebhookDisabled  = "webhook_disabled"  // somebody disabled it before every entry was acknowledged
	FailWebhookGone      = "webhook_gone"      // answered 410, to this job or to the one before it
	FailRejected         = "rejected"          // another final answer
	FailRetriesExhausted = "retries_exhausted" // the receiver never said yes for as long as we try
	FailEntryTooLarge    = "entry_too_large"   // 413 for a single entry
	FailUndeliverable    = "undeliverable"     // our own fault
)

// MaxAge is how long a job may be live before the sweep fails it as expired: its entries may expire after that (DESIGN.md §7).
const MaxAge = 24 * time.Hour
