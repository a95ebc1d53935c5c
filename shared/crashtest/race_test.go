//go:build race

package crashtest

// usualKills is less under the race detector, which slows the receiver down tenfold. The process that is killed is
// never built with it.
const usualKills = 20
