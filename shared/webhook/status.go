package webhook

// Status is what there is to expect of a webhook, in the words of the status endpoint (CONTRACT.md §3).
type Status string

// The statuses there are.
const (
	Active       Status = "active"       // on, and what was tried last, if anything was, arrived
	Inactive     Status = "inactive"     // off, or what was tried last did not arrive
	Unconfigured Status = "unconfigured" // it has no endpoint
)

// Status is read from what is stored, so that nothing has to keep it up to date: Apply forgets the last attempt where it
// says nothing of the receiver any more.
func (c Config) Status() Status {
	switch {
	case c.Endpoint == "":
		return Unconfigured
	case !c.Enabled, !c.Last.At.IsZero() && !c.Last.OK:
		return Inactive
	default:
		return Active
	}
}
