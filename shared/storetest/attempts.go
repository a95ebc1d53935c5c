package storetest

import (
	"testing"
	"time"

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
		{"a 410 turns the webhook off and changes nothing else", a410TurnsItOff},
		{"a 410 that turned the webhook off stays its last attempt", a410Stays},
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
	c.Enabled, c.Last = false, gone
	b.configured(t, "the webhook that is gone", c)
}

// a410Stays: whoever meets the webhook off names the job's failure by that 410 (DESIGN.md §3, "Off, then end"), so that an
// answer to a batch that was in flight must not hide it.
func a410Stays(t *testing.T, b *bench) {
	c := b.hooked(t)
	read := c // whoever was in flight read the webhook before it was off
	c.Enabled, c.Last = false, webhook.Attempt{At: b.clock.tick(), Code: 410, Message: "410 Gone"}
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
	c.Last = webhook.Attempt{At: b.clock.tick(), Code: 410, Message: "410 of another lane"}
	b.attempted(t, read, c.Last, true)
	b.configured(t, "the webhook that is gone, said twice", c)
}

// a410BehindALaterAttempt: slices run side by side, and another's answer may be recorded first.
func a410BehindALaterAttempt(t *testing.T, b *bench) {
	c := b.hooked(t)
	gone := webhook.Attempt{At: b.clock.tick(), Code: 410, Message: "410 Gone"}
	b.attempted(t, c, webhook.Attempt{At: b.clock.tick(), Code: 200, OK: true}, false)
	b.attempted(t, c, gone, true)
	c.Enabled, c.Last = false, gone
	b.configured(t, "the webhook that is gone", c)
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
	on := b.hook(c.Scope, 2)
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
	c.Enabled, c.Last = false, gone
	b.configured(t, "the webhook that is gone", c)
}
