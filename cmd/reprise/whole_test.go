package main

import "os"

// whole is whether everything is to be done that takes long and wants the machine for itself: `make slow` sets it. Else a
// part must do, so that `go test ./...` stays quick, also under the race detector.
var whole = os.Getenv("WHOLE") == "1"

// thin is by how much a crowd is thinned out.
var thin = map[bool]int{true: 1, false: 10}[whole]
