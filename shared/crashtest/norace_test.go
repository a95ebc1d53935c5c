//go:build !race

package crashtest

// usualKills is how often the process is killed in one run.
const usualKills = 200
