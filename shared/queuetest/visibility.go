package queuetest

import (
	"context"
	"time"

	"reprise/shared/replay"
)

// visibility is when a message comes again.
func visibility() map[string]func(story) {
	return map[string]func(story){
		"Done takes a slice away":                                                 doneIsGone,
		"Again(0) shows a slice at once":                                          againAtOnce,
		"Again(d) shows a slice after d, not before":                              againLater,
		"a slice whose handler failed is shown when its visibility ends":          failedLater,
		"a slice whose handler hangs is shown when its visibility ends":           hangs,
		"Again(d) may be longer than the visibility":                              againLong,
		"a failure after an Again is hidden for a whole visibility of its own":    failsAfterAgain,
		"a slice that waits keeps its place before the ones that were sent since": keepsItsPlace,
	}
}

func doneIsGone(s story) {
	slices := job(firstJob, 2, 4)
	s.sends(0, slices...)
	s.expects("all came", s.takes(done), slices...)
	s.expects("nothing is left", s.takes(done))
	s.Pass(replay.Lease + leeway)
	s.expects("nothing comes back", s.takes(done))
}

func againAtOnce(s story) {
	slices := job(firstJob, 1, 2)
	s.sends(0, slices...)
	left := 3
	taken := s.takes(func(context.Context, replay.Slice) (replay.Next, error) {
		if left--; left >= 0 {
			return replay.Again(0), nil
		}
		return replay.Done(), nil
	})
	s.expects("the head three times more", taken, slices[0], slices[0], slices[0], slices[0], slices[1])
}

func againLater(s story) {
	slices := job(firstJob, 1, 2)
	s.sends(0, slices...)
	s.expects("the head came", s.takes(again(30*time.Second)), slices[0])
	s.expects("it is not shown at once", s.takes(done))
	s.Pass(30*time.Second - leeway)
	s.expects("nor before its time", s.takes(done))
	s.Pass(2 * leeway)
	s.expects("but then, before the one behind it", s.takes(done), slices...)
}

func failedLater(s story) {
	slices := job(firstJob, 1, 2)
	s.sends(0, slices...)
	s.expects("the head came", s.takes(fails), slices[0])
	s.expects("it is not shown at once", s.takes(done))
	s.Pass(replay.Lease - leeway)
	s.expects("nor while another might still be at it", s.takes(done))
	s.Pass(2 * leeway)
	s.expects("but then, before the one behind it", s.takes(done), slices...)
}

func hangs(s story) {
	slices := job(firstJob, 1, 2)
	s.sends(0, slices...)
	var early, late []replay.Slice
	s.takes(func(context.Context, replay.Slice) (replay.Next, error) {
		s.Pass(replay.Lease - leeway)
		early = s.takes(done)
		s.Pass(2 * leeway)
		late = s.takes(done)
		return replay.Next{}, errHandler
	})
	s.expects("nobody else has it while its visibility lasts", early)
	s.expects("then it comes to another", late, slices...)
	s.expects("who took it away", s.takes(done))
}

func againLong(s story) {
	slices := job(firstJob, 1, 1)
	s.sends(0, slices...)
	s.expects("it came", s.takes(again(3*replay.Lease)), slices...)
	s.Pass(3*replay.Lease - leeway)
	s.expects("the visibility it was received with is of no account now", s.takes(done))
	s.Pass(2 * leeway)
	s.expects("it comes when it was told to", s.takes(done), slices...)
}

func failsAfterAgain(s story) {
	slices := job(firstJob, 1, 1)
	s.sends(0, slices...)
	s.expects("it came", s.takes(again(time.Second)), slices...)
	s.Pass(leeway)
	s.expects("it came again", s.takes(fails), slices...)
	s.Pass(replay.Lease - leeway)
	s.expects("it is hidden", s.takes(done))
	s.Pass(2 * leeway)
	s.expects("and shown", s.takes(done), slices...)
}

func keepsItsPlace(s story) {
	slices := job(firstJob, 1, 3)
	s.sends(0, slices[0])
	s.expects("it came", s.takes(again(10*time.Second)), slices[0])
	s.sends(0, slices[1:]...)
	s.expects("the later ones are behind it", s.takes(done))
	s.Pass(10*time.Second + leeway)
	s.expects("all in order", s.takes(done), slices...)
}

// stale is what a handler answers after the message was received again, by another who has answered already.
type stale struct {
	other, answer handler
	hidden        time.Duration // for how long the other's answer hides the message
	gone          bool          // the other took it away
}

// receipts is every pair of answers to one message received twice: the other's, then the stale one.
func receipts() map[string]stale {
	answers := map[string]handler{"Done": done, "Again": again(0), "an error": fails}
	rows := make(map[string]stale)
	for name, answer := range answers {
		rows[name+" while another has it"] = stale{other: fails, answer: answer, hidden: replay.Lease}
		rows[name+" while it waits as another said"] = stale{other: again(30 * time.Second), answer: answer, hidden: 30 * time.Second}
		rows[name+" after another took it away"] = stale{other: done, answer: answer, gone: true}
	}
	return rows
}

func (r stale) tell(s story) {
	slice := job(firstJob, 1, 1)[0]
	s.sends(0, slice)
	var meanwhile []replay.Slice
	first := s.takes(func(ctx context.Context, got replay.Slice) (replay.Next, error) {
		s.Pass(replay.Lease + leeway)
		meanwhile = s.takes(r.other)
		return r.answer(ctx, got)
	})
	s.expects("the first handler had it once", first, slice)
	s.expects("the other had it, too", meanwhile, slice)
	if r.gone {
		s.Pass(replay.Lease + leeway)
		s.expects("it is gone", s.takes(done))
		return
	}
	s.expects("it is hidden", s.takes(done))
	s.Pass(r.hidden - leeway)
	s.expects("it is hidden for as long as the other's answer says", s.takes(done))
	s.Pass(2 * leeway)
	s.expects("it is there, and shown when the other's answer says", s.takes(done), slice)
}
