package local

import (
	"fmt"
	"testing"

	"reprise/shared/access"
)

// held is how much each of n callers gets of a share who take as much as they can, one after another.
func held(s *share, n int) (all []int) {
	for i := range n {
		c, got := access.HashOf(fmt.Sprint(i)), 0
		for s.take(c, 1) {
			got++
		}
		all = append(all, got)
	}
	return all
}

func TestOneCallerLeavesAsMuchAsHeHolds(t *testing.T) {
	s := newShare(maxWaiting >> 10)
	if got, want := fmt.Sprint(held(s, 5)), "[16384 8192 4096 2048 1024]"; got != want {
		t.Errorf("greedy callers get %s KiB, want %s", got, want)
	}
	if s.free != 1024 {
		t.Errorf("%d KiB stay free", s.free)
	}
	for i, n := range []int64{16384, 8192, 4096, 2048, 1024} {
		s.give(access.HashOf(fmt.Sprint(i)), n)
	}
	if s.free != maxWaiting>>10 || len(s.held) > 0 {
		t.Errorf("%d KiB are free, held are %v", s.free, s.held)
	}
}
