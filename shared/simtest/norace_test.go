//go:build !race

package simtest_test

// someSeeds is what make test runs.
const someSeeds = 500
