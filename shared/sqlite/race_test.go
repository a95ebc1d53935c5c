//go:build race

package sqlite_test

// faultsApart is how many writes apart the faults of the stories lie. The race detector makes a SQLite in Go ten times
// slower, and a story has one thread but for the batch that is built ahead: there every twentieth write will do.
// Without the detector each write fails in turn.
const faultsApart = 20
