package auditlog

// Format is how lines are written for a receiver (CONTRACT.md §5).
type Format string

// The formats of the contract. Only JSON is written so far; the others are refused by name where a webhook is configured.
const (
	JSON Format = "json"
	CEF  Format = "cef"
	CPS  Format = "cps"
)
