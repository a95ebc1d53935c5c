package queuetest

import (
	"context"

	"reprise/shared/replay"
)

// limits is how often a message may come.
func limits() map[string]func(story) {
	return map[string]func(story){
		"a slice received too often becomes a dead letter that names its job": deadLetter,
		"a slice shown again and again is retired, not a dead letter":         retired,
		"a slice that was handled is no dead letter":                          noDeadLetter,
	}
}

func (s story) dead() []replay.Slice {
	s.Helper()
	dead, err := s.Dead(s.Context())
	if err != nil {
		s.Fatalf("reading the dead letters: %v", err)
	}
	return dead
}

func deadLetter(s story) {
	slices := job(firstJob, 1, 2)
	s.sends(0, slices...)
	received, behind := 0, 0
	// Short of retirement it is shown at once, which costs no time; then only a failure leaves it on the queue.
	handle := func(_ context.Context, got replay.Slice) (replay.Next, error) {
		if got.N == 1 {
			behind++
			return replay.Done(), nil
		}
		if received++; received < replay.RetireReceives {
			return replay.Again(0), nil
		}
		return replay.Next{}, errHandler
	}
	for range replay.MaxReceives - replay.RetireReceives + 1 {
		s.takes(handle)
		if behind > 0 {
			s.Fatalf("given up after %d receives, want %d", received, replay.MaxReceives)
		}
		s.Pass(replay.Lease + leeway)
	}
	s.takes(handle)
	if received != replay.MaxReceives {
		s.Errorf("received %d times, want %d", received, replay.MaxReceives)
	}
	if behind != 1 {
		s.Errorf("the slice behind it came %d times, want once", behind)
	}
	dead := s.dead()
	if len(dead) != 1 || dead[0].Fence != slices[0].Fence {
		s.Errorf("dead letters are %+v, want one of %+v", dead, slices[0].Fence)
	}
	s.Pass(replay.Lease + leeway)
	s.expects("a dead letter never comes back", s.takes(done))
}

func retired(s story) {
	slices := job(firstJob, 1, 2)
	s.sends(0, slices...)
	received := 0
	taken := s.takes(func(_ context.Context, got replay.Slice) (replay.Next, error) {
		if got.N == 1 {
			return replay.Done(), nil
		}
		received++
		return replay.Again(0), nil
	})
	if received != replay.RetireReceives {
		s.Errorf("received %d times, want %d", received, replay.RetireReceives)
	}
	if last := taken[len(taken)-1]; last.N != 1 {
		s.Error("the slice behind it never came")
	}
	if dead := s.dead(); len(dead) != 0 {
		s.Errorf("dead letters are %+v, want none", dead)
	}
	s.sends(1, slices[0])
	s.expects("the next generation carries on", s.takes(done), slices[0])
}

func noDeadLetter(s story) {
	slices := job(firstJob, 2, 4)
	s.sends(0, slices...)
	s.expects("their handlers failed once", s.takes(fails), slices[:2]...)
	s.Pass(replay.Lease + leeway)
	s.expects("all came", s.takes(done), slices...)
	if dead := s.dead(); len(dead) != 0 {
		s.Errorf("dead letters are %+v, want none", dead)
	}
}
