//go:build !race

package main

const (
	// shadow is how many times more memory a process takes under the race detector.
	shadow = 1
	// thin is by how much a crowd is thinned out.
	thin = 1
)
