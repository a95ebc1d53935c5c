package webhook

import (
	"fmt"
	"io"
	"log/slog"
)

// Secret prints as "***", in any verb and in JSON; only a conversion to string gives it away.
type Secret string

const hidden = "***"

var (
	_ fmt.Formatter  = Secret("")
	_ slog.LogValuer = Secret("")
)

// Format writes "***" whatever the verb and its flags are: a Formatter is asked before anything else is.
// Only %p, which vet refuses, gets past it.
func (Secret) Format(s fmt.State, _ rune) { _, _ = io.WriteString(s, hidden) }

// String is "***".
func (Secret) String() string { return hidden }

// MarshalText is "***", for JSON, XML and whatever else writes texts.
func (Secret) MarshalText() ([]byte, error) { return []byte(hidden), nil }

// LogValue is "***".
func (Secret) LogValue() slog.Value { return slog.StringValue(hidden) }
