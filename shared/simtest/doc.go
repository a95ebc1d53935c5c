// Package simtest runs the real verbs in a world where everything that may go wrong does.
package simtest
