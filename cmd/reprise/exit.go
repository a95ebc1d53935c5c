package main

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"

	"reprise/cmd/reprise/client"
	"reprise/cmd/reprise/demo"
)

// The exit codes: `reprise --help` says them, scripts rely on them.
const (
	exitOK          = 0
	exitFailed      = 1 // it went wrong: the network, the service, a refusal
	exitUsage       = 2 // the command line, or its environment, makes no sense: nothing was done
	exitReplay      = 3 // the replay failed; cancelled is failed, too
	exitSignedOut   = 4 // no token, one that is not known, or one that may not
	exitConflict    = 5 // another replay is running
	exitInterrupted = 130
)

// The errors that have an exit code of their own.
var (
	errUsage       = errors.New("usage")
	errReplay      = errors.New("the replay failed")
	errSignedOut   = errors.New("not signed in")
	errInterrupted = errors.New("interrupted")
)

// A verdict is an error with the sentence of its own that is shown, and one of the errors above for its exit code.
type verdict struct {
	kind error
	text string
	todo string // what to do about it; empty: the text says so
}

func (v *verdict) Error() string { return v.text }

func (v *verdict) Unwrap() error { return v.kind }

// codeOf is the exit code of an error that a command ended with.
func codeOf(err error) int {
	var refused *client.Refusal
	switch {
	case errors.Is(err, errInterrupted), errors.Is(err, context.Canceled):
		return exitInterrupted
	case errors.Is(err, errUsage):
		return exitUsage
	case errors.Is(err, errReplay):
		return exitReplay
	case errors.Is(err, errSignedOut):
		return exitSignedOut
	case !errors.As(err, &refused):
		return exitFailed
	}
	switch refused.Status {
	case http.StatusUnauthorized, http.StatusForbidden:
		return exitSignedOut
	case http.StatusConflict:
		return exitConflict
	default:
		return exitFailed
	}
}

// advice says what to do about what the API answered, or did not.
func advice(err error) string {
	var said *verdict
	if errors.As(err, &said) {
		return said.todo
	}
	var explained *demo.Explained
	if errors.As(err, &explained) {
		return explained.Todo
	}
	var silent *client.Silence
	if errors.As(err, &silent) {
		if silent.Sent && once(silent.What) {
			return notKnown
		}
		return "Is it running (reprise serve), and is that its address? --api, REPRISE_API or a profile say another."
	}
	var refused *client.Refusal
	if !errors.As(err, &refused) {
		return ""
	}
	switch code := refused.Status; {
	case code == http.StatusUnauthorized:
		return unknownToken(refused.TokenFrom)
	case code == http.StatusForbidden:
		return `The token's role may not do that: an admin's may do all ("reprise token create --role admin"), one for intake may only send entries.`
	case code == http.StatusConflict:
		return `Wait for it with "reprise status --watch", or end it with "reprise cancel".`
	case code == http.StatusBadRequest:
		if len(refused.Invalid) == 1 && refused.Invalid[0].Field == "region" && strings.Contains(refused.What, client.JobPath) {
			return "The region global is all of them."
		}
		return flagsOf(refused.Invalid)
	case code/100 == 3:
		return "Give the address that answers itself, without a path, to --api."
	case code == http.StatusNotFound && strings.HasPrefix(refused.What, http.MethodDelete):
		return `"reprise status" shows the last one.`
	case code == http.StatusNotFound, code == http.StatusMethodNotAllowed:
		return "Is it the API of Reprise, without a path behind its host? --api, REPRISE_API or a profile say another."
	case code >= http.StatusInternalServerError && once(refused.What): // of a gateway's it may be that only the answer came too late
		return notKnown
	case code == http.StatusTooManyRequests, code >= http.StatusInternalServerError:
		return "Try again later" + wait(refused) + traced(refused)
	default:
		return ""
	}
}

// unknownToken says which token it was that is not known: of several it may not be the one that was meant.
func unknownToken(from string) string {
	const why = " is not known there, revoked or expired: "
	switch name, ok := strings.CutPrefix(from, "profile "); {
	case ok:
		return fmt.Sprintf(`The token of profile %s%ssign in again with "reprise login --profile %s".`, name, why, name)
	case from == "REPRISE_TOKEN":
		return "The token of REPRISE_TOKEN" + why + "set it to another, or unset it to use the profile's; a profile that --profile names goes before it."
	default:
		return strings.TrimSuffix("The token of "+from, " of ") + why + `sign in with "reprise login", or set REPRISE_TOKEN to another.`
	}
}

const notKnown = `Whether it was done is not known: "reprise status" tells.`

// once reports whether what was asked begins or ends a replay, so that it was asked for one time only.
func once(what string) bool {
	return strings.HasPrefix(what, http.MethodPut) || strings.HasPrefix(what, http.MethodDelete)
}

func wait(r *client.Refusal) string {
	if r.RetryAfter == 0 {
		return ""
	}
	return fmt.Sprintf(", in %s", r.RetryAfter)
}

func traced(r *client.Refusal) string {
	if r.Instance == "" {
		return "."
	}
	return "; the service's log tells more of " + r.Instance + "."
}

// flagsOf says by which flag each field is set.
func flagsOf(bad []client.Invalid) string {
	flags := map[string]string{
		"start_at": "--from, or --last", "end_at": "--to", "endpoint": "--endpoint", "authorization": "--authorization-from",
		"log_format": "--format", "enabled": "--enable, or --disable", "skip_ssl_verification": "--skip-verify, or --verify",
	}
	var said []string
	for _, v := range bad {
		if flag := flags[v.Field]; flag != "" && !slices.Contains(said, v.Field+" is set by "+flag) {
			said = append(said, v.Field+" is set by "+flag)
		}
	}
	if said == nil {
		return ""
	}
	return strings.Join(said, "; ") + "."
}
