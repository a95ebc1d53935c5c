//go:build !race

package crashtest

import "time"

// usualKills is how often the process is killed in one run.
const usualKills = 200

// unhurried is a millisecond of the process's life, as the receiver feels it.
const unhurried = time.Millisecond
