//go:build !race

package sqlite_test

// faultsApart is how many writes apart the faults of the stories lie: each write fails in turn.
const faultsApart = 1
