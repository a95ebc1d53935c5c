package storetest

import (
	"testing"
	"time"

	"reprise/shared/replay"
	"reprise/shared/webhook"
)

// attemptGuarantees: what was tried is known only of the version that was used (DESIGN.md §3, the last row of the table).
func attemptGuarantees() []guarantee {
	return []guarantee{
		{"an attempt on the stored version is recorded and changes nothing else", anAttemptIsRecorded},
		{"a later attempt takes the place of an earlier one", aLaterAttempt},
		{"an attempt does not go over a later one", anEarlierAttempt},
		{"an attempt on another version changes nothing", anAttemptOnAnotherVersion},
		{"an attempt on a webhook that was never saved changes nothing", anAttemptOnNothing},
		{"a 410 turns the webhook off, takes the next version and changes nothing else", a410TurnsItOff},
		{"a webhook that was merged before a 410 turned it off is not saved", a410GoesBeforeAMerge},
		{"what was in flight does not go over the 410 that turned the webhook off", a410Stays},
		{"a webhook that is gone can be tried, and stays gone", triedWhileGone},
		{"a 410 turns the webhook off and is recorded though another lane's later answer is", a410BehindALaterAttempt},
		{"an old 410 turns nothing off after the webhook was changed", anOld410},
		{"a webhook that was turned off can be saved again, and tried", turnedOnAgain},
		{"of attempts that race the latest stays", attemptsRace},
		{"of attempts that race a 410 the 410 stays", attemptsRaceA410},
	}
}

// attempted records an attempt made with c.
func (b *bench) attempted(t *testing.T, c webhook.Config, a webhook.Attempt, off bool) {
	t.Helper()
	expect(t, "Attempted", b.Attempted(t.Context(), c, a, off), nil)
}

func anAttemptIsRecorded(t *testing.T, b *bench) {
	for _, a := range []webhook.Attempt{
		{Code: 200, Message: "200 OK", OK: true},
		{Code: 0, Message: "dial tcp: connection refused · “nein”"},
		{Code: 500, Message: ""},
	} {
		c := b.hooked(t)
		a.At = b.clock.tick()
		b.attempted(t, c, a, false)
		c.Last = a
		b.configured(t, "the webhook with its attempt", c)
	}
}

func aLaterAttempt(t *testing.T, b *bench) {
	c := b.hooked(t)
	for i := range 3 {
		read := c // whoever made the attempt may have read the webhook before the one that is stored
		read.Last = webhook.Attempt{}
		c.Last = webhook.Attempt{At: b.clock.tick(), Code: 200 + i, OK: i%2 == 0}
		b.attempted(t, read, c.Last, false)
		b.configured(t, "the webhook with the later attempt", c)
	}
}

func anEarlierAttempt(t *testing.T, b *bench) {
	c := b.hooked(t)
	c.Last = webhook.Attempt{At: b.clock.tick(), Code: 200, Message: "200 OK", OK: true}
	b.attempted(t, c, c.Last, false)
	for _, before := range []time.Duration{time.Millisecond, time.Hour} {
		b.attempted(t, c, webhook.Attempt{At: c.Last.At.Add(-before), Code: 503, Message: "503"}, false)
		b.configured(t, "the webhook with the later attempt", c)
	}
}

func anAttemptOnAnotherVersion(t *testing.T, b *bench) {
	first := b.hooked(t)
	b.clock.tick()
	c := b.hook(first.Scope, 2)
	c.Last = webhook.Attempt{At: b.clock.tick(), Code: 200, OK: true}
	expect(t, "SaveWebhook", b.SaveWebhook(t.Context(), c), nil)
	other := c
	for _, version := range []int{0, 1, 3, 4} {
		for _, off := range []bool{false, true} {
			other.Version = version
			b.attempted(t, other, webhook.Attempt{At: b.clock.tick(), Code: 503}, off)
			b.configured(t, "version 2", c)
		}
	}
}

func anAttemptOnNothing(t *testing.T, b *bench) {
	at := b.scope()
	for _, off := range []bool{false, true} {
		b.attempted(t, b.hook(at, 1), webhook.Attempt{At: b.clock.tick(), Code: 503}, off)
		b.configured(t, "nothing", webhook.Config{Scope: at})
	}
	c := b.hook(at, 1)
	expect(t, "SaveWebhook", b.SaveWebhook(t.Context(), c), nil)
	b.configured(t, "the first version", c)
}

func a410TurnsItOff(t *testing.T, b *bench) {
	c := b.hooked(t)
	gone := webhook.Attempt{At: b.clock.tick(), Code: 410, Message: "410 Gone"}
	b.attempted(t, c, gone, true)
	b.configured(t, "the webhook that is gone", turnedOff(c, gone))
}

// turnedOff is c after a 410.
func turnedOff(c webhook.Config, gone webhook.Attempt) webhook.Config {
	c.Version, c.Enabled, c.Gone, c.Last = c.Version+1, false, true, gone
	return c
}

// a410GoesBeforeAMerge: a PATCH that says nothing of on and off must not turn on what it read as on.
func a410GoesBeforeAMerge(t *testing.T, b *bench) {
	c := b.hooked(t)
	merged := b.hook(c.Scope, 2)
	gone := webhook.Attempt{At: b.clock.tick(), Code: 410, Message: "410 Gone"}
	b.attempted(t, c, gone, true)
	expect(t, "SaveWebhook", b.SaveWebhook(t.Context(), merged), replay.ErrConflict)
	b.configured(t, "the webhook that is gone", turnedOff(c, gone))
}

// triedWhileGone: an admin may test a webhook that is off. Whoever meets it off names the job's failure by the 410 all the
// same (DESIGN.md §3, "Off, then end").
func triedWhileGone(t *testing.T, b *bench) {
	c := b.hooked(t)
	b.attempted(t, c, webhook.Attempt{At: b.clock.tick(), Code: 410}, true)
	c = turnedOff(c, webhook.Attempt{At: b.clock.tick(), Code: 204, Message: "204 No Content", OK: true})
	b.attempted(t, c, c.Last, false)
	b.configured(t, "the webhook that is gone, tried", c)
}

// a410Stays: an answer to a batch that was in flight says nothing of a receiver that is gone.
func a410Stays(t *testing.T, b *bench) {
	c := b.hooked(t)
	read := c // whoever was in flight read the webhook before it was off
	c = turnedOff(c, webhook.Attempt{At: b.clock.tick(), Code: 410, Message: "410 Gone"})
	b.attempted(t, read, c.Last, true)
	for _, late := range []webhook.Attempt{
		{Code: 200, Message: "200 OK", OK: true},
		{Code: 503, Message: "503 Service Unavailable"},
		{Message: "timeout"},
		{Code: 410, Message: "410 once more"},
	} {
		late.At = b.clock.tick()
		b.attempted(t, read, late, false)
		b.configured(t, "the webhook that is gone", c)
	}
	b.attempted(t, read, webhook.Attempt{At: b.clock.tick(), Code: 410, Message: "410 of another lane"}, true)
	b.configured(t, "the webhook that is gone, said twice", c)
}

// a410BehindALaterAttempt: slices run side by side, and another's answer may be recorded first.
func a410BehindALaterAttempt(t *testing.T, b *bench) {
	c := b.hooked(t)
	gone := webhook.Attempt{At: b.clock.tick(), Code: 410, Message: "410 Gone"}
	b.attempted(t, c, webhook.Attempt{At: b.clock.tick(), Code: 200, OK: true}, false)
	b.attempted(t, c, gone, true)
	b.configured(t, "the webhook that is gone", turnedOff(c, gone))
}

func anOld410(t *testing.T, b *bench) {
	old := b.hooked(t)
	b.clock.tick()
	c := b.hook(old.Scope, 2)
	expect(t, "SaveWebhook", b.SaveWebhook(t.Context(), c), nil)
	b.attempted(t, old, webhook.Attempt{At: b.clock.tick(), Code: 410}, true)
	b.configured(t, "the webhook that was changed", c)
}

func turnedOnAgain(t *testing.T, b *bench) {
	c := b.hooked(t)
	gone := webhook.Attempt{At: b.clock.tick(), Code: 410}
	b.attempted(t, c, gone, true)
	b.clock.tick()
	on := b.hook(c.Scope, 3)
	on.Last = gone // a change keeps what was tried
	expect(t, "SaveWebhook over the version that was turned off", b.SaveWebhook(t.Context(), on), nil)
	b.configured(t, "the webhook that is on again", on)
	on.Last = webhook.Attempt{At: b.clock.tick(), Code: 200, OK: true}
	b.attempted(t, on, on.Last, false)
	b.configured(t, "the webhook that is on again", on)
}

func attemptsRace(t *testing.T, b *bench) {
	c := b.hooked(t)
	now := b.clock.tick()
	attempt := func(i int) webhook.Attempt {
		return webhook.Attempt{At: now.Add(time.Duration(i) * time.Millisecond), Code: 200 + i, OK: true}
	}
	const callers = 16
	for _, err := range together(callers, func(i int) error {
		return b.Attempted(t.Context(), c, attempt((i*7)%callers), false)
	}) {
		expect(t, "Attempted", err, nil)
	}
	c.Last = attempt(callers - 1)
	b.configured(t, "the webhook with the latest attempt", c)
}

func attemptsRaceA410(t *testing.T, b *bench) {
	c := b.hooked(t)
	now := b.clock.tick()
	gone := webhook.Attempt{At: now, Code: 410, Message: "410 Gone"}
	const callers = 16
	for _, err := range together(callers, func(i int) error {
		if i == callers/2 {
			return b.Attempted(t.Context(), c, gone, true)
		}
		later := webhook.Attempt{At: now.Add(time.Duration(i+1) * time.Millisecond), Code: 200, OK: true}
		return b.Attempted(t.Context(), c, later, false)
	}) {
		expect(t, "Attempted", err, nil)
	}
	b.configured(t, "the webhook that is gone", turnedOff(c, gone))
}
