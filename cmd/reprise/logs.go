package main

import (
	"io"
	"log"
	"log/slog"
)

// logs is how a command that keeps running writes its log: to standard error, one line each.
type logs struct {
	LogFormat string `default:"text" enum:"text,json" env:"REPRISE_LOG_FORMAT" placeholder:"FORMAT" help:"How log lines are written: text, or json for programs."`
	LogLevel  string `default:"info" enum:"debug,info,warn,error" env:"REPRISE_LOG_LEVEL" placeholder:"LEVEL" help:"The least level that is written: debug, info, warn, error."`
}

// start makes w the process's log.
func (l logs) start(w io.Writer) error {
	var level slog.Level
	if err := level.UnmarshalText([]byte(l.LogLevel)); err != nil {
		return err
	}
	options := &slog.HandlerOptions{Level: level}
	var h slog.Handler = slog.NewTextHandler(w, options)
	if l.forPrograms() {
		h = slog.NewJSONHandler(w, options)
	}
	slog.SetDefault(slog.New(h))
	// What is ours goes through slog. Package log has the word of net/http's client alone, about bytes that a receiver sent
	// unasked, with the bytes: they may repeat the authorization, which no log line may hold (CONTRACT.md §3).
	log.SetOutput(io.Discard)
	return nil
}

// forPrograms reports whether nothing but log lines belongs on standard error.
func (l logs) forPrograms() bool { return l.LogFormat == "json" }
