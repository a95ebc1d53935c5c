//go:build race

package simtest_test

// someSeeds is few: the race detector has seen all there is to see after some, and makes each ten times slower.
const someSeeds = 40
