// Package words says how many of a thing there are.
package words

import (
	"strings"

	"reprise/cmd/reprise/meter"
)

// Count is n of a thing that is named in the singular, such as "1 batch" or "2,000 entries".
func Count(n int64, thing string) string {
	if n == 1 {
		return "1 " + thing
	}
	switch {
	case strings.HasSuffix(thing, "ch"):
		thing += "es"
	case strings.HasSuffix(thing, "ry"):
		thing = strings.TrimSuffix(thing, "y") + "ies"
	default:
		thing += "s"
	}
	return meter.Commas(n) + " " + thing
}
