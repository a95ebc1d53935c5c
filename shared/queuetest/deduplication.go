package queuetest

import (
	"context"

	"reprise/shared/replay"
)

// deduplicated is what may be sent again.
func deduplicated() map[string]func(story) {
	return map[string]func(story){
		"a generation sent again within five minutes adds nothing":                    againNothing,
		"a generation sent again after its slices were handled adds nothing":          handledNothing,
		"a slice given twice in one Send is one message":                              twiceInOne,
		"the next generation is another message":                                      nextGeneration,
		"a generation may come again after more than five minutes":                    afterFiveMinutes,
		"a Send that is partly a repetition adds what is new in order":                partlyNew,
		"two jobs and two slices with digits alike are told apart":                    idsAlike,
		"a generation sent again while its slice is at work adds nothing":             atWorkNothing,
		"a resent slice waits behind the message of the generation before":            behindGenerations,
		"a repetition adds nothing behind a slice that waits for its receiver's time": waitingNothing,
	}
}

func againNothing(s story) {
	slices := job(firstJob, 2, 6)
	s.sends(0, slices...)
	s.sends(0, slices...)
	s.Pass(deduplication - leeway)
	s.sends(0, slices...)
	s.expects("once each", s.takes(done), slices...)
}

func handledNothing(s story) {
	slices := job(firstJob, 2, 6)
	s.sends(0, slices...)
	s.expects("once each", s.takes(done), slices...)
	s.sends(0, slices...)
	s.expects("not again at once", s.takes(done))
	s.Pass(deduplication - leeway)
	s.sends(0, slices...)
	s.expects("nor almost five minutes later", s.takes(done))
}

func twiceInOne(s story) {
	slices := job(firstJob, 1, 2)
	s.sends(0, slices[0], slices[1], slices[0])
	s.expects("once each", s.takes(done), slices...)
}

func nextGeneration(s story) {
	slices := job(firstJob, 2, 2)
	s.sends(0, slices...)
	s.expects("the first", s.takes(done), slices...)
	s.sends(1, slices[1])
	s.expects("the slice that was sent again", s.takes(done), slices[1])
	s.sends(1, slices[1])
	s.sends(0, slices[1])
	s.expects("neither generation again", s.takes(done))
	s.sends(2, slices[1])
	s.expects("the one after", s.takes(done), slices[1])
}

func afterFiveMinutes(s story) {
	slices := job(firstJob, 1, 2)
	s.sends(0, slices...)
	s.expects("once each", s.takes(done), slices...)
	s.Pass(deduplication + leeway)
	s.sends(0, slices...)
	s.expects("once more each", s.takes(done), slices...)
	s.sends(0, slices...)
	s.expects("which begins five minutes anew", s.takes(done))
}

func partlyNew(s story) {
	slices := job(firstJob, 2, 8)
	s.sends(0, slices[:3]...)
	s.sends(0, slices...)
	s.expects("once each, in order", s.takes(done), slices...)
}

func idsAlike(s story) {
	// 1/11 of one job and 11/1 of another would be the same, were the parts only joined.
	one, other := job("01J800000000000000000000A", 1, 12), job("01J800000000000000000000A1", 1, 12)
	s.sends(0, one...)
	s.sends(1, one...)
	s.sends(0, other...)
	s.sends(11, one[1])
	s.sends(1, one[11])
	want := append(append(append([]replay.Slice(nil), one...), one...), one[1])
	s.expects("every message but the repeated one", s.takes(done), append(want, other...)...)
}

func atWorkNothing(s story) {
	slices := job(firstJob, 1, 2)
	s.sends(0, slices...)
	repeated := false
	taken := s.takes(func(context.Context, replay.Slice) (replay.Next, error) {
		if !repeated { // once: a queue that takes it would never be empty
			repeated = true
			s.sends(0, slices...)
		}
		return replay.Done(), nil
	})
	s.expects("once each", taken, slices...)
}

func behindGenerations(s story) {
	slice := job(firstJob, 1, 1)[0]
	s.sends(0, slice)
	s.expects("its handler failed", s.takes(fails), slice)
	s.sends(1, slice)
	s.expects("the next generation does not overtake it", s.takes(done))
	s.Pass(replay.Lease + leeway)
	s.expects("both come, one after the other", s.takes(done), slice, slice)
}

func waitingNothing(s story) {
	slices := job(firstJob, 1, 2)
	s.sends(0, slices...)
	s.expects("the head waits", s.takes(again(deduplication/2)), slices[0])
	s.sends(0, slices...)
	s.Pass(deduplication/2 + leeway)
	s.expects("once each", s.takes(done), slices...)
}
