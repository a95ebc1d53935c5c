//go:build race

package crashtest

import "time"

// usualKills is less under the race detector, which slows the receiver down tenfold. The process that is killed is
// never built with it.
const usualKills = 20

// unhurried is a millisecond of the process's life, as the receiver feels it.
const unhurried = 3 * time.Millisecond
