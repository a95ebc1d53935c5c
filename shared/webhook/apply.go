package webhook

import (
	"fmt"
	"strings"
	"time"

	"reprise/shared/auditlog"
	"reprise/shared/replay"
)

const (
	// MaxEndpoint is the longest endpoint in bytes: beyond some 2,000 URLs stop working in places (RFC 9110 §4.1 asks for 8,000).
	MaxEndpoint = 2048
	// MaxAuthorization is the longest authorization in bytes: common servers take 8 KiB for all headers together.
	MaxAuthorization = 4096
)

// Apply merges a patch with every rule of CONTRACT.md §3 that needs no look at the network, and takes the next Version.
// What breaks a rule is a replay.InputError, and c stays as it was.
func (c Config) Apply(p Patch, now time.Time) (Config, error) {
	next := c
	give(&next.Enabled, p.Enabled)
	give(&next.SkipVerify, p.SkipVerify)
	give(&next.Endpoint, p.Endpoint)
	give((*string)(&next.Authorization), p.Authorization)
	give((*string)(&next.Format), p.Format)
	if next.Format == "" && p.Format == nil {
		next.Format = c.Written()
	}
	bad := checkEndpoint(next, p.Endpoint != nil)
	bad = append(bad, checkAuthorization(next)...)
	bad = append(bad, checkFormat(next.Format)...)
	if bad != nil {
		return c, bad
	}
	if p.Enabled != nil {
		next.Gone = false // on or off, it is somebody's word now
	}
	if next.Endpoint != c.Endpoint || next.Authorization != c.Authorization {
		next.Last = Attempt{} // says nothing of this receiver: its status is active again
	}
	next.Version++
	next.UpdatedAt = now.UTC().Truncate(time.Millisecond)
	return next, nil
}

// give overwrites old where a value was given.
func give[T any](old, given *T) {
	if given != nil {
		*old = *given
	}
}

func checkEndpoint(c Config, given bool) replay.InputError {
	switch {
	case blank(c.Endpoint) && (given || c.Enabled):
		return invalid("endpoint", replay.RuleRequired, "cannot be blank")
	case len(c.Endpoint) > MaxEndpoint:
		return invalid("endpoint", replay.RuleInvalid, fmt.Sprintf("must be at most %d bytes long", MaxEndpoint))
	}
	return nil
}

// checkAuthorization lets a disabled webhook's authorization be blank: that is how it is taken away.
func checkAuthorization(c Config) replay.InputError {
	value := string(c.Authorization)
	switch {
	case blank(value) && c.Enabled:
		return invalid("authorization", replay.RuleRequired, "cannot be blank")
	case len(value) > MaxAuthorization:
		return invalid("authorization", replay.RuleInvalid, fmt.Sprintf("must be at most %d bytes long", MaxAuthorization))
	case strings.ContainsFunc(value, func(r rune) bool { return r < ' ' || r == 0x7f }):
		// A line break would begin a header of the caller's making (RFC 9110 §5.5).
		return invalid("authorization", replay.RuleInvalid, "must not hold control characters")
	}
	return nil
}

func checkFormat(f auditlog.Format) replay.InputError {
	if f == "" {
		return invalid("log_format", replay.RuleRequired, "cannot be blank")
	}
	var known []string
	for _, k := range auditlog.Formats() {
		if f == k {
			return nil
		}
		known = append(known, string(k))
	}
	return invalid("log_format", replay.RuleInvalid, "must be one of "+strings.Join(known, ", "))
}

func blank(s string) bool { return strings.TrimSpace(s) == "" }

func invalid(field, rule, reason string) replay.InputError {
	return replay.InputError{{Field: field, Rule: rule, Reason: reason}}
}
