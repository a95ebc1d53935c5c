// Package boot is the cold start of a function.
package boot
