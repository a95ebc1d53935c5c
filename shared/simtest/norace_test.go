//go:build !race

package simtest_test

const (
	someSeeds   = 500
	faultsApart = 1 // every write of every story fails in turn
)
