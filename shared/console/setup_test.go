package console_test

import (
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"

	"github.com/chromedp/chromedp/kb"
	"github.com/google/go-cmp/cmp"

	"reprise/shared/receiver"
)

// tabs opens a tab of a card, by the arrow that leads to it.
func (p *page) tabs(card at, name string) {
	p.t.Helper()
	arrow := kb.ArrowRight
	if name == "Setup" {
		arrow = kb.ArrowLeft
	}
	p.choose(arrow, card, at{"tablist", "Region " + card.name}, at{"tab", name})
}

// inWords is the switch, a field, and so on, of the form of Setup.
var (
	endpoint = at{"textbox", "Endpoint"}
	header   = at{"textbox", "Authorization header"}
	format   = at{"radiogroup", "Log format"}
	skip     = at{"checkbox", "Skip TLS certificate verification"}
	enabled  = at{"switch", "Enabled"}
	save     = at{"button", "Save"}
)

func TestAWebhookIsSetUpAndTriedByKeyboard(t *testing.T) {
	t.Parallel()
	w := newWorld(t, 1)
	in := newInbox(t, noTrouble, nil)
	p := w.visit()
	p.enters(p.Admin)
	p.is("ready")
	p.enter(in.url, us, endpoint)
	p.enter(authorization, us, header)
	p.choose(kb.ArrowDown, us, format, at{"radio", "json"})
	p.tabTo(us, skip)
	p.press(" ")
	p.tabTo(us, enabled)
	p.press(" ")
	p.state("about to save")
	p.push(us, save)
	p.shows("Saved: endpoint, authorization header, log format, skip tls certificate verification, enabled.", us)
	p.shows("Active", us)
	want := map[string]any{"endpoint": in.url, "enabled": true, "log_format": "json", "skip_ssl_verification": true}
	got := w.ask("GET", hookPath, "us", "", 200)
	delete(got, "updated_at")
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("the webhook (-want +got):\n%s", diff)
	}
	if got := w.ask("GET", hookPath, "eu", "", 200); got["endpoint"] != "unconfigured" {
		t.Errorf("the other region has %v", got)
	}
	p.push(us, at{"button", "Send test entry"})
	p.shows("200 OK", us)
	p.shows("The receiver took the entry.", us)
	if got := in.Summary(); got.Entries != 1 || got.Unauthorized != 0 || len(got.Wrong) != 0 {
		t.Errorf("the receiver got %+v", got)
	}
	p.state("set up")

	// What is saved stays unless it is changed, and is not shown.
	p.shows("Authorization header Saved", us)
	p.tabTo(us, enabled)
	p.press(" ")
	p.push(us, save)
	p.shows("Saved: enabled.", us)
	p.shows("Inactive", us)
	if n := len(p.all(us, header)); n > 0 {
		t.Error("a saved authorization can be read")
	}
	p.push(us, at{"button", "Send test entry"})
	p.wait("it has the same authorization", func() bool { return in.Summary().Entries == 2 })
}

func TestWhatAReceiverSaysToATestEntryIsShown(t *testing.T) {
	t.Parallel()
	gone := httptest.NewServer(http.NotFoundHandler())
	gone.Close()
	redirect := httptest.NewServer(http.RedirectHandler("/elsewhere", http.StatusFound))
	defer redirect.Close()
	w := newWorld(t, 1)
	w.hook("us", gone.URL)
	p := w.visit()
	p.enters(p.Admin)
	p.is("ready")
	p.tabs(us, "Setup")
	var before []string
	for _, c := range []struct {
		name, endpoint string
		want           []string
	}{
		{"nobody is there", gone.URL, []string{"No answer", "Connect: connection refused"}},
		{"another authorization", newInbox(t, receiver.Options{Authorization: "Bearer other"}, nil).url, []string{"401 Unauthorized", "The receiver did not take the entry."}},
		{"gone", newInbox(t, receiver.Options{Answer: 410}, nil).url, []string{"410 Gone", "The receiver did not take the entry."}},
		{"a fault", newInbox(t, receiver.Options{Answer: 500}, nil).url, []string{"500 Internal Server Error"}},
		{"elsewhere", redirect.URL, []string{"302 Found"}},
	} {
		if c.endpoint != gone.URL {
			p.enter(c.endpoint, us, endpoint)
			p.push(us, save)
			p.shows("Saved: endpoint.", us)
			p.wait("what the receiver before said is gone", func() bool {
				text := p.text(us)
				return !slices.ContainsFunc(before, func(said string) bool { return strings.Contains(text, said) })
			})
		}
		before = c.want
		p.push(us, at{"button", "Send test entry"})
		for _, text := range c.want {
			p.shows(text, us)
		}
		p.state("a test entry, " + c.name)
	}
}

func TestWhatIsRefusedIsSaidAtItsField(t *testing.T) {
	t.Parallel()
	w := newWorld(t, 1)
	p := w.visit()
	p.allow("status of 400")
	p.enters(p.Admin)
	p.is("ready")
	p.enter("nowhere", us, endpoint)
	p.push(us, save)
	p.shows("Endpoint must be a valid URL.", us)
	if !on[bool](p, p.find(us, endpoint), focused) {
		t.Error("the focus is not on what was refused")
	}
	if got := on[string](p, p.find(us, endpoint), `function() { return this.getAttribute("aria-invalid") }`); got != "true" {
		t.Errorf("the field's aria-invalid is %q", got)
	}
	p.state("a refused endpoint")
	p.enter("", us, endpoint)
	p.tabTo(us, enabled)
	p.press(" ")
	p.push(us, save)
	p.shows("Not saved.", us)
	p.state("nothing to enable")
	if got := w.ask("GET", hookPath, "us", "", 200); got["enabled"] != false {
		t.Errorf("the webhook is %v", got)
	}
}

func TestWhatSomebodyTypesStaysWhileTheWebhookIsReadAnew(t *testing.T) {
	t.Parallel()
	w := newWorld(t, 1)
	in := newInbox(t, noTrouble, nil)
	w.hook("us", in.url)
	p := w.visit()
	p.enters(p.Admin)
	p.is("ready")
	p.tabs(us, "Setup")
	p.enter("https://half.typed", us, endpoint)
	w.ask("PATCH", hookPath, "us", `{"log_format":"cps"}`, 200)
	w.hook("us", in.url+"2")
	w.ask("PATCH", hookPath, "us", `{"log_format":"cps"}`, 200)
	p.push(us, at{"button", "Send test entry"}) // after which it is read
	p.shows("200 OK", us)
	p.wait("what was saved meanwhile is shown", func() bool { return p.checked(us, format, at{"radio", "cps"}) })
	if got := on[string](p, p.find(us, endpoint), "function() { return this.value }"); got != "https://half.typed" {
		t.Errorf("the endpoint reads %q", got)
	}
}
