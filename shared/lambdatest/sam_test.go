package lambdatest

import (
	"net/http"
	"path/filepath"
	"testing"

	"reprise/shared/stack"
	"reprise/shared/stacktest"
)

// TestTheWholeWayThroughSAMsAPI replaces the world's own door: the routes are answered by `sam local start-api`, in containers.
// What the stream, the queues and the schedule call stays in emulators.
func TestTheWholeWayThroughSAMsAPI(t *testing.T) {
	if !whole {
		t.Skip("SKIPPED: `sam local start-api` takes half a minute: make slow, or WHOLE=1")
	}
	b, q := servers(t)
	stacktest.Need(t, made())
	w := start(t, Options{Parameters: inside})
	root, err := stack.Root()
	if err != nil {
		t.Fatal(err)
	}
	gate, err := stack.OpenGate(t.Context())
	stacktest.Need(t, err)
	defer func() { _ = gate.Close() }()
	outside, err := gate.Servers(b, q)
	if err != nil {
		t.Fatal(err)
	}
	sam, err := w.Template.NewSAM(t.Context(), t.TempDir(), filepath.Join(root, ".aws-sam", "build"), outside[0], outside[1])
	stacktest.Need(t, err)
	var log text
	api, err := sam.StartAPI(t.Context(), &log)
	if err != nil {
		t.Fatal(err)
	}
	defer func() {
		if err := api.Stop(); err != nil {
			t.Error(err)
		}
		if t.Failed() {
			t.Log(log.String())
		}
	}()
	h := newHook(t, api.URL)
	o := opens(t, w, h, api.URL, "sam", 1)
	o.configure(h.url + "/sam")
	const entries = 2_000
	for range entries / 500 {
		o.send(500)
	}
	if j := o.replay(); j.By != "test" || j.Progress.Entries != entries {
		t.Errorf("the job: %+v", j)
	}
	if s := h.checker.Summary(); s.RightSignatures != entries || s.Entries != entries || s.WrongSignatures+s.Duplicates+s.BadBatches+s.Unauthorized > 0 {
		t.Errorf("the receiver: %+v", s)
	}
	if code, answer := o.ask(http.MethodDelete, hookPath, "", nil); code != http.StatusMethodNotAllowed {
		t.Errorf("what no route answers was answered %d: %s", code, answer)
	}
	for id, f := range w.Functions {
		for _, e := range f.Events {
			if e.Type == "HttpApi" && f.Calls() > 0 {
				t.Errorf("%s was called in the emulator: it is SAM's to call", id)
			}
		}
	}
}
