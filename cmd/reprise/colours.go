package main

import (
	"io"
	"os"
)

// colours reports whether what goes to w may have colours: on a terminal that knows them, unless NO_COLOR says anything
// (no-color.org).
func colours(w io.Writer) bool {
	return terminal(w) && os.Getenv("NO_COLOR") == "" && os.Getenv("TERM") != "dumb"
}
