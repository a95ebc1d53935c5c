//go:build race

package simtest_test

// The race detector has seen all that there is to see after some, and makes everything several times slower: `make slow`
// does the whole without it.
const (
	someSeeds   = 20
	faultsApart = 7
)
