//go:build race

package crashtest

import "time"

// unhurried is a millisecond of the process's life, as the receiver feels it: the race detector slows the receiver down. The
// process that is killed is never built with it.
const unhurried = 3 * time.Millisecond
