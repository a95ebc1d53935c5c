package replay

import (
	"errors"
	"fmt"
	"strings"
)

// GlobalRegion is the host's first label that means every region of a stack (CONTRACT.md §1); no Scope has it.
const GlobalRegion = "global"

// MaxRegions bounds what a stack serves: a PUT for all of its regions is one atomic write, and DynamoDB's takes 100 items.
const MaxRegions = 100

// Regions is what a stack serves.
type Regions struct {
	Known   []string
	Default string // the region of a request whose host names none
	Domain  string // what a host must end in for its first label to name a region; empty: anything
}

// CheckRegions says what is wrong with the names of the regions that a stack is to serve, nil if nothing is.
func CheckRegions(known []string) error {
	if len(known) == 0 {
		return errors.New("must name at least one region")
	}
	if len(known) > MaxRegions {
		return fmt.Errorf("%d regions are too many: at most %d, all of which one PUT can ask for at once", len(known), MaxRegions)
	}
	seen := make(map[string]bool)
	for _, r := range known {
		switch {
		case r == GlobalRegion:
			return fmt.Errorf("no region can be named %s: that host means every region", GlobalRegion)
		case !isLabel(r):
			return fmt.Errorf("%q cannot begin a host name: %s", r, labelRule)
		case seen[r]:
			return fmt.Errorf("%q is there twice", r)
		}
		seen[r] = true
	}
	return nil
}

// CheckDomain says what is wrong with what the hosts of a stack are to end in, nil if nothing is; it may be empty.
func CheckDomain(domain string) error {
	if domain == "" {
		return nil
	}
	for label := range strings.SplitSeq(domain, ".") {
		if !isLabel(label) {
			return fmt.Errorf("%q is no domain name: %s", domain, labelRule)
		}
	}
	return nil
}

const labelRule = "1 to 63 of a-z, 0-9 and -, not beginning or ending with -"

// isLabel reports whether s is one label of a host name, in lower case (RFC 1123 §2.1).
func isLabel(s string) bool {
	if len(s) < 1 || len(s) > 63 || s[0] == '-' || s[len(s)-1] == '-' {
		return false
	}
	return strings.Trim(s, "abcdefghijklmnopqrstuvwxyz0123456789-") == ""
}
