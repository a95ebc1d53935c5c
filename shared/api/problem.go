package api

import (
	"context"
	"errors"
	"fmt"
	"net/http"

	"reprise/shared/replay"
)

// problem is an error as a client sees it: CONTRACT.md §1's body, with the headers that go with it.
type problem struct {
	Status   int       `json:"status"`
	Title    string    `json:"title"`
	Instance string    `json:"instance"`
	Detail   string    `json:"detail"`
	Invalid  []invalid `json:"invalid_parameters,omitempty"`

	header map[string]string
	cause  error  // for the log; never shown
	logged string // for the log instead of the Invalid, where those are a client's own words
}

// invalid is a replay.Invalid in the contract's words.
type invalid struct {
	Field  string `json:"field"`
	Rule   string `json:"rule,omitempty"`
	Reason string `json:"reason"`
}

func (p *problem) Error() string {
	text := p.Detail
	if p.logged != "" {
		text += "; " + p.logged
	} else {
		for _, v := range p.Invalid {
			text += "; " + v.Field + ": " + v.Reason
		}
	}
	if p.cause != nil {
		text += ": " + p.cause.Error()
	}
	return text
}

func (p *problem) Unwrap() error { return p.cause }

// refuse is a problem of that status under its usual title.
func refuse(status int, detail string) *problem {
	title := http.StatusText(status)
	switch status {
	case http.StatusConflict:
		title = "Resource Conflict" // the contract's word
	case http.StatusRequestEntityTooLarge:
		title = "Content Too Large" // RFC 9110 §15.5.14; net/http has the older name
	}
	return &problem{Status: status, Title: title, Detail: detail}
}

// badRequest is a 400 with what is wrong, of which there must be something.
func badRequest(detail string, bad replay.InputError) *problem {
	p := refuse(http.StatusBadRequest, detail)
	for _, v := range bad {
		p.Invalid = append(p.Invalid, invalid(v))
	}
	return p
}

// malformed is the answer to a body that is not JSON of the right shape.
func malformed(cause error) *problem {
	p := badRequest("Could not parse request body", replay.InputError{{Field: "body", Reason: "request format is invalid"}})
	p.cause = cause
	return p
}

// late is the answer where time ran out.
func late(cause error) *problem {
	p := refuse(http.StatusServiceUnavailable, "The request took too long")
	p.cause = cause
	return p
}

// tooMany is the answer where there is no place for the request just now.
func tooMany(cause error) *problem {
	p := soon(http.StatusTooManyRequests, "Too many requests")
	p.cause = cause
	return p
}

// soon is a problem that may be none in a second.
func soon(status int, detail string) *problem {
	p := refuse(status, detail)
	p.header = map[string]string{"Retry-After": "1"}
	return p
}

func tooLarge(format string, args ...any) *problem {
	return refuse(http.StatusRequestEntityTooLarge, fmt.Sprintf(format, args...))
}

func unauthorized(cause error) *problem {
	p := refuse(http.StatusUnauthorized, "Unauthorized")
	p.header = map[string]string{"WWW-Authenticate": "Bearer"} // RFC 9110 §11.6.1 asks for it
	p.cause = cause
	return p
}

func forbidden() *problem {
	return refuse(http.StatusForbidden, "You do not have permission to perform this action")
}

// problemOf is what a client may know of an error: nothing of ours.
func problemOf(err error) *problem {
	var p *problem
	var bad replay.InputError
	switch {
	case errors.As(err, &p):
		return p
	case errors.As(err, &bad) && len(bad) > 0:
		return badRequest(detailOf(bad[0]), bad)
	case errors.Is(err, context.DeadlineExceeded), errors.Is(err, context.Canceled):
		return late(err)
	default:
		p = refuse(http.StatusInternalServerError, "Internal Server Error")
	}
	p.cause = err
	return p
}

// detailOf is the row of CONTRACT.md §1's table that a broken rule belongs to.
func detailOf(v replay.Invalid) string {
	switch v.Rule {
	case replay.RuleRequired:
		return "Required field missing"
	case replay.RuleDateTime:
		return "Invalid date-time"
	case replay.RuleUnknownProperty:
		return "Unknown property"
	}
	switch v.Field {
	case "body":
		return "Could not parse request body"
	case "start_at", "end_at":
		return "Invalid time range"
	case "endpoint":
		return "Invalid endpoint"
	default:
		return "Invalid parameter"
	}
}
