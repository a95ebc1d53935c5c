package api_test

import (
	"encoding/json"
	"net/http"
	"testing"

	"reprise/shared/replay"
)

// Whatever a query says, an estimate is answered 200 for one window within PUT's rules, else 400 naming what is wrong; GET
// of the job is 400 only for a query or a detail that it cannot make sense of. Nothing is ever stored.
func FuzzQuery(f *testing.F) {
	const good = "2026-03-08T11:00:00Z"
	for _, q := range []string{
		"", "start_at=" + good + "&end_at=" + good, "start_at=" + good, "start_at=" + good + "&end_at=2026-03-08T12:00:00+00:00", "end_at=" + good + "&start_at=" + good + "&start_at=",
		"detail=slices", "detail=slices&detail=slices", "detail=%73lices", "%64etail=slices", "detail", "&&&", "=", "a;b", "%", "%zz=1", "start_at=%00&end_at=\xff",
	} {
		f.Add(q)
	}
	f.Fuzz(func(t *testing.T, q string) {
		s := newStack(t)
		s.jobs[acme] = aJob(replay.Running)
		s.counts[acme] = []replay.Count{{Hour: noon.Add(-1), Entries: 1, Bytes: 1}}
		raw := func(r *http.Request) { r.URL.RawQuery = q }
		for _, path := range []string{jobPath, estimatePath} {
			w := s.ask("GET", path, "", raw)
			switch w.Code {
			case 200:
				var answer map[string]any
				if err := json.Unmarshal(w.Body.Bytes(), &answer); err != nil {
					t.Fatalf("%s?%s: %v", path, q, err)
				}
			case 400:
				for _, v := range problem(t, w).Invalid {
					known := v.Field == "query" || path == jobPath && v.Field == "detail" || path == estimatePath && (v.Field == "start_at" || v.Field == "end_at")
					if !known || v.Reason == "" {
						t.Fatalf("%s?%s: %s", path, q, w.Body)
					}
				}
			default:
				t.Fatalf("%s?%s: %s", path, q, w.Body)
			}
		}
		if len(s.jobs) != 1 || s.jobs[acme] != aJob(replay.Running) {
			t.Fatalf("stored %+v", s.jobs)
		}
	})
}
