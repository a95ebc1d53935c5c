package console_test

import (
	"testing"
	"time"

	"github.com/chromedp/chromedp/kb"

	"reprise/shared/receiver"
)

// TestScreens leaves pictures of what somebody sees in the first minutes. Whether these states are right is for the other tests.
func TestScreens(t *testing.T) {
	if *shots == "" {
		t.Skip("no pictures are wanted: -shots names a folder for them")
	}
	w := newWorld(t, 1)
	gate := make(chan struct{})
	in, other := newInbox(t, noTrouble, gate), newInbox(t, noTrouble, nil)
	w.fill("us", 350)
	w.fill("us", 350)
	w.send("eu", map[string]time.Time{"a": time.Now().Add(-time.Minute)})
	p := w.visit()
	p.show("/")
	p.state("screen 1 sign in")
	p.enter(p.Admin, token)
	p.press(kb.Enter)
	p.is("ready")
	p.shows("Unconfigured", us)
	p.state("screen 2 nothing set up")
	w.hook("us", in.url)
	w.hook("eu", other.url)
	p.show("/")
	p.is("ready")
	p.shows("Active", eu)
	p.shows("700", us, at{"group", "Ask for a replay, us"})
	p.state("screen 3 ready to replay")
	p.push(all, sendReplay)
	p.shows("Running", us, at{"table", "Latest replay, us"})
	gate <- struct{}{}
	gate <- struct{}{}
	p.until(`document.querySelector("[data-region=us] [role=progressbar]").getAttribute("aria-valuenow") > 20`)
	p.state("screen 4 running")
	p.tabs(us, "Setup")
	p.state("screen 5 setup")
	p.tabs(us, "Replay")
	close(gate)
	p.shows("700 entries acknowledged", us)
	p.shows("Completed", all, at{"table", "Latest replay, All regions"})
	p.state("screen 6 completed")
	p.choose(kb.ArrowRight, us, timeRange, at{"radio", "Custom range"})
	p.state("screen 7 custom range")
	w.hook("us", newInbox(t, receiver.Options{Authorization: "Bearer other"}, nil).url)
	p.push(us, sendAgain)
	p.shows("The receiver refused it", us)
	p.state("screen 8 failed")
	p.allow("status of 503")
	w.stand(answering(503, "Service Unavailable"))
	p.push(us, at{"button", "Reload"})
	p.is("error")
	p.state("screen 9 trouble")
	w.open()
}
