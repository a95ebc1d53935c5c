//go:build race

package main

// shadow is how many times more memory a process takes under the race detector.
const shadow = 4
