package replay_test

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"reprise/shared/replay"
)

func TestTheDrawnTransitionsAreTheOnlyOnes(t *testing.T) {
	all := []replay.Status{replay.Unconfigured, replay.Accepted, replay.Pending, replay.Running, replay.Completed, replay.Failed}
	drawn := map[replay.Status][]replay.Status{ // the arrows of the package comment
		replay.Accepted:  {replay.Accepted, replay.Pending, replay.Failed},
		replay.Pending:   {replay.Accepted, replay.Running, replay.Completed, replay.Failed},
		replay.Running:   {replay.Completed, replay.Failed},
		replay.Completed: {replay.Accepted},
		replay.Failed:    {replay.Accepted},
	}
	got := make(map[replay.Status][]replay.Status)
	for _, from := range all {
		for _, to := range all {
			if from.May(to) {
				got[from] = append(got[from], to)
			}
		}
	}
	if diff := cmp.Diff(drawn, got); diff != "" {
		t.Error(diff)
	}
	for _, s := range all {
		if want := s == replay.Accepted || s == replay.Pending || s == replay.Running; s.Live() != want {
			t.Errorf("%s: live %v", s, s.Live())
		}
	}
}

func TestProgressGoesForward(t *testing.T) {
	var p replay.Progress
	p = p.Start(noon)
	if diff := cmp.Diff(replay.Progress{Seq: 1, Starts: 1, Due: noon.Add(replay.Lease)}, p); diff != "" {
		t.Error("a try is counted before the work:", diff)
	}
	if p.BatchLimit() != replay.BatchLimit {
		t.Error("limit", p.BatchLimit())
	}
	p = p.Wait(30*time.Second, noon)
	if diff := cmp.Diff(replay.Progress{Seq: 2, Attempts: 1, Since: noon, Due: noon.Add(30 * time.Second)}, p); diff != "" {
		t.Error("a wait moves the due time and forgets the tries:", diff)
	}
	long := p.Wait(5*time.Minute, noon).Start(noon.Add(time.Minute))
	for at, want := range map[time.Duration]time.Duration{
		time.Minute:                      4 * time.Minute,
		5*time.Minute - replay.Lease:     0, // a message that nobody hid for longer was hidden for that long
		5*time.Minute - replay.Lease - 1: replay.Lease + 1,
	} {
		if got := long.Early(noon.Add(at)); got != want {
			t.Errorf("%v after a wait of five minutes began, and a try: early by %v, want %v", at, got, want)
		}
	}
	later := noon.Add(time.Minute)
	if p = p.Wait(time.Second, later); p.Attempts != 2 || !p.Since.Equal(noon) {
		t.Errorf("a second wait counts from the first: %+v", p)
	}
	if p = p.Halve(1<<20, later); p.Limit != 1<<19 || p.BatchLimit() != 1<<19 || p.Attempts != 2 {
		t.Errorf("halved: %+v", p)
	}
	p = p.Step(replay.Cursor{Chunk: "c", Line: 3}, replay.Tally{Batches: 1, Entries: 3, Bytes: 900}, later)
	want := replay.Progress{Seq: 5, Cursor: replay.Cursor{Chunk: "c", Line: 3}, Due: later.Add(replay.Lease), Limit: 1 << 19, Tally: replay.Tally{Batches: 1, Entries: 3, Bytes: 900}}
	if diff := cmp.Diff(want, p); diff != "" {
		t.Error("a 2xx moves the cursor, forgets the attempts, keeps the limit:", diff)
	}
	p = p.Resend(later)
	if p = p.End(later); !p.Done || p.Seq != 7 || p.Generation != 1 || p.Tally.Entries != 3 {
		t.Errorf("ended: %+v", p)
	}
}

func TestTenStartsWithNothingRecordedExhaustASlice(t *testing.T) {
	var p replay.Progress
	for n := range replay.MaxStarts {
		if p = p.Start(noon); p.Exhausted() {
			t.Fatalf("exhausted at start %d", n+1)
		}
	}
	if !p.Start(noon).Exhausted() {
		t.Error("not exhausted after ten starts")
	}
	if p.Wait(time.Second, noon).Start(noon).Exhausted() {
		t.Error("exhausted although a receiver's answer was recorded")
	}
}

func TestOnlyTheFirstUnfinishedSliceOfALaneIsLate(t *testing.T) {
	plan := replay.Plan{Lanes: 2, Recorded: noon}
	for n := range 6 {
		plan.Slices = append(plan.Slices, replay.Slice{N: n, Lane: n % 2})
	}
	now := noon.Add(replay.Lateness + time.Second)
	rows := []struct {
		story string
		rows  []replay.Progress
		want  []int
	}{
		{"nobody tried any", nil, []int{0, 1}},
		{"done ones are passed over", []replay.Progress{{N: 0, Done: true}, {N: 1, Done: true}, {N: 3, Done: true}}, []int{2, 5}},
		{"a wait moves the due time", []replay.Progress{{N: 0, Due: now}}, []int{1}},
		{"exactly ten minutes is not late", []replay.Progress{{N: 0, Due: now.Add(-replay.Lateness)}}, []int{1}},
		{"a lane at work keeps those behind it from being late", []replay.Progress{{N: 0, Due: now}, {N: 1, Due: now}, {N: 2}}, nil},
		{"all done", []replay.Progress{{N: 0, Done: true}, {N: 1, Done: true}, {N: 2, Done: true}, {N: 3, Done: true}, {N: 4, Done: true}, {N: 5, Done: true}}, nil},
	}
	for _, row := range rows {
		t.Run(row.story, func(t *testing.T) {
			var got []int
			for _, p := range plan.Late(row.rows, now) {
				got = append(got, p.N)
			}
			if diff := cmp.Diff(row.want, got); diff != "" {
				t.Error(diff)
			}
			if all := len(row.rows) == 6; plan.Done(row.rows) != all {
				t.Error("done:", plan.Done(row.rows))
			}
		})
	}
	if late := plan.Late(nil, noon.Add(replay.Lateness)); late != nil {
		t.Error("a plan ten minutes old is not late:", late)
	}
	if !(replay.Plan{}).Done(nil) {
		t.Error("an empty plan is done")
	}
}

func TestJobsOfSeveralRegionsHaveOneStatus(t *testing.T) {
	status := map[string]replay.Status{
		"": replay.Unconfigured, "u": replay.Unconfigured, "uu": replay.Unconfigured,
		"c": replay.Completed, "uc": replay.Completed, "cu": replay.Completed,
		"f": replay.Failed, "cf": replay.Failed, "fc": replay.Failed, "uf": replay.Failed,
		"a": replay.Accepted, "cfa": replay.Accepted, "auf": replay.Accepted,
		"p": replay.Pending, "ap": replay.Pending, "pa": replay.Pending, "cpf": replay.Pending,
		"r": replay.Running, "pr": replay.Running, "rp": replay.Running, "acfur": replay.Running, "rc": replay.Running,
	}
	letter := map[rune]replay.Status{
		'u': replay.Unconfigured, 'a': replay.Accepted, 'p': replay.Pending, 'r': replay.Running, 'c': replay.Completed, 'f': replay.Failed,
	}
	for letters, want := range status {
		var jobs []replay.Job
		for _, l := range letters {
			jobs = append(jobs, replay.Job{Status: letter[l]})
		}
		if got := replay.Together(jobs); got != want {
			t.Errorf("%q together are %s, want %s", letters, got, want)
		}
	}
}

func TestTheLatestJobIsTheFirstOfThoseUpdatedLast(t *testing.T) {
	job := func(id string, updated time.Time) replay.Job {
		return replay.Job{Fence: replay.Fence{JobID: id}, UpdatedAt: updated}
	}
	none, old, new1, new2 := job("none", time.Time{}), job("old", noon.Add(-time.Millisecond)), job("new1", noon), job("new2", noon)
	for want, jobs := range map[string][]replay.Job{
		"":     {none, none},
		"old":  {none, old},
		"new1": {old, none, new1, new2},
		"new2": {new2, new1, old},
	} {
		if got := replay.Latest(jobs); got.JobID != want {
			t.Errorf("the latest is %q, want %q", got.JobID, want)
		}
	}
}
