package simtest_test

import "os"

// whole is whether everything is to be done that takes long and wants the machine for itself: `make slow` sets it. Else a
// part must do, so that `go test ./...` stays quick, also under the race detector.
var whole = os.Getenv("WHOLE") == "1"

var (
	someSeeds   = map[bool]int{true: 500, false: 20}[whole]
	faultsApart = map[bool]int{true: 1, false: 7}[whole] // 1: every write of every story fails in turn
)
