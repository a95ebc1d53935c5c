package queuetest

import (
	"context"
	"math"
	"sync"
	"time"

	"reprise/shared/replay"
)

// groups is who waits for whom.
func groups() map[string]func(story) {
	return map[string]func(story){
		"slices come back as they were sent":                                 slicesComeBack,
		"a group's slices come in the order they were sent":                  inOrder,
		"nothing comes of a queue nobody sent to":                            nothingFromNothing,
		"one slice of a group is at work at a time while other groups go on": oneAtATime,
		"handlers side by side never have two slices of a group":             sideBySide,
		"a group whose head waits gives no other":                            headWaits,
		"a slice behind the head comes once the head is gone":                behindTheHead,
	}
}

func slicesComeBack(s story) {
	last := time.Date(9999, 12, 31, 23, 59, 59, 999e6, time.UTC)
	sent := append(job(firstJob, 4, 3),
		replay.Slice{Fence: replay.Fence{Scope: replay.Scope{Org: `Größe "7"/\`, Region: "au"}, JobID: nextJob}, N: 31, Lane: 3, Window: replay.Window{From: last, To: last}},
		replay.Slice{Fence: replay.Fence{Scope: replay.Scope{Org: "o", Region: "us"}, JobID: nextJob}, N: math.MaxInt32, Lane: 2, Window: replay.Window{From: time.Date(1, 1, 1, 0, 0, 0, 1e6, time.UTC), To: last}},
	)
	s.sends(0, sent...)
	s.expects("every field is as it was", s.takes(done), sent...)
}

func inOrder(s story) {
	slices := job(firstJob, 2, 12)
	s.sends(0, slices[:5]...)
	s.sends(0, slices[5:6]...)
	s.sends(0, slices[6:]...)
	s.expects("two lanes, sent in three goes", s.takes(done), slices...)
}

func nothingFromNothing(s story) {
	s.sends(0)
	s.expects("nothing was sent", s.takes(done))
}

func oneAtATime(s story) {
	slices := job(firstJob, 3, 9)
	s.sends(0, slices...)
	var first *replay.Slice
	var meanwhile []replay.Slice
	taken := s.takes(func(_ context.Context, got replay.Slice) (replay.Next, error) {
		if first == nil {
			first = &got
			meanwhile = s.takes(done)
		}
		return replay.Done(), nil
	})
	var same, others []replay.Slice
	for _, slice := range slices {
		if first != nil && group(slice) == group(*first) {
			same = append(same, slice)
		} else {
			others = append(others, slice)
		}
	}
	s.expects("while a lane's first slice was at work all of the other lanes came", meanwhile, others...)
	s.expects("then the rest of its own", taken, same...)
}

// sideBySide is the same with real goroutines.
func sideBySide(s story) {
	slices := job(firstJob, 4, 32)
	s.sends(0, slices...)
	var mu sync.Mutex
	atWork, all := map[string]int{}, []replay.Slice(nil)
	handle := func(_ context.Context, got replay.Slice) (replay.Next, error) {
		mu.Lock()
		all = append(all, got)
		atWork[group(got)]++
		if atWork[group(got)] > 1 {
			s.Errorf("slice %d came while another of its lane was at work", got.N)
		}
		mu.Unlock()
		defer func() {
			mu.Lock()
			atWork[group(got)]--
			mu.Unlock()
		}()
		return replay.Done(), nil
	}
	var hands sync.WaitGroup
	for range 8 {
		hands.Go(func() {
			if err := s.Pump(s.Context(), handle); err != nil {
				s.Errorf("handing over: %v", err)
			}
		})
	}
	hands.Wait()
	s.expects("every slice came once, in its lane's order", all, slices...)
}

func headWaits(s story) {
	slices := job(firstJob, 2, 6)
	s.sends(0, slices...)
	taken := s.takes(func(ctx context.Context, got replay.Slice) (replay.Next, error) {
		if got.N == 0 {
			return replay.Again(time.Minute), nil
		}
		return replay.Done(), nil
	})
	s.expects("lane 0 waits behind its head, lane 1 does not", taken, slices[0], slices[1], slices[3], slices[5])
	s.expects("the head still waits", s.takes(done))
	s.Pass(time.Minute + leeway)
	s.expects("the head comes again, then the ones behind it", s.takes(done), slices[0], slices[2], slices[4])
}

func behindTheHead(s story) {
	slices := job(firstJob, 1, 2)
	s.sends(0, slices...)
	var inside []replay.Slice
	taken := s.takes(func(_ context.Context, got replay.Slice) (replay.Next, error) {
		if got.N == 0 {
			inside = s.takes(done)
		}
		return replay.Done(), nil
	})
	s.expects("nothing came while the head was at work", inside)
	s.expects("one after the other", taken, slices...)
}
