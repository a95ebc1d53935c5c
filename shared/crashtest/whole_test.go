package crashtest

import "os"

// whole is whether everything is to be done that takes long and wants the machine for itself: `make slow` sets it. Else a
// part must do, so that `go test ./...` stays quick, also under the race detector.
var whole = os.Getenv("WHOLE") == "1"

// usualKills is how often the process is killed in one run.
var usualKills = map[bool]int{true: 200, false: 20}[whole]
