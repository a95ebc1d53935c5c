package sqlite_test

import "os"

// whole is whether everything is to be done that takes long and wants the machine for itself: `make slow` sets it. Else a
// part must do, so that `go test ./...` stays quick, also under the race detector.
var whole = os.Getenv("WHOLE") == "1"

// faultsApart is how many writes apart the faults of the stories lie; 1: each write fails in turn.
var faultsApart = map[bool]int{true: 1, false: 20}[whole]
