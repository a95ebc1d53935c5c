package local

import (
	"sync"

	"reprise/shared/access"
)

// caller is who sends a request, by the token that it bears: everybody without one is the same.
type caller = access.Hash

// share is a number of something that callers hold for as long as they like. Each may hold as much as he leaves free, and no
// more: one, stalling or dripping at whatever pace, holds half at most. The next may hold half of what is left: were n callers
// to conspire, a 2^n-th would stay free, and half of that for one more. Of 32 MiB, one leaves room for two bodies of 4 MiB
// of another caller, three leave it for two of 1 MiB; shorter ones still come through when five do. Who holds what is never
// taken away: nothing that is on its way is lost to somebody who comes later.
type share struct {
	mu   sync.Mutex
	free int64
	held map[caller]int64 // more than 0
}

func newShare(all int64) *share { return &share{free: all, held: make(map[caller]int64)} }

// take takes n more, or nothing where c would hold more than is left.
func (s *share) take(c caller, n int64) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.held[c]+n > s.free-n {
		return false
	}
	s.held[c] += n
	s.free -= n
	return true
}

// give takes back n that were taken.
func (s *share) give(c caller, n int64) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.free += n
	if s.held[c] -= n; s.held[c] == 0 {
		delete(s.held, c)
	}
}
