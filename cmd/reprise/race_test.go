//go:build race

package main

const (
	// shadow is how many times more memory a process takes under the race detector.
	shadow = 4
	// thin is by how much a crowd is thinned out: the detector makes senders and service ten times slower. `make unit` has the
	// whole crowds come once more without it.
	thin = 10
)
