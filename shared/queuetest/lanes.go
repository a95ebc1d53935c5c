package queuetest

import (
	"context"
	"time"

	"reprise/shared/replay"
)

// lanes is what one job may cost another, or its receiver.
func lanes() map[string]func(story) {
	return map[string]func(story){
		"a job has as many slices at work as it has lanes, never more": lanesBound,
		"the groups of two jobs are independent":                       jobsIndependent,
		"a replacing job never waits behind the old one's messages":    replacingJob,
		"the same job_id in lane 1 and 11 are two groups":              lanesAlike,
	}
}

func lanesBound(s story) {
	slices := job(firstJob, 4, 16)
	s.sends(0, slices...)
	var atWork, most int
	var all []replay.Slice
	var handle handler
	handle = func(ctx context.Context, got replay.Slice) (replay.Next, error) {
		all = append(all, got)
		atWork++
		most = max(most, atWork)
		err := s.Pump(ctx, handle) // whoever may start while this one is at work does
		atWork--
		return replay.Done(), err
	}
	if err := s.Pump(s.Context(), handle); err != nil {
		s.Fatal(err)
	}
	if most != 4 {
		s.Errorf("%d slices of a job with 4 lanes were at work at once", most)
	}
	s.expects("every slice came once, in its lane's order", all, slices...)
}

func jobsIndependent(s story) {
	one, other := job(firstJob, 2, 4), job(nextJob, 2, 4)
	for i := range other {
		other[i].Org = "another-organization"
	}
	s.sends(0, one...)
	s.sends(0, other...)
	var meanwhile []replay.Slice
	first := s.takes(func(_ context.Context, got replay.Slice) (replay.Next, error) {
		if got.N == 0 && got.JobID == firstJob {
			meanwhile = s.takes(done)
		}
		return replay.Done(), nil
	})
	s.expects("every slice of both came once, in order", append(first, meanwhile...), append(one, other...)...)
	for _, got := range meanwhile {
		if got.JobID == firstJob && got.Lane == 0 {
			s.Errorf("slice %d came while its lane's slice 0 was at work", got.N)
		}
	}
}

func replacingJob(s story) {
	old, replacing := job(firstJob, 4, 12), job(nextJob, 4, 12)
	s.sends(0, old...)
	s.expects("the old job's heads wait for their receiver", s.takes(again(15*time.Minute)), old[:4]...)
	s.sends(0, replacing...)
	s.expects("all of the new job, in the same organization, lanes and windows", s.takes(done), replacing...)
}

func lanesAlike(s story) {
	slices := job(firstJob, 12, 12)
	s.sends(0, slices...)
	taken := s.takes(func(_ context.Context, got replay.Slice) (replay.Next, error) {
		if got.N == 1 {
			return replay.Again(time.Hour), nil
		}
		return replay.Done(), nil
	})
	s.expects("a lane each", taken, slices...)
}
