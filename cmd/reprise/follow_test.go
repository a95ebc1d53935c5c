package main

import (
	"context"
	"errors"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"reprise/cmd/reprise/client"
	"reprise/cmd/reprise/meter"
	"reprise/shared/replay"
)

// followed is what comes of following a job, each look at which is answered by look, from the time since the first.
func followed(t *testing.T, look func(since time.Duration) (client.Job, error)) (j client.Job, took time.Duration, said string, err error) {
	t.Helper()
	var out strings.Builder
	begun := time.Now()
	f := &follower{
		look:  func(context.Context, bool) (client.Job, error) { return look(time.Since(begun)) },
		meter: meter.New(&out, false, "replaying", 0, time.Now), job: client.Job{ID: "1"}, moved: begun,
	}
	j, err = f.watch(t.Context())
	return j, time.Since(begun), out.String(), err
}

func TestAServiceThatDoesNotAnswerForAWhileIsFollowedOn(t *testing.T) {
	for name, passing := range map[string]error{
		"no answer":  &client.Silence{What: "GET http://x/y"},
		"too many":   &client.Refusal{What: "GET /y", Status: 429, RetryAfter: 40 * time.Second},
		"no gateway": &client.Refusal{What: "GET /y", Status: 502},
	} {
		synctest.Test(t, func(t *testing.T) {
			j, _, said, err := followed(t, func(since time.Duration) (client.Job, error) {
				if since < 100*time.Second {
					return client.Job{}, passing
				}
				return client.Job{ID: "1", Status: replay.Completed}, nil
			})
			if err != nil || j.Status != replay.Completed {
				t.Errorf("%s: %v, %v", name, j.Status, err)
			}
			if want := "  " + passing.Error() + "; it is tried again for two minutes\n"; said != want {
				t.Errorf("%s: said %q, want %q", name, said, want)
			}
		})
	}
}

func TestAServiceThatDoesNotAnswerForTwoMinutesIsNotFollowed(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		silence := &client.Silence{What: "GET http://x/y"}
		_, took, _, err := followed(t, func(time.Duration) (client.Job, error) { return client.Job{}, silence })
		if !errors.Is(err, silence) || took < patient-pollEvery || took > patient {
			t.Errorf("after %s: %v", took, err)
		}
	})
}

func TestARefusalForGoodEndsTheFollowingAtOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		_, took, said, err := followed(t, func(time.Duration) (client.Job, error) {
			return client.Job{}, &client.Refusal{What: "GET /y", Status: 401}
		})
		if codeOf(err) != exitSignedOut || took != 0 || said != "" {
			t.Errorf("after %s: %v, said %q", took, err, said)
		}
	})
}
