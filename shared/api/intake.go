package api

import (
	"crypto/sha256"
	"errors"
	"fmt"
	"iter"
	"net/http"

	"reprise/shared/access"
	"reprise/shared/auditlog"
	"reprise/shared/replay"
)

// The limits of CONTRACT.md §6.
const (
	maxIntake  = 4 << 20 // bytes, decoded
	maxEntries = 10_000  // of a request
	maxBad     = 20      // entries that an answer names
)

// Intake answers POST /v2/audit-log-events (CONTRACT.md §6).
func Intake(door *Door, desk Taker) http.Handler {
	return door.admit(access.Intake, func(r *http.Request, c *caller) (reply, error) {
		split, err := splitter(r.Header)
		if err != nil {
			return reply{}, err
		}
		body, err := readIntake(r)
		if err != nil {
			return reply{}, err
		}
		lines, err := split(body)
		if err != nil {
			return reply{}, err
		}
		entries, err := parse(lines, c)
		if err != nil {
			return reply{}, err
		}
		if len(entries) > 0 { // an empty flush is no mistake, and nothing to keep
			if err := desk.Take(r.Context(), c.scope(), sha256.Sum256(body), entries); err != nil {
				return reply{}, fmt.Errorf("taking %d entries in: %w", len(entries), err)
			}
		}
		return ok(http.StatusAccepted, accepted{len(entries)})
	})
}

type accepted struct {
	Accepted int `json:"accepted"`
}

// parse reads every entry or none. The bad ones are named by their line, or their place in an array, from 1;
// after maxBad of them it stops: there is enough to mend.
func parse(lines iter.Seq2[int, []byte], c *caller) ([]auditlog.Entry, error) {
	n := 0
	for range lines { // counting is cheap, and parsing too many would be for nothing
		if n++; n > maxEntries {
			return nil, tooLarge("More than %d entries", maxEntries)
		}
	}
	entries := make([]auditlog.Entry, 0, n)
	var bad replay.InputError
	lost, first := 0, 0
	for n, line := range lines {
		entry, err := auditlog.Parse(line, c.Org, c.now)
		var wrong replay.InputError
		switch {
		case err == nil:
			entries = append(entries, entry)
			continue
		case !errors.As(err, &wrong):
			return nil, fmt.Errorf("parsing line %d: %w", n, err)
		}
		if lost == 0 {
			first = n
		}
		for _, v := range wrong {
			v.Field = fmt.Sprintf("line %d: %s", n, v.Field)
			bad = append(bad, v)
		}
		if lost++; lost == maxBad {
			break
		}
	}
	if bad != nil {
		refused := badRequest("Invalid entry", bad)
		// A member's name is the producer's own words, and may be a secret in the wrong place: the log only counts them.
		refused.logged = fmt.Sprintf("rules broken: %d, first by line %d", len(bad), first)
		return nil, refused
	}
	return entries, nil
}
