package api

import (
	"context"
	"errors"
	"log/slog"
	"net/http"
	"time"

	"reprise/shared/access"
)

// maxLoggedPath is how much of a path a log line shows, in bytes.
const maxLoggedPath = 256

// line is what is logged of a request, once: never its headers, query or body, and no token that somebody put where it does
// not belong.
type line struct {
	request *http.Request
	caller  *caller
	reply   reply
	took    time.Duration
	err     error
}

// log writes the line: an error of ours at level Error. A client that hung up is nobody's error.
func (l line) log() {
	level := slog.LevelInfo
	if l.reply.status >= http.StatusInternalServerError && !errors.Is(l.err, context.Canceled) {
		level = slog.LevelError
	}
	path := access.Redact(l.request.URL.Path)
	attrs := []slog.Attr{
		slog.String("method", access.Redact(l.request.Method)),
		slog.String("path", path[:min(len(path), maxLoggedPath)]),
		slog.Int("status", l.reply.status),
		slog.String("trace", l.caller.trace),
		slog.String("org", l.caller.Org),
		slog.String("region", l.caller.region),
		slog.Duration("took", l.took),
		slog.Int("bytes", len(l.reply.body)),
	}
	if l.err != nil {
		attrs = append(attrs, slog.String("err", access.Redact(l.err.Error())))
	}
	var c *crash
	if errors.As(l.err, &c) {
		attrs = append(attrs, slog.String("stack", string(c.stack)))
	}
	slog.LogAttrs(l.request.Context(), level, "request", attrs...)
}
