//go:build !race

package storetest

// stride is how many writes apart the faults of the stories lie: each write fails in turn.
const stride = 1
