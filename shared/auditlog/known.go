package auditlog

import (
	"bytes"
	"strings"

	"reprise/shared/replay"
)

// kind is what CONTRACT.md §5's table says of a key.
type kind int

const (
	unknown  kind = iota // kept as it came
	text                 // a string
	number               // a JSON number, to the digit
	boolean              // true or false
	moment               // event_ts: a string, RFC 3339
	millis               // rt: a whole number of milliseconds since the epoch
	severity             // a whole number from 0 to 10
	version              // cef_version: 0
	trace                // a string or a number, as it came
	owner                // org_id: a string, the organization of the token
	seal                 // sig: ours alone
)

// kindOf is the table.
func kindOf(key []byte) kind {
	switch string(key) {
	case "event_vendor", "event_product", "event_version", "event_class_id", "name",
		"src", "principal_id", "user_agent", "request", "action", "actor_id", "act", "query", "principal_name", "portal_id":
		return text
	case "success", "granted", "kong_initiated":
		return boolean
	case "status":
		return number
	case "event_ts":
		return moment
	case "rt":
		return millis
	case "severity":
		return severity
	case "cef_version":
		return version
	case "trace_id":
		return trace
	case "org_id":
		return owner
	case "sig":
		return seal
	default:
		return unknown
	}
}

// bring gives value in the type of k, from whichever type loses nothing on the way; a reason says that none does.
func (k kind) bring(value []byte) (brought []byte, reason string) {
	inside, quoted := unquote(value)
	switch k {
	case text, moment, owner:
		switch value[0] {
		case '"':
			return value, ""
		case '{', '[', 'n':
			return nil, "must be a string"
		}
		return quote(value), ""
	case boolean:
		if s := string(inside); s != "true" && s != "false" {
			return nil, "must be true or false"
		}
	case number:
		if !isNumber(inside) {
			return nil, "must be a number"
		}
	case millis:
		if _, ok := instant(inside); !ok {
			return nil, "must be a whole number of milliseconds since 1970"
		}
	case severity:
		if one := len(inside) == 1 && '0' <= inside[0] && inside[0] <= '9'; !one && string(inside) != "10" {
			return nil, "must be a whole number from 0 to 10"
		}
	case version:
		if string(inside) != "0" {
			return nil, "must be 0"
		}
	case trace:
		if !quoted && !isNumber(value) {
			return nil, "must be a string or a number"
		}
		return value, ""
	case seal:
		return nil, "must not be given"
	default:
		return value, ""
	}
	return inside, ""
}

// unquote is what a string's value means, or the value itself where it is no string.
func unquote(value []byte) (inside []byte, quoted bool) {
	if value[0] != '"' {
		return value, false
	}
	return decode(value[1 : len(value)-1]), true
}

func isNumber(literal []byte) bool {
	s := scanner{b: literal}
	return s.number() && s.i == len(literal)
}

// given is the member of a key, if there is one.
func (d draft) given(key string) (m *member, ok bool) {
	for i := range d { // some eighteen keys, most told apart by their length: quicker than a binary search
		if string(d[i].key) == key {
			return &d[i], true
		}
	}
	return nil, false
}

// once tells of a key that is there twice.
func (d draft) once() error {
	for i := 1; i < len(d); i++ {
		if key := d[i].key; bytes.Equal(key, d[i-1].key) {
			return replay.InputError{invalid(shorten(key), replay.RuleDuplicate, "must be given only once")}
		}
	}
	return nil
}

// required tells of all that is missing or blank. One instant is enough: the other is made from it.
func (d draft) required() error {
	var missing replay.InputError
	_, timed := d.given("rt")
	for _, key := range [...]string{"event_class_id", "event_ts", "name", "rt"} {
		m, given := d.given(key)
		optional := key == "rt" || key == "event_ts" && timed
		if given && blank(m.value) || !given && !optional {
			missing = append(missing, invalid(key, replay.RuleRequired, "cannot be blank"))
		}
	}
	if missing != nil {
		return missing
	}
	return nil
}

// typed brings every known key to its type, or tells of all that cannot be.
func (d draft) typed(org string) error {
	var bad replay.InputError
	for i := range d {
		m := &d[i]
		k := kindOf(m.key)
		value, reason := k.bring(m.value)
		if k == owner && reason == "" {
			if named, _ := unquote(value); string(named) != org {
				reason = "must be the organization of the token"
			}
		}
		if reason != "" {
			bad = append(bad, invalid(string(m.key), replay.RuleInvalid, reason))
			continue
		}
		m.value = value
	}
	if bad != nil {
		return bad
	}
	return nil
}

// blank reports whether a value says nothing: null, or a string of nothing but whitespace.
func blank(value []byte) bool {
	inside, quoted := unquote(value)
	return quoted && len(bytes.TrimSpace(inside)) == 0 || value[0] == 'n'
}

// shorten keeps an error from carrying somebody's key of 128 KiB.
func shorten(key []byte) string {
	const most = 100
	if len(key) <= most {
		return string(key)
	}
	return strings.ToValidUTF8(string(key[:most]), "") + "…"
}
