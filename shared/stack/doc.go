// Package stack is what template.yaml describes, on this machine.
package stack
