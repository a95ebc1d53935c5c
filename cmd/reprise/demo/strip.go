package demo

import (
	"bytes"
	"encoding/json"
)

// added reports whether an audit log adds the member: recorded entries of another one carry it, and the intake takes
// neither a sig nor another organization (CONTRACT.md §6).
func added(key json.Token) bool { return key == "sig" || key == "org_id" }

// strip is the object without the members that an audit log adds; every other byte stays as it is. What is no object is
// returned as it came.
func strip(line []byte) []byte {
	d := json.NewDecoder(bytes.NewReader(line))
	if t, err := d.Token(); err != nil || t != json.Delim('{') {
		return line
	}
	done := int(d.InputOffset()) // up to here all is kept or gone
	kept := bytes.Clone(line[:done])
	empty, gone := true, false
	for d.More() {
		key, err := d.Token()
		if err != nil {
			return line
		}
		var value json.RawMessage
		if err := d.Decode(&value); err != nil {
			return line
		}
		member := line[done:d.InputOffset()] // with the comma before it, where there is one
		done = int(d.InputOffset())
		if added(key) {
			gone = true
			continue
		}
		if empty && gone { // the comma belonged to one that is gone
			member = bytes.TrimPrefix(bytes.TrimLeft(member, " \t\r\n"), []byte(","))
		}
		kept, empty = append(kept, member...), false
	}
	if _, err := d.Token(); err != nil || !gone {
		return line
	}
	return append(kept, line[done:]...)
}
