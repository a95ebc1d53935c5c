package deliver

import (
	"errors"
	"strings"
	"testing"

	"go.uber.org/goleak"

	"reprise/shared/chunk"
)

func TestABatchIsBuiltAheadAndNoMoreThanOne(t *testing.T) {
	defer goleak.VerifyNone(t)
	asked := make(chan int, 10)
	taken, join := ahead(func(yield func(chunk.Batch, error) bool) {
		for n := range 5 {
			asked <- n
			if !yield(chunk.Batch{}, nil) {
				return
			}
		}
	})
	<-asked
	<-taken
	<-asked // the second is built although nobody has asked for it
	join()
	if len(asked) != 0 {
		t.Error("the third was built before the second was taken")
	}
}

func TestTheFirstErrorOfTheBuildingIsTheLast(t *testing.T) {
	defer goleak.VerifyNone(t)
	why := errors.New("a damaged chunk")
	taken, join := ahead(func(yield func(chunk.Batch, error) bool) {
		if yield(chunk.Batch{}, why) {
			t.Error("it went on after an error")
		}
	})
	defer join()
	if b := <-taken; !errors.Is(b.err, why) {
		t.Error(b.err)
	}
	if b, more := <-taken; more {
		t.Error(b)
	}
}

func TestAPanicInTheBuildingIsAnErrorOfThatSlice(t *testing.T) {
	defer goleak.VerifyNone(t)
	taken, join := ahead(func(func(chunk.Batch, error) bool) { panic("out of range") })
	defer join()
	if b := <-taken; b.err == nil || !strings.Contains(b.err.Error(), "panic: out of range") {
		t.Error(b.err)
	}
}
