package console_test

import (
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"

	"reprise/shared/access"
)

// Places that many tests go to.
var (
	token   = at{"textbox", "Token"}
	signIn  = at{"button", "Sign in"}
	signOut = at{"button", "Sign out"}
	us      = at{"region", "us"}
	eu      = at{"region", "eu"}
	all     = at{"region", "All regions"}
)

// is waits until the page is in a state of those that it has.
func (p *page) is(state string) {
	p.t.Helper()
	p.until("document.documentElement.dataset.state === %q", state)
}

// enters opens the page and signs in, by keyboard.
func (p *page) enters(secret string) {
	p.t.Helper()
	p.show("/")
	p.enter(secret, token)
	p.press(kb.Enter)
}

func TestThePageIsSignedInToByKeyboard(t *testing.T) {
	t.Parallel()
	p := newWorld(t, 1).visit()
	p.show("/")
	p.is("signed-out")
	p.state("signed out")
	p.push(signIn)
	p.shows("Paste a token first.", at{"alert", ""})
	p.state("nothing pasted")
	p.enter("Bearer "+p.Admin, token) // as it stands in a header
	p.push(signIn)
	p.is("ready")
	for _, card := range []at{us, eu, all} {
		p.find(card)
	}
	p.shows("Unconfigured", us)
	p.state("unconfigured")
}

func TestATokenIsKeptForItsTabAlone(t *testing.T) {
	t.Parallel()
	w := newWorld(t, 1)
	p := w.visit()
	p.enters(p.Admin)
	p.is("ready")
	const kept = `(async () => [JSON.stringify(Object.entries(sessionStorage)), String(localStorage.length), document.cookie, String((await caches.keys()).length), String((await indexedDB.databases()).length), document.documentElement.outerHTML + [...document.querySelectorAll("input")].map((i) => i.value) + location.href + document.title + JSON.stringify(history.state)])()`
	got := awaited[[]string](p, kept)
	if want := []string{`[["reprise.token","` + p.Admin + `"]]`, "0", "", "0", "0"}; !slices.Equal(got[:5], want) {
		t.Errorf("the browser keeps %q, want %q", got[:5], want)
	}
	if strings.Contains(got[5], p.Admin) {
		t.Error("the token stands in the page")
	}
	run(p, chromedp.Reload())
	p.is("ready") // it is the same tab
	other := w.visit()
	other.show("/")
	other.is("signed-out")

	p.push(signOut)
	p.is("signed-out")
	if got := awaited[[]string](p, kept); got[0] != "[]" || strings.Contains(got[5], p.Admin) {
		t.Errorf("after signing out the browser keeps %s", got[0])
	}
	if len(p.all(us)) > 0 {
		t.Error("after signing out the cards are still there")
	}
	before := len(w.asked())
	run(p, chromedp.Reload())
	p.is("signed-out")
	if n := len(w.asked()); n > before {
		t.Errorf("%d requests of the API by somebody who signed out", n-before)
	}
}

func TestATokenIsInNoURLAndNoHeaderButItsOwn(t *testing.T) {
	t.Parallel()
	w := newWorld(t, 1)
	in := newInbox(t, noTrouble, nil)
	w.hook("us", in.url)
	w.send("us", map[string]time.Time{"a": time.Now().Add(-time.Minute)})
	p := w.visit()
	p.enters(p.Admin)
	p.is("ready")
	p.push(us, at{"button", "Send Replay"})
	p.shows("1 entry acknowledged", us)
	p.choose(kb.ArrowLeft, us, at{"tablist", "Region us"}, at{"tab", "Setup"})
	p.push(us, at{"button", "Send test entry"})
	p.shows("200 OK", us)
	asked := 0
	for _, r := range w.requests() {
		if strings.Contains(r.RequestURI, p.Admin) {
			t.Errorf("it is in the URL of %s %s", r.Method, r.URL.Path)
		}
		for name, values := range r.Header {
			if name != "Authorization" && strings.Contains(strings.Join(values, ","), p.Admin) {
				t.Errorf("it is in %s of %s %s", name, r.Method, r.URL.Path)
			}
		}
		if got := r.Header.Get("Authorization"); strings.HasPrefix(r.URL.Path, "/v2/") != (got == "Bearer "+p.Admin) {
			t.Errorf("%s %s has the Authorization %q", r.Method, r.URL.Path, got)
		}
		if got := r.Header.Get("Cookie"); got != "" {
			t.Errorf("%s %s has the Cookie %q", r.Method, r.URL.Path, got)
		}
		if strings.HasPrefix(r.URL.Path, "/v2/") {
			asked++
		}
	}
	if asked < 6 {
		t.Errorf("%d requests of the API", asked)
	}
}

// asked is the requests of the API that came through the door.
func (w *world) asked() (all []*http.Request) {
	for _, r := range w.requests() {
		if strings.HasPrefix(r.URL.Path, "/v2/") {
			all = append(all, r)
		}
	}
	return all
}

func TestTheFormIsPaintedBeforeAnythingIsAsked(t *testing.T) {
	t.Parallel()
	w, goOn := heldUp(t)
	p := w.visit()
	p.show("/")
	const painted = `performance.getEntriesByName("first-contentful-paint").length === 1`
	p.until(painted)
	p.find(token)
	p.find(signIn)
	if n := len(w.asked()); n > 0 {
		t.Errorf("%d requests of the API before there is a token", n)
	}
	p.enter(p.Admin, token)
	p.press(kb.Enter)
	p.is("loading")
	p.wait("the API is asked", func() bool { return len(w.asked()) > 0 })
	p.state("loading")
	run(p, chromedp.Reload()) // a tab that is signed in, and no answer yet
	p.is("loading")
	p.until(painted)
	close(goOn)
	p.is("ready")
}

func TestARevokedTokenLeadsBackToTheForm(t *testing.T) {
	t.Parallel()
	p := newWorld(t, 1).visit()
	p.enters(p.Admin)
	p.is("ready")
	p.shows("Unconfigured", us)
	p.shows("Unconfigured", eu)
	p.shows("There is nothing in this range", all)
	revoked := as(p.Revoked(t))
	p.allow("status of 401")
	p.tabTo(all, at{"button", "Reload"}) // first, since whatever is asked from then on leads away
	p.stand(revoked)
	p.press(kb.Enter)
	p.is("unauthorized")
	p.shows("This token is unknown, expired or revoked. Paste another one.", at{"alert", ""})
	if kept := value[float64](p, "sessionStorage.length"); kept != 0 {
		t.Error("the token is still kept")
	}
	if !on[bool](p, p.find(token), focused) {
		t.Error("the focus is not where another token goes")
	}
	p.state("unauthorized")
	p.world.open()
	p.enter(p.Admin, token)
	p.press(kb.Enter)
	p.is("ready")
}

func TestAProducersTokenIsToldWhatItMay(t *testing.T) {
	t.Parallel()
	p := newWorld(t, 1).visit()
	p.allow("status of 403")
	p.enters(p.Token(t, access.Intake))
	p.is("forbidden")
	p.find(at{"heading", "This token may only send entries"})
	p.state("forbidden")
	p.push(at{"button", "Use another token"})
	p.is("signed-out")
	if kept := value[float64](p, "sessionStorage.length"); kept != 0 {
		t.Error("the token is still kept")
	}
	p.enter(p.Admin, token)
	p.press(kb.Enter)
	p.is("ready")
}

// offline cuts the tab off, or connects it again.
func (p *page) offline(yes bool) {
	p.t.Helper()
	call(p, network.EmulateNetworkConditionsByRule, network.EmulateNetworkConditionsByRuleParams{MatchedNetworkConditions: []*network.Conditions{{Offline: yes, DownloadThroughput: -1, UploadThroughput: -1}}})
	call(p, network.OverrideNetworkState, network.OverrideNetworkStateParams{Offline: yes, DownloadThroughput: -1, UploadThroughput: -1})
}
