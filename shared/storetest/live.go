package storetest

import (
	"maps"
	"testing"

	"github.com/google/go-cmp/cmp"

	"reprise/shared/replay"
)

// liveGuarantees: the sweep finds every job that has yet to end (DESIGN.md §7).
func liveGuarantees() []guarantee {
	return []guarantee{
		{"nothing is live in an empty store", func(t *testing.T, b *bench) { b.live(t, nil) }},
		{"every live job is found and no ended one", everyLiveJobIsFound},
		{"a job is live from its PUT to its end", aJobIsLiveToItsEnd},
		{"more live jobs than a page are found", manyLiveJobsAreFound},
		{"live jobs may be ended while they are being read", liveJobsMayBeEnded},
		{"whoever stops reading live jobs is in nobody's way", stoppingEarly},
	}
}

// live waits until the live scopes are those: an index may be behind, never for ever. A scope may come twice.
func (b *bench) live(t *testing.T, want map[replay.Scope]bool) {
	t.Helper()
	var diff string
	for range 500 {
		got := make(map[replay.Scope]bool)
		for at, err := range b.Live(t.Context()) {
			expect(t, "Live", err, nil)
			got[at] = true
		}
		if maps.Equal(got, want) {
			return
		}
		diff = cmp.Diff(want, got)
	}
	t.Fatalf("the live scopes (-want +got):\n%s", diff)
}

func everyLiveJobIsFound(t *testing.T, b *bench) {
	want := make(map[replay.Scope]bool)
	for range 2 {
		org := b.scope().Org
		for i, status := range statuses() {
			job := b.reached(t, replay.Scope{Org: org, Region: string(rune('a' + i))}, status)
			if status.Live() {
				want[job.Scope] = true
			}
		}
	}
	b.live(t, want)
}

func aJobIsLiveToItsEnd(t *testing.T, b *bench) {
	for _, end := range []move{complete(), fail()} {
		at := b.scope()
		mine := map[replay.Scope]bool{at: true}
		f := b.accepted(t, at).Fence
		for _, m := range []move{pend(), run(), end} {
			b.live(t, mine)
			expect(t, m.name, m.make(t.Context(), b, f), nil)
		}
		b.live(t, nil)
		f = b.accepted(t, at).Fence // a new PUT of the same scope
		b.live(t, mine)
		expect(t, "Fail", b.Fail(t.Context(), f, someFailure(), replay.Tally{}), nil)
		b.live(t, nil)
	}
}

func manyLiveJobsAreFound(t *testing.T, b *bench) {
	want := make(map[replay.Scope]bool)
	for range 30 {
		for _, job := range b.trio(b.scope().Org) {
			expect(t, "Accept", b.Accept(t.Context(), job), nil)
			want[job.Scope] = true
		}
	}
	b.live(t, want)
}

// liveJobsMayBeEnded does what the sweep does: it reads and writes before it asks for the next.
func liveJobsMayBeEnded(t *testing.T, b *bench) {
	want := make(map[replay.Scope]bool)
	for range 12 {
		want[b.accepted(t, b.scope()).Scope] = true
	}
	b.live(t, want)
	ended := make(map[replay.Scope]bool)
	for at, err := range b.Live(t.Context()) {
		expect(t, "Live", err, nil)
		if job := b.job(t, at); job.Status.Live() {
			expect(t, "Fail", b.Fail(t.Context(), job.Fence, someFailure(), replay.Tally{}), nil)
			ended[at] = true
		}
	}
	same(t, "the jobs that were read and ended", ended, want)
	b.live(t, nil)
}

func stoppingEarly(t *testing.T, b *bench) {
	at := b.accepted(t, b.scope()).Scope
	b.accepted(t, b.scope())
	for range 100 { // more often than a store has connections
		for _, err := range b.Live(t.Context()) {
			expect(t, "Live", err, nil)
			break
		}
	}
	job := b.accepted(t, at)
	same(t, "the job put afterwards", b.job(t, at), job)
}
