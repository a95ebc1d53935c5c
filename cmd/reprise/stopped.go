package main

import (
	"errors"
	"fmt"
	"net/http"
	"strings"

	"reprise/cmd/reprise/bodies"
	"reprise/cmd/reprise/client"
	"reprise/cmd/reprise/words"
)

const (
	// shownFaults is how many lines of a refused request are shown: a file of another kind is wrong in every line.
	shownFaults = 3
	// namedLines is how many lines the service names, at most (CONTRACT.md §6).
	namedLines = 20
)

// stopped is why a file was not sent to its end, how far it came, and how to go on.
func (d sent) stopped(file, name string, err error) error {
	return &verdict{err, name + ": " + faults(err) + d.progress(), d.next(file, err)}
}

// faults is the error, with each line that is wrong on a line of its own where there are several; what follows is appended to it.
func faults(err error) string {
	var refused *client.Refusal
	if !errors.As(err, &refused) || len(refused.Invalid) < 2 {
		return err.Error() + "; "
	}
	whole := *refused
	whole.Invalid = nil
	text := whole.Error() + ":\n"
	named := make(map[string]bool)
	for i, v := range refused.Invalid {
		line, _, _ := strings.Cut(v.Field, ":")
		named[line] = true
		if i < shownFaults {
			text += fmt.Sprintf("  %s: %s\n", v.Field, v.Reason)
		}
	}
	switch more := len(refused.Invalid) - shownFaults; {
	case len(named) >= namedLines:
		text += fmt.Sprintf("  and %d more at least\n", more)
	case more > 0:
		text += fmt.Sprintf("  and %d more\n", more)
	}
	return text
}

func (d sent) progress() string {
	if d.last == 0 {
		return "nothing was accepted before"
	}
	return fmt.Sprintf("%s up to line %d accepted before", words.Count(d.Accepted, "entry"), d.last)
}

// next is what to do now. The file from its beginning would be right only if it is packed as before, which a repaired line may
// change: the line behind the last one accepted begins a request in any case, so that nothing is stored twice.
func (d sent) next(file string, err error) string {
	var refused *client.Refusal
	bad := errors.As(err, &refused) && (refused.Status == http.StatusBadRequest || refused.Status == http.StatusRequestEntityTooLarge)
	said := advice(err)
	if said != "" {
		said += "\n"
	}
	switch {
	case d.last == 0 && bad:
		return said + "Repair it and send it again: nothing of it is stored."
	case d.last == 0:
		return strings.TrimSuffix(said, "\n")
	case bad:
		said += "Repair it, then send"
	default:
		said += "Then send"
	}
	from := fmt.Sprintf("tail -n +%d", d.last+1)
	switch {
	case file == "-":
		return said + fmt.Sprintf(" what begins with line %d: %s.", d.last+1, from)
	case strings.HasSuffix(file, ".gz"):
		return said + fmt.Sprintf(" the rest, with the same flags: gzip -dc %s | %s | reprise send -", quote(file), from)
	default:
		return said + fmt.Sprintf(" the rest, with the same flags: %s %s | reprise send -", from, quote(file))
	}
}

// inItsFile is a refusal whose lines are those of the file, where they were those of the body.
func inItsFile(err error, b bodies.Body) error {
	var refused *client.Refusal
	if !errors.As(err, &refused) {
		return err
	}
	for i, v := range refused.Invalid {
		var n int
		var field string
		if _, err := fmt.Sscanf(v.Field, "line %d:", &n); err != nil || n < 1 || n > len(b.Lines) {
			continue
		}
		_, field, _ = strings.Cut(v.Field, ": ")
		refused.Invalid[i].Field = fmt.Sprintf("line %d: %s", b.Lines[n-1], field)
	}
	return err
}
