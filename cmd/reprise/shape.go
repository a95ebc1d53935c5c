package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
)

// shape is how a result is shown. JSON is one value for programs; what the API answered is passed on as it came.
type shape struct {
	Output string `short:"o" default:"table" enum:"table,json" env:"REPRISE_OUTPUT" placeholder:"FORMAT" help:"How it is shown: table, or json for programs."`
}

func (s shape) json() bool { return s.Output == "json" }

func writeJSON(w io.Writer, value any) error {
	e := json.NewEncoder(w)
	e.SetEscapeHTML(false)
	e.SetIndent("", "  ")
	return e.Encode(value)
}

// passOn writes an answer of the API as it came, one line of its own.
func passOn(w io.Writer, raw []byte) error {
	_, err := fmt.Fprintf(w, "%s\n", bytes.TrimSpace(raw))
	return err
}
