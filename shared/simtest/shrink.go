package simtest

import (
	"errors"
	"maps"
	"testing"

	"reprise/shared/openapitest"
)

// maxShrink bounds the steps of all the runs that a shrink may take: half a minute.
const maxShrink = 1_000_000

// Shrink looks for a smaller run that breaks the same promise: with fewer kinds of faults, fewer actions, fewer faults.
// What it returns was run with Options.Trace; it is the seed's own run where nothing can be left out.
func Shrink(t *testing.T, seed uint64, api *openapitest.File) (Result, Options) {
	s := shrinking{t: t, seed: seed, left: maxShrink}
	first := Run(t, seed, Options{API: api})
	s.promise = promiseOf(first)
	o := Options{API: api, Actions: map[int]bool{}, Kinds: map[Fault]bool{}, Faults: map[int]bool{}}
	for progress := true; progress; {
		progress = false
		for _, f := range Faults() {
			progress = s.without(&o, func(o Options) { o.Kinds[f] = true }) || progress
		}
		for size := first.Actions; size > 0; size /= 2 {
			for from := 0; from < first.Actions; from += size {
				progress = s.without(&o, func(o Options) { leave(o.Actions, from, from+size) }) || progress
			}
		}
		for size := first.FaultsAll; size > 0; size /= 2 {
			for from := 0; from <= first.FaultsAll; from += size {
				progress = s.without(&o, func(o Options) { leave(o.Faults, from, from+size) }) || progress
			}
		}
	}
	o.Trace = true
	return Run(t, seed, o), o
}

// shrinking is one search.
type shrinking struct {
	t       *testing.T
	seed    uint64
	promise string
	left    int // steps
}

// without keeps a change to o if the same promise is still broken.
func (s *shrinking) without(o *Options, change func(Options)) bool {
	next := Options{API: o.API, Actions: maps.Clone(o.Actions), Kinds: maps.Clone(o.Kinds), Faults: maps.Clone(o.Faults)}
	change(next)
	if s.left <= 0 || len(next.Actions)+len(next.Kinds)+len(next.Faults) == len(o.Actions)+len(o.Kinds)+len(o.Faults) {
		return false
	}
	r := Run(s.t, s.seed, next)
	s.left -= r.Steps
	if promiseOf(r) != s.promise {
		return false
	}
	*o = next
	return true
}

func leave(out map[int]bool, from, to int) {
	for i := from; i < to; i++ {
		out[i] = true
	}
}

func promiseOf(r Result) string {
	var p *Promise
	if errors.As(r.Broken, &p) {
		return p.Name
	}
	return ""
}
