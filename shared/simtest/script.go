package simtest

import (
	"fmt"
	"math/rand/v2"
	"time"

	"reprise/shared/auditlog"
	"reprise/shared/replay"
)

// script is what people do in a run: drawn before it begins, so that a shrink can leave some of it out.
type script struct {
	scopes    []replay.Scope
	receivers map[replay.Scope]*receiver
	lanes     int
	patience  time.Duration
	trouble   time.Duration // how long faults last
	actions   []action
}

// action is something that somebody does at a moment.
type action struct {
	at   time.Duration
	what deed
	in   replay.Scope // region global for a request that is about all of them
	size int          // of whatever it is
	roll uint64
}

type deed string

const (
	produce  deed = "produce"
	put      deed = "PUT"
	get      deed = "GET"
	patch    deed = "PATCH"
	cancel   deed = "DELETE"
	goDown   deed = "receiver goes down"
	comeBack deed = "receiver comes back"
)

// history is how far back entries lie.
const history = 3 * time.Hour

// write draws a script.
func write(random *rand.Rand) script {
	s := script{receivers: make(map[replay.Scope]*receiver)}
	orgs, regions := 1+random.IntN(2), 1+random.IntN(2)
	for o := range orgs {
		for r := range regions {
			s.scopes = append(s.scopes, replay.Scope{Org: fmt.Sprintf("org-%d", o), Region: []string{"eu", "us"}[r]})
		}
	}
	ill := []float64{0.2, 0.4, 0.6, 0.9}
	for _, at := range s.scopes {
		limit := []int{0, 2 << 10, 4 << 10, 12 << 10}[random.IntN(4)]
		s.receivers[at] = &receiver{at: at, format: anyFormat(random), limit: limit, ill: ill[random.IntN(len(ill))]}
	}
	s.lanes = 1 + random.IntN(4)
	s.patience = time.Duration(3+random.IntN(20)*random.IntN(4)) * time.Minute
	s.trouble = time.Duration(15+random.IntN(60)) * time.Minute
	s.fill(random)
	return s
}

// anyFormat is most often json, which costs no signatures.
func anyFormat(random *rand.Rand) auditlog.Format {
	return []auditlog.Format{auditlog.JSON, auditlog.JSON, auditlog.CPS, auditlog.CEF}[random.IntN(4)]
}

// fill draws who does what when.
func (s *script) fill(random *rand.Rand) {
	add := func(n int, what deed, early bool) {
		for range n {
			at := time.Duration(random.Int64N(int64(s.trouble)))
			if early && random.IntN(2) == 0 {
				at /= 20
			}
			in := s.scopes[random.IntN(len(s.scopes))]
			if (what == put || what == get || what == cancel) && random.IntN(4) == 0 {
				in.Region = replay.GlobalRegion
			}
			s.actions = append(s.actions, action{at, what, in, 1 + random.IntN(70), random.Uint64()})
		}
	}
	add(8+random.IntN(8), produce, true)
	add(6+random.IntN(4*len(s.scopes)+3), put, true)
	add(10+random.IntN(10), get, false)
	add(random.IntN(6), patch, false)
	add(random.IntN(5), cancel, false)
	for range random.IntN(3) {
		in := s.scopes[random.IntN(len(s.scopes))]
		down := time.Duration(random.Int64N(int64(s.trouble)))
		s.actions = append(s.actions, action{down, goDown, in, 0, 0},
			action{down + time.Duration(random.Int64N(int64(40*time.Minute))), comeBack, in, 0, 0})
	}
}
