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
	taken, build, join := ahead(func(yield func(chunk.Batch, error) bool) {
		for n := range 5 {
			asked <- n
			if !yield(chunk.Batch{}, nil) {
				return
			}
		}
	})
	<-asked
	<-taken
	build()
	<-asked // the second is built although nobody has taken it
	join()
	if len(asked) != 0 {
		t.Error("the third was built before the second was taken")
	}
}

// How much of a store is read for a slice is the same in each run: a simulation could not make it again else.
func TestNothingIsBuiltThatNobodyWants(t *testing.T) {
	defer goleak.VerifyNone(t)
	for range 1000 {
		begun := 0
		taken, _, join := ahead(func(yield func(chunk.Batch, error) bool) {
			for more := true; more; more = yield(chunk.Batch{}, nil) {
				begun++
			}
		})
		<-taken
		join()
		if begun != 1 {
			t.Fatalf("%d batches were begun, of which one was taken and no other wanted", begun)
		}
	}
}

func TestTheFirstErrorOfTheBuildingIsTheLast(t *testing.T) {
	defer goleak.VerifyNone(t)
	why := errors.New("a damaged chunk")
	taken, _, join := ahead(func(yield func(chunk.Batch, error) bool) {
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
	taken, _, join := ahead(func(func(chunk.Batch, error) bool) { panic("out of range") })
	defer join()
	if b := <-taken; b.err == nil || !strings.Contains(b.err.Error(), "panic: out of range") {
		t.Error(b.err)
	}
}
