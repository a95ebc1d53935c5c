package storetest_test

import (
	"context"
	"errors"
	"strings"
	"testing"

	"reprise/shared/replay"
	"reprise/shared/storetest"
	"reprise/shared/webhook"
)

// sends is a queue that only takes: each message as it was put on.
type sends []replay.Slice

func (q *sends) Send(_ context.Context, _ int, slices ...replay.Slice) error {
	*q = append(*q, slices...)
	return nil
}

func TestOfAWriteOfSeveralTheFirstHalfIsMade(t *testing.T) {
	for n, want := range map[int]int{0: 0, 1: 0, 2: 1, 5: 2, 8: 4} {
		s, ctx := opened(t), t.Context()
		var queue sends
		var all []replay.Slice
		for i := range n {
			all = append(all, slice(i))
		}
		for _, err := range []error{
			storetest.NewFaults(1, storetest.PartlyMade).Store(s).KeepChunks(ctx, here(), chunks(n)),
			storetest.NewFaults(1, storetest.PartlyMade).Store(s).AddCounts(ctx, here(), counts(n)),
			storetest.NewFaults(1, storetest.PartlyMade).Queue(&queue).Send(ctx, 0, all...),
		} {
			if !errors.Is(err, storetest.ErrFault) {
				t.Errorf("got error %v, want %v", err, storetest.ErrFault)
			}
		}
		stored, err := kept(ctx, s)
		if err != nil || stored != want {
			t.Errorf("of %d chunks %d were kept (%v), want %d", n, stored, err, want)
		}
		long := replay.Window{From: noon().AddDate(0, 0, -2), To: noon()}
		if hours, err := s.CountsIn(ctx, here(), long); err != nil || len(hours) != want {
			t.Errorf("of %d hours %d were counted (%v), want %d", n, len(hours), err, want)
		}
		if len(queue) != want || want > 0 && queue[want-1].N != want-1 {
			t.Errorf("of %d slices %d were sent, want the first %d", n, len(queue), want)
		}
	}
}

func TestASendThatFailsIsMadeOrNot(t *testing.T) {
	for kind, want := range map[storetest.Fault]int{storetest.NotMade: 0, storetest.AnswerLost: 2, storetest.PartlyMade: 1} {
		var queue sends
		faults := storetest.NewFaults(1, kind)
		err := faults.Queue(&queue).Send(t.Context(), 0, slice(0), slice(1))
		if !errors.Is(err, storetest.ErrFault) || len(queue) != want || faults.Name() != "Send" {
			t.Errorf("%v: %d sent, %q, error %v; want %d", kind, len(queue), faults.Name(), err, want)
		}
	}
}

func TestAStoreAndItsQueueAreCountedTogether(t *testing.T) {
	var queue sends
	faults := storetest.NewFaults(3, storetest.NotMade)
	store, lane := faults.Store(opened(t)), faults.Queue(&queue)
	for i, want := range []bool{false, false, true, false} {
		var err error
		if i%2 == 0 {
			err = lane.Send(t.Context(), 0, slice(i))
		} else {
			_, err = store.Try(t.Context(), slice(i))
		}
		if errors.Is(err, storetest.ErrFault) != want || faults.Hit() != (i >= 2) {
			t.Errorf("write %d: error %v, hit %t", i+1, err, faults.Hit())
		}
		if want && !strings.Contains(err.Error(), "Send, write 3, not made") {
			t.Errorf("the error does not say what it was: %v", err)
		}
	}
	if faults.Writes() != 4 || faults.Name() != "Send" {
		t.Errorf("%d writes, %q", faults.Writes(), faults.Name())
	}
}

func TestWithoutAFaultTheAnswersAreTheStoresOwn(t *testing.T) {
	faults := storetest.NewFaults(0, storetest.NotMade)
	store, ctx := faults.Store(prepared(t, replay.Running)), t.Context()
	other := before()
	other.JobID = "01K00000000000000000000002"
	if err := store.Accept(ctx, other); !errors.Is(err, replay.ErrConflict) {
		t.Errorf("Accept over running: %v", err)
	}
	p, err := store.Try(ctx, slice(0))
	if err != nil || p.Seq != 2 || p.Starts != 2 {
		t.Errorf("Try: %+v, %v", p, err)
	}
	if generation, err := store.Resend(ctx, slice(0), p); err != nil || generation != 1 {
		t.Errorf("Resend: %d, %v", generation, err)
	}
	plan, err := store.RecordPlan(ctx, replay.Plan{Fence: before().Fence, Lanes: 3})
	if err != nil || plan.Lanes != 3 || !plan.Recorded.Equal(noon()) {
		t.Errorf("RecordPlan: %+v, %v", plan, err)
	}
	if faults.Writes() != 4 || faults.Hit() {
		t.Errorf("%d writes, hit %t", faults.Writes(), faults.Hit())
	}
}

func TestALostAnswerSaysNothingOfWhatWasWritten(t *testing.T) {
	faults := storetest.NewFaults(0, storetest.AnswerLost)
	store, ctx := faults.Store(prepared(t, replay.Running)), t.Context()
	for range 2 { // armed again, it counts anew
		faults.Arm(1, storetest.AnswerLost)
		if p, err := store.Try(ctx, slice(0)); p != (replay.Progress{}) || !errors.Is(err, storetest.ErrFault) {
			t.Errorf("Try: %+v, %v", p, err)
		}
	}
	faults.Arm(2, storetest.AnswerLost)
	if p, err := store.Try(ctx, slice(0)); err != nil || p.Seq != 4 {
		t.Errorf("the two tries whose answers were lost were not both made: %+v, %v", p, err)
	}
	c := webhook.Config{Scope: here(), Version: 9}
	if err := store.SaveWebhook(ctx, c); !errors.Is(err, storetest.ErrFault) || errors.Is(err, replay.ErrConflict) {
		t.Errorf("a conflict whose answer was lost: %v", err)
	}
}
