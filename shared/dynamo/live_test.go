package dynamo_test

import (
	"crypto/rand"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"

	"reprise/shared/replay"
	"reprise/shared/stack"
)

// Whoever runs out of time, or meets a shard that cannot be read, must not miss the same jobs each minute.
func TestALookForLiveJobsBeginsAtAnotherShardEachMinuteAndPassesOverOneThatFails(t *testing.T) {
	names := tables(t, "JobsTable")
	db, proxy := proxied(t, func(o *dynamodb.Options) { o.Retryer = aws.NopRetryer{} })
	s := storeOf(db, names, noon, rand.Text)
	const jobs = 40
	for n := range jobs {
		at := replay.Scope{Org: fmt.Sprintf("org-%d", n), Region: "eu"}
		if err := s.Accept(t.Context(), replay.NewJob(replay.Fence{Scope: at, JobID: rand.Text()}, "ops", replay.Window{From: noon(), To: noon()}, noon())); err != nil {
			t.Fatal(err)
		}
	}
	look := func(minutes int) (found []string, errs int) {
		at := storeOf(db, names, func() time.Time { return noon().Add(time.Duration(minutes) * time.Minute) }, rand.Text)
		for scope, err := range at.Live(t.Context()) {
			if err != nil {
				errs++
				continue
			}
			found = append(found, scope.Org)
		}
		return found, errs
	}
	now, errs := look(0)
	next, more := look(1)
	if len(now) != jobs || len(next) != jobs || errs+more > 0 {
		t.Fatalf("%d, then %d of %d jobs are found, %d errors", len(now), len(next), jobs, errs+more)
	}
	turn := slices.Index(now, next[0])
	if turn <= 0 || !slices.Equal(next, slices.Concat(now[turn:], now[:turn])) {
		t.Errorf("a minute later they are found from place %d on, not in the same round from the next shard on", turn)
	}
	proxy.Arm(1, 1, stack.Failed, func(_, body string) string {
		if strings.Contains(body, `":shard":{"S":"5"}`) {
			return "Query"
		}
		return ""
	})
	left, errs := look(0)
	missing := slices.DeleteFunc(slices.Clone(now), func(org string) bool { return slices.Contains(left, org) })
	if errs != 1 || len(missing) == 0 || len(left) == 0 || len(left)+len(missing) != jobs || left[len(left)-1] != now[jobs-1] {
		t.Errorf("with a shard that cannot be read %d jobs are found and %d are not, %d errors", len(left), len(missing), errs)
	}
}
