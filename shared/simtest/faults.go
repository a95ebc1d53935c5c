package simtest

import "time"

// Fault is one way in which a step may go wrong.
type Fault string

// Everything that goes wrong here.
const (
	CrashBefore  Fault = "crash before a step"
	CrashAfter   Fault = "crash after a write"
	NotMade      Fault = "write not made"
	AnswerLost   Fault = "write made, answer lost"
	MadeTwice    Fault = "write made twice by itself"
	Partial      Fault = "write made in part"
	ReadFails    Fault = "read failed"
	Slow         Fault = "process stands still for half a minute and more"
	OutOfTime    Fault = "function out of time"
	MessageLost  Fault = "message lost"
	MessageAgain Fault = "message again, late, out of order"
	ReceiveLost  Fault = "message received by nobody"
	StreamAgain  Fault = "stream record again"
	StreamLost   Fault = "stream record lost"
	SweepAgain   Fault = "two sweeps at once"
	DeadLetter   Fault = "dead letter of a message"
	ClockAhead   Fault = "clock some seconds off"

	NoConnection Fault = "receiver: no connection"
	Broken       Fault = "receiver: took it, connection broke"
	TooLate      Fault = "receiver: took it, answered after the timeout"
	Lies         Fault = "receiver: took it, answered 5xx"
	Fails        Fault = "receiver: 5xx"
	TellsWhen    Fault = "receiver: 429 with Retry-After"
	TooMuch      Fault = "receiver: 413"
	Refuses      Fault = "receiver: 401"
	IsGone       Fault = "receiver: 410"
)

// Faults is all of them, in the order of a report.
func Faults() []Fault {
	return []Fault{
		CrashBefore, CrashAfter, NotMade, AnswerLost, MadeTwice, Partial, ReadFails, Slow, OutOfTime,
		MessageLost, MessageAgain, ReceiveLost, StreamAgain, StreamLost, SweepAgain, DeadLetter, ClockAhead,
		NoConnection, Broken, TooLate, Lies, Fails, TellsWhen, TooMuch, Refuses, IsGone,
	}
}

// kind is what sort of step it is: it says which faults it may meet.
type kind int

const (
	reading kind = iota
	writing
	writingParts
	gap     // between two halves of a step, or before the next try
	posting // a POST sets out
	queueing
	paging
	asking // a client's patience between two requests
)

// fate is what becomes of one step.
type fate struct {
	delay   time.Duration
	fault   Fault
	lingers bool   // the answer takes its time, too
	roll    uint64 // for what the step decides by itself
}

// dice is how often things go wrong in this run.
type dice struct {
	rate float64 // of a step
	n    int     // faults drawn so far
	made map[Fault]int
}

// may decides whether a fault that was drawn is let happen, and counts it.
func (w *world) may(f Fault) bool {
	w.faults.n++
	if w.calm || w.o.Kinds[f] || w.o.Faults[w.faults.n] {
		return false
	}
	w.faults.made[f]++
	return true
}

// odds draws: true once in so many times, at the run's rate of trouble.
func (w *world) odds(f Fault, times float64) bool {
	return w.random.Float64() < w.faults.rate*times && w.may(f)
}

// draw is the fate of a step of a kind.
func (w *world) draw(k kind) fate {
	f := fate{roll: w.random.Uint64(), delay: w.delay(k), lingers: w.random.IntN(6) == 0}
	some, times := k.faults()
	if len(some) > 0 {
		fault := some[w.random.IntN(len(some))]
		if w.odds(fault, times) {
			f.fault = fault
		}
	}
	if k != asking && w.odds(Slow, 0.12) {
		f.delay = 30*time.Second + time.Duration(w.random.Int64N(int64(2*time.Minute)))
	}
	return f
}

// faults is what may happen to a step, and how many times as often as to others: of some there are few.
func (k kind) faults() (some []Fault, times float64) {
	switch k {
	case reading:
		return []Fault{ReadFails, CrashBefore}, 1
	case paging:
		return []Fault{ReadFails}, 1
	case writing:
		return []Fault{NotMade, AnswerLost, MadeTwice, CrashBefore, CrashAfter}, 2
	case writingParts:
		return []Fault{NotMade, AnswerLost, MadeTwice, CrashBefore, CrashAfter, Partial, Partial, Partial}, 4
	case queueing, posting:
		return []Fault{CrashBefore}, 1
	default:
		return nil, 0
	}
}

// delay is how long a step takes by nature.
func (w *world) delay(k kind) time.Duration {
	most := 2 * time.Millisecond
	switch n := w.random.IntN(200); {
	case k == asking:
		most = 20 * time.Second
	case n < 150:
	case n < 197 || w.calm:
		most = 150 * time.Millisecond
	default:
		most = 5 * time.Second
	}
	return time.Duration(w.random.Int64N(int64(most)))
}

// skew is how far a process's clock is off.
func (w *world) skew() time.Duration {
	ms := w.random.Int64N(int64(6 * time.Second))
	if !w.odds(ClockAhead, 3) {
		return 0
	}
	return time.Duration(ms) - 3*time.Second
}
