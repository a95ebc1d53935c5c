package console_test

import (
	"testing"
	"time"

	"github.com/chromedp/chromedp/kb"
)

func TestAServiceThatFailsIsToldAndAskedAgain(t *testing.T) {
	t.Parallel()
	w := newWorld(t, 1)
	w.stand(answering(500, "Internal Server Error"))
	p := w.visit()
	p.allow("status of 500", "status of 429", "status of 503")
	p.enters(p.Admin)
	p.is("error")
	p.find(at{"heading", "The service has a problem"})
	p.reads("01TRACE")
	p.state("error")
	w.open()
	p.is("ready") // by itself
	w.stand(answering(503, "Service Unavailable"))
	p.push(all, at{"button", "Reload"})
	p.is("error")
	p.reads("The replays could not be read.")
	p.find(us) // what was known is still there
	p.state("error, with cards")
	w.open()
	p.is("ready")
	w.stand(answering(429, "Too Many Requests", "Retry-After: 1"))
	p.push(all, at{"button", "Reload"})
	p.is("error")
	w.open()
	p.push(at{"button", "Try again"})
	p.is("ready")
}

func TestATabWithoutAConnectionSaysSoAndComesBack(t *testing.T) {
	t.Parallel()
	w := newWorld(t, 1)
	p := w.visit()
	p.allow("ERR_INTERNET_DISCONNECTED")
	p.show("/")
	p.offline(true)
	p.enter(p.Admin, token)
	p.press(kb.Enter)
	p.is("offline")
	p.find(at{"heading", "No connection"})
	p.state("offline at once")
	p.offline(false)
	p.is("ready")
	p.offline(true)
	p.is("offline")
	p.find(us)
	p.state("offline later")
	before := len(w.asked())
	p.offline(false)
	p.is("ready")
	if len(w.asked()) == before {
		t.Error("nothing was asked anew")
	}
}

func TestARequestThatTakesLongIsSaidToDoSo(t *testing.T) {
	t.Parallel()
	w, goOn := heldUp(t)
	p := w.visit()
	p.enters(p.Admin)
	p.shows("The service takes longer than usual…", at{"banner", ""})
	close(goOn)
	p.is("ready")
	p.until(`!document.body.innerText.includes("longer than usual")`)
}

// Who looks at a page where nothing happens asks for nothing.
func TestNothingIsAskedWhileNothingHappens(t *testing.T) {
	t.Parallel()
	w := newWorld(t, 1)
	p := w.visit()
	p.enters(p.Admin)
	p.is("ready")
	p.shows("Unconfigured", eu)
	quiet := time.Now()
	last := 0
	p.wait("three seconds without a request", func() bool {
		if n := len(w.asked()); n != last {
			last, quiet = n, time.Now()
		}
		return time.Since(quiet) > 3*time.Second
	})
}

func TestThePageIsWholeInForcedColors(t *testing.T) {
	t.Parallel()
	p := newWorld(t, 1).visit()
	p.likes("forced-colors: active")
	p.enters(p.Admin)
	p.is("ready")
	p.tabTo(us, endpoint) // the focus is to be seen
	p.push(signOut)
	p.is("signed-out")
}

func TestNothingMovesForWhoLikesItLess(t *testing.T) {
	t.Parallel()
	w, goOn := heldUp(t)
	p := w.visit()
	p.show("/")
	p.enter(p.Admin, token)
	p.press(kb.Enter)
	p.is("loading")
	const moving = `document.getAnimations().filter((a) => { const t = a.effect.getComputedTiming(); return t.duration > 1 || t.iterations > 1 }).length`
	p.until(moving + " > 0")
	p.likes("prefers-reduced-motion: reduce")
	p.until(moving + " === 0")
	close(goOn)
	p.is("ready")
	if n := value[float64](p, moving); n > 0 {
		t.Errorf("%v things move", n)
	}
}
