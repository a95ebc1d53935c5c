// Package tail writes entries for people to read.
package tail

import (
	"bytes"
	"cmp"
	"encoding/json"
	"fmt"
	"io"
	"strings"
	"unicode"
	"unicode/utf8"

	"reprise/cmd/reprise/ceftext"
)

// maxField is how many characters of a field are shown; an entry may be 128 KiB long.
const maxField = 100

// Writer writes each entry of the lines that it is given, in json, cef or cps, as one line: time, name, who, what, outcome. No
// control character of an entry reaches what is behind it, a terminal perhaps.
type Writer struct {
	Out    io.Writer
	Colour bool
}

// Write takes whole lines, as receiver.Options.Out gets them.
func (t Writer) Write(b []byte) (int, error) {
	var text []byte
	for line := range bytes.Lines(b) {
		text = append(append(text, t.line(bytes.TrimRight(line, "\r\n"))...), '\n')
	}
	if _, err := t.Out.Write(text); err != nil {
		return 0, err
	}
	return len(b), nil
}

// What SGR makes of a text (ECMA-48 §8.3.117).
const (
	dim   = "2"
	bold  = "1"
	red   = "31"
	green = "32"
)

func (t Writer) line(line []byte) string {
	e, err := read(line)
	if err != nil {
		return Printable(string(line))
	}
	parts := []string{t.paint(dim, pad(Printable(e["event_ts"]), len("2006-01-02T15:04:05.000Z"))), t.paint(bold, Printable(cmp.Or(e["name"], e["event_class_id"], "-")))}
	who := cmp.Or(e["principal_name"], e["principal_id"], e["actor_id"])
	for _, part := range []string{who, what(e)} {
		if part != "" {
			parts = append(parts, Printable(part))
		}
	}
	if said, colour := outcome(e); said != "" {
		parts = append(parts, t.paint(colour, Printable(said)))
	}
	return strings.Join(parts, "  ")
}

// what was done: the method and the path of a request, or the action.
func what(e map[string]string) string {
	return strings.TrimSpace(cmp.Or(e["act"], e["action"]) + " " + e["request"])
}

// outcome is how it ended (CONTRACT.md §5).
func outcome(e map[string]string) (said, colour string) {
	switch {
	case e["granted"] == "true":
		return "granted", green
	case e["granted"] == "false":
		return "denied", red
	case e["success"] == "true":
		return "succeeded", green
	case e["success"] == "false":
		return "failed", red
	case e["status"] == "":
		return "", ""
	case len(e["status"]) == 3 && e["status"] < "400":
		return e["status"], green
	default:
		return e["status"], red
	}
}

func (t Writer) paint(colour, text string) string {
	if !t.Colour {
		return text
	}
	return "\x1b[" + colour + "m" + text + "\x1b[0m"
}

func pad(s string, to int) string {
	return s + strings.Repeat(" ", max(0, to-utf8.RuneCountInString(s)))
}

// Printable is s with everything escaped, as Go writes it, that is no printable character: control characters, those that turn
// the direction of text, bytes that are no UTF-8. Behind a hundred characters it is cut.
func Printable(s string) string {
	var b strings.Builder
	n := 0
	for i, r := range s {
		if n++; n > maxField {
			b.WriteString("…")
			break
		}
		_, size := utf8.DecodeRuneInString(s[i:])
		switch {
		case r == utf8.RuneError && size == 1:
			fmt.Fprintf(&b, `\x%02x`, s[i])
		case unicode.IsPrint(r):
			b.WriteRune(r)
		default:
			quoted := fmt.Sprintf("%+q", r)
			b.WriteString(quoted[1 : len(quoted)-1])
		}
	}
	return b.String()
}

// read is the members of an entry, as text.
func read(line []byte) (map[string]string, error) {
	if len(line) == 0 || line[0] != '{' {
		return readCEF(line)
	}
	var members map[string]json.RawMessage
	if err := json.Unmarshal(line, &members); err != nil {
		return nil, err
	}
	if inner, ok := members["event"]; ok && len(members) == 1 && inner[0] == '{' { // cps
		if err := json.Unmarshal(inner, &members); err != nil {
			return nil, err
		}
	}
	e := make(map[string]string, len(members))
	for key, literal := range members {
		var text string
		if json.Unmarshal(literal, &text) != nil {
			text = string(literal)
		}
		e[key] = text
	}
	return e, nil
}

func readCEF(line []byte) (map[string]string, error) {
	fields, extension, err := ceftext.Header(line)
	if err != nil {
		return nil, err
	}
	at, err := ceftext.Moment(fields[0])
	if err != nil {
		return nil, err
	}
	pairs, err := ceftext.Extension(nil, extension)
	if err != nil {
		return nil, err
	}
	e := make(map[string]string, len(pairs)+3)
	for _, p := range pairs {
		e[p.Key] = string(p.Text)
	}
	e["event_ts"] = string(at)
	for i, key := range map[int]string{4: "event_class_id", 5: "name"} {
		text, err := ceftext.Unescape(fields[i], '|')
		if err != nil {
			return nil, err
		}
		e[key] = string(text)
	}
	return e, nil
}
