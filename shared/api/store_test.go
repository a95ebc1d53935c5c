package api_test

import (
	"crypto/rand"
	"net/http"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"reprise/shared/access"
	"reprise/shared/api"
	"reprise/shared/auditlog"
	"reprise/shared/console"
	"reprise/shared/intake"
	"reprise/shared/replay"
	"reprise/shared/settle"
	"reprise/shared/sqlite"
)

// onFile is every route over the store of a file.
func onFile(t *testing.T) (*stack, *sqlite.Store) {
	t.Helper()
	store, err := sqlite.Open(filepath.Join(t.TempDir(), "reprise.db"), clockAtNoon)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := store.Close(); err != nil {
			t.Error(err)
		}
	})
	key, err := auditlog.NewKey(rand.Reader, noon)
	if err != nil {
		t.Fatal(err)
	}
	token := access.Token{Hash: access.HashOf(admin), Principal: access.Principal{Org: "acme", Label: "ada", Role: access.Admin}, Made: noon}
	if err := store.AddKey(t.Context(), key); err != nil {
		t.Fatal(err)
	}
	if err := store.SaveToken(t.Context(), token); err != nil {
		t.Fatal(err)
	}
	door := api.NewDoor(store, replay.Regions{Known: []string{"us"}, Default: "us"}, clockAtNoon, func() string { return "TRACE" })
	jobs := 0
	newID := func() string { jobs++; return []string{"JOB", "NEXT"}[jobs-1] } // an id used again would be a repetition
	return &stack{Handler: held(t, api.Route(map[string]http.Handler{
		"put-replay-job":    api.PutReplayJob(door, store, store, newID),
		"get-replay-job":    api.GetReplayJob(door, store, store, store, lanes),
		"cancel-replay-job": api.CancelReplayJob(door, store, settle.New(store, store)),
		"webhook":           api.Webhook(door, store, guard{}, api.Tries{Keys: store, Poster: &postbox{}}),
		"jwks":              api.JWKS(door, store),
		"intake":            api.Intake(door, intake.New(store, store, store)),
		"console":           api.Console(door, console.Page()),
		api.DefaultRoute:    api.Nowhere(door),
	}))}, store
}

func TestTheLifeOfAReplayAsAClientSeesIt(t *testing.T) {
	t.Parallel()
	s, store := onFile(t)
	ctx := t.Context()
	must := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	answered(t, s.ask("PATCH", hookPath, `{"endpoint":"https://a.example","authorization":"x","enabled":true}`), 200,
		`{"endpoint":"https://a.example","enabled":true,"log_format":"cef","skip_ssl_verification":false,"updated_at":"2026-03-08T12:00:00Z"}`)
	answered(t, s.ask("POST", logPath, lines(3), with("Content-Type", ndjson)), 202, `{"accepted":3}`)
	put := func() string {
		w := s.ask("PUT", jobPath, window("2026-03-08T10:55:00Z", "2026-03-08T11:55:00Z"))
		return strings.TrimSpace(w.Body.String())
	}
	get := func(want string) {
		t.Helper()
		answered(t, s.ask("GET", jobPath, ""), 200, head+`"updated_at":"2026-03-08T12:00:00Z",`+want)
	}
	if got := put(); !strings.Contains(got, `"status":"accepted"`) {
		t.Fatal(got)
	}
	get(`"status":"accepted","job_id":"JOB","requested_by":"ada","progress":{"batches":0,"entries":0,"bytes":0}}`)

	fence := replay.Fence{Scope: acme, JobID: "JOB"}
	slice := replay.Slice{Fence: fence, Window: replay.Window{From: noon.Add(-time.Hour), To: noon}}
	_, err := store.RecordPlan(ctx, replay.Plan{Fence: fence, Lanes: 1, Entries: 3, Slices: []replay.Slice{slice}})
	must(err)
	must(store.Pend(ctx, fence))
	row, err := store.Try(ctx, slice)
	must(err)
	must(store.Run(ctx, fence))
	row = row.Step(replay.Cursor{Chunk: "c", Line: 3}, replay.Tally{Batches: 1, Entries: 3, Bytes: 300}, noon)
	must(store.Advance(ctx, slice, row))
	const progress = `"batches":1,"entries":3,"bytes":300,"estimated_entries":3}}`
	get(`"status":"running","job_id":"JOB","requested_by":"ada","started_at":"2026-03-08T12:00:00Z","progress":{"slices_total":1,"slices_completed":0,` + progress)
	if got, want := put(), trouble("409", "Resource Conflict", "A replay job is currently running"); got != want {
		t.Error(got)
	}

	must(store.Advance(ctx, slice, row.End(noon)))
	must(store.Complete(ctx, fence, row.Tally))
	get(`"status":"completed","job_id":"JOB","requested_by":"ada","started_at":"2026-03-08T12:00:00Z","finished_at":"2026-03-08T12:00:00Z",` +
		`"progress":{"slices_total":1,"slices_completed":1,` + progress)
}

func TestPatchesOfOneFileAreAllMerged(t *testing.T) {
	t.Parallel()
	s, store := onFile(t)
	bodies := []string{`{"endpoint":"https://a.example"}`, `{"authorization":"x"}`, `{"skip_ssl_verification":true}`, `{}`}
	var all sync.WaitGroup
	for _, body := range bodies {
		all.Go(func() {
			if w := s.ask("PATCH", hookPath, body); w.Code != 200 {
				t.Errorf("%s: %s", body, w.Body)
			}
		})
	}
	all.Wait()
	hook, err := store.Webhook(t.Context(), acme)
	if err != nil || hook.Version != len(bodies) || hook.Endpoint != "https://a.example" || hook.Authorization != "x" || !hook.SkipVerify {
		t.Errorf("%v, stored %+v", err, hook)
	}
}
