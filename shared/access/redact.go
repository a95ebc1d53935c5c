package access

import "strings"

// Redact is the text without the secrets of tokens in it, each "rpr_***" instead: for what others wrote and a log line, or an
// error, repeats. It knows them by their Prefix.
func Redact(text string) string {
	before, rest, found := strings.Cut(text, Prefix)
	if !found {
		return text
	}
	var b strings.Builder
	for found {
		b.WriteString(before + Prefix + "***")
		before, rest, found = strings.Cut(strings.TrimLeft(rest, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_-"), Prefix)
	}
	b.WriteString(before)
	return b.String()
}
