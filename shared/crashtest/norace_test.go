//go:build !race

package crashtest

import "time"

// unhurried is a millisecond of the process's life, as the receiver feels it.
const unhurried = time.Millisecond
