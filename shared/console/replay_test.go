package console_test

import (
	"slices"
	"strings"
	"testing"
	"time"
	_ "time/tzdata" // for machines without it

	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/chromedp/kb"

	"reprise/shared/receiver"
)

var (
	timeRange  = at{"radiogroup", "Time range"}
	sendReplay = at{"button", "Send Replay"}
	sendAgain  = at{"button", "Send again"}
	cancel     = at{"button", "Cancel replay"}
)

func TestEachPresetSendsWhatItSays(t *testing.T) {
	t.Parallel()
	w := newWorld(t, 2)
	in := newInbox(t, noTrouble, nil)
	w.hook("us", in.url)
	now := time.Now()
	w.send("us", map[string]time.Time{
		"1 min": now.Add(-time.Minute), "12 min": now.Add(-12 * time.Minute), "18 min": now.Add(-18 * time.Minute), "50 min": now.Add(-50 * time.Minute), "70 min": now.Add(-70 * time.Minute),
		"350 min": now.Add(-350 * time.Minute), "7 h": now.Add(-7 * time.Hour), "11 h": now.Add(-11 * time.Hour), "13 h": now.Add(-13 * time.Hour), "23 h": now.Add(-23 * time.Hour), "25 h": now.Add(-25 * time.Hour), "6 d": now.Add(-6 * 24 * time.Hour),
	})
	p := w.visit()
	p.enters(p.Admin)
	p.is("ready")
	var want []string
	for _, preset := range []struct {
		name, entries string
		more          []string
	}{
		{"Last 15 minutes", "2 entries", []string{"1 min", "12 min"}},
		{"Last hour", "4 entries", []string{"18 min", "50 min"}},
		{"Last 6 hours", "6 entries", []string{"70 min", "350 min"}},
		{"Last 12 hours", "8 entries", []string{"7 h", "11 h"}},
		{"Last 24 hours", "10 entries", []string{"13 h", "23 h"}},
	} {
		p.choose(kb.ArrowRight, us, timeRange, at{"radio", preset.name})
		p.push(us, sendReplay)
		p.shows(preset.entries+" acknowledged", us)
		p.shows("Completed", us, at{"table", "Latest replay, us"})
		want = append(want, preset.more...)
		slices.Sort(want)
		if got := in.ids(t); !slices.Equal(got, want) {
			t.Errorf("%s: the receiver got %q, want %q", preset.name, got, want)
		}
	}
	p.state("completed")
}

// Days of a place whose clock is not UTC's, taken in the calendar.
func TestACustomRangeIsTakenInTheCalendar(t *testing.T) {
	t.Parallel()
	w := newWorld(t, 1)
	in := newInbox(t, noTrouble, nil)
	w.hook("us", in.url)
	zone, err := time.LoadLocation("Asia/Kathmandu")
	if err != nil {
		t.Fatal(err)
	}
	year, month, today := time.Now().In(zone).Date()
	day := func(ago int) time.Time { return time.Date(year, month, today-ago, 0, 0, 0, 0, zone) }
	w.send("us", map[string]time.Time{
		"before": day(5).Add(-time.Millisecond), "first": day(5), "between": day(4).Add(12 * time.Hour), "last": day(2).Add(-time.Millisecond), "after": day(2), "now": time.Now(),
	})
	p := w.visit()
	call(p, emulation.SetTimezoneOverride, emulation.SetTimezoneOverrideParams{TimezoneID: "Asia/Kathmandu"})
	p.enters(p.Admin)
	p.is("ready")
	p.choose(kb.ArrowRight, us, timeRange, at{"radio", "Custom range"})
	p.shows("Data within the last seven days can be requested.", us)
	p.state("a custom range")
	p.take(day(3))
	p.take(day(5)) // the other way round
	p.state("a custom range, chosen")
	p.push(us, sendReplay)
	p.shows("3 entries acknowledged", us)
	if got, want := in.ids(t), []string{"between", "first", "last"}; !slices.Equal(got, want) {
		t.Errorf("the receiver got %q, want %q", got, want)
	}
	job := w.ask("GET", jobPath, "us", "", 200)
	if start, end := day(5).UTC().Format(time.RFC3339), day(2).Add(-time.Millisecond).UTC().Format("2006-01-02T15:04:05.000Z"); job["start_at"] != start || job["end_at"] != end {
		t.Errorf("the replay is of %v to %v, want %s to %s", job["start_at"], job["end_at"], start, end)
	}
	table := p.text(us, at{"table", "Latest replay, us"})
	for _, text := range []string{"Asia/Katmandu" /* as Chromium writes it */, "UTC", day(5).Format("2006-01-02 15:04:05"), day(5).UTC().Format("2006-01-02 15:04:05"), "Status", "Starts at", "Ends at", "Updated at"} {
		if !strings.Contains(strings.Join(strings.Fields(table), " "), text) {
			t.Errorf("the table has no %q: %s", text, table)
		}
	}
	// The oldest may grow too old while somebody thinks; the range is what is left of it.
	ago := time.Now().Add(-7*24*time.Hour - 5*time.Minute).In(zone)
	p.enter(ago.Format("2006-01-02"), us, at{"textbox", "Start date"})
	p.enter(ago.Format("15:04:05"), us, at{"textbox", "Start time"})
	p.wait("it begins seven days ago", func() bool {
		text := strings.Join(strings.Fields(p.text(us)), " ")
		return slices.ContainsFunc([]time.Duration{5 * time.Minute, 6 * time.Minute}, func(d time.Duration) bool { // a minute may begin meanwhile
			return strings.Contains(text, "From "+ago.Add(d).Format("2006-01-02 15:04"))
		})
	})
	p.enter("2020-01-01", us, at{"textbox", "Start date"})
	p.shows("The start is more than seven days ago.", us)
	p.state("a custom range that is refused")
}

// take takes a day in the calendar, by the arrows.
func (p *page) take(day time.Time) {
	p.t.Helper()
	want := day.Format(time.DateOnly)
	here := func() string { return value[string](p, `document.activeElement.dataset.day ?? ""`) }
	for n := 0; n < maxTabs && here() == ""; n++ {
		p.press(kb.Tab)
	}
	for n := 0; here() != want; n++ {
		at := here()
		if n == 10 || at == "" {
			p.t.Fatalf("the arrows lead to %q, not to %s", at, want)
		}
		if at > want {
			p.press(kb.ArrowLeft)
		} else {
			p.press(kb.ArrowRight)
		}
	}
	p.press(kb.Enter)
}

func TestAReplayIsWatchedRefusedCancelledAndSentAgain(t *testing.T) {
	t.Parallel()
	p, in, gate := waiting(t)
	p.shows("700", us, at{"group", "Ask for a replay, us"}) // the estimate
	p.push(us, sendReplay)
	p.shows("Running", us, at{"table", "Latest replay, us"})
	bar := at{"progressbar", "Progress of the replay, us"}
	part := func() float64 {
		return on[float64](p, p.find(us, bar), `function() { return Number(this.getAttribute("aria-valuenow")) }`)
	}
	first := part()
	gate <- struct{}{}
	p.wait("the first batch is seen", func() bool { return part() > first })
	second := part()
	gate <- struct{}{}
	p.wait("the second batch is seen", func() bool { return part() > second })
	if n := on[float64](p, p.find(us, bar), `function() { return this.querySelectorAll(".slice").length }`); n < 1 {
		t.Error("there is no chart of the slices")
	}
	p.state("running")

	p.allow("status of 409")
	p.push(us, sendReplay)
	p.shows("A replay is running.", us)
	p.state("conflict")

	p.push(us, cancel)
	p.state("about to cancel")
	p.push(us, at{"button", "Yes, cancel it"})
	p.shows("Cancelled", us, at{"table", "Latest replay, us"})
	p.shows("Cancelled by ada", us)
	p.keepsFocus("Yes, cancel it")
	p.state("cancelled")
	if job := p.ask("GET", jobPath, "us", "", 200); job["status"] != "failed" {
		t.Errorf("the replay is %v", job)
	}

	close(gate)
	p.push(us, sendAgain)
	p.shows("700 entries acknowledged", us)
	p.keepsFocus("Send again")
	p.shows("Completed", us, at{"table", "Latest replay, us"})
	if got := slices.Compact(in.ids(t)); len(got) != 700 {
		t.Errorf("the receiver has %d entries", len(got))
	}
}

func TestAFailedReplaySaysWhyAndWhatToDo(t *testing.T) {
	t.Parallel()
	for story, c := range map[string]struct {
		o           receiver.Options
		title, what string
		badge       string
	}{
		"another authorization": {receiver.Options{Authorization: "Bearer other"}, "The receiver refused it", "the receiver answered 401 Unauthorized", "Inactive"},
		"gone":                  {receiver.Options{Answer: 410}, "The receiver is gone", "410 Gone", "Inactive"},
	} {
		t.Run(story, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, 1)
			w.hook("us", newInbox(t, c.o, nil).url)
			w.send("us", map[string]time.Time{"a": time.Now().Add(-time.Minute)})
			p := w.visit()
			p.enters(p.Admin)
			p.is("ready")
			p.push(us, sendReplay)
			p.shows("Failed", us, at{"table", "Latest replay, us"})
			p.shows(c.title, us)
			failure, _ := w.ask("GET", jobPath, "us", "", 200)["failure"].(map[string]any)
			detail, _ := failure["detail"].(string)
			if !strings.Contains(detail, c.what) {
				t.Errorf("the failure is %v", failure)
			}
			p.shows(detail[1:], us) // but for a capital letter
			p.push(us, at{"button", "Reload"})
			p.shows(c.badge, us)
			p.state("failed, " + story)
		})
	}
}

func TestAWebhookThatIsTurnedOffMeanwhileEndsAReplay(t *testing.T) {
	t.Parallel()
	p, _, gate := waiting(t)
	p.push(us, sendReplay)
	p.shows("Running", us, at{"table", "Latest replay, us"})
	p.ask("PATCH", hookPath, "us", `{"enabled":false}`, 200)
	close(gate)
	p.shows("The webhook was turned off", us)
	p.push(us, at{"button", "Reload"})
	p.shows("The webhook is not enabled, so there is nowhere to send to.", us)
	p.state("turned off")
}

func TestOneRegionAloneHasNoCardOfAll(t *testing.T) {
	t.Parallel()
	w := newWorld(t, 1, "us")
	p := w.visit()
	p.enters(p.Admin)
	p.is("ready")
	p.find(us)
	if n := len(p.all(all)); n > 0 {
		t.Error("there is a card of all regions")
	}
	p.state("one region")
}

// Where the host says which region is meant, that is the one there is, and no header changes it.
func TestAHostThatNamesARegionHasItsCardAlone(t *testing.T) {
	t.Parallel()
	w := newWorld(t, 1)
	in := newInbox(t, noTrouble, nil)
	w.hook("eu", in.url)
	w.send("eu", map[string]time.Time{"eu": time.Now().Add(-time.Minute)})
	w.url = strings.Replace(w.url, "127.0.0.1", "eu.localhost", 1)
	p := w.visit()
	p.enters(p.Admin)
	p.is("ready")
	p.push(eu, sendReplay)
	p.shows("1 entry acknowledged", eu)
	if n := len(p.all(us)) + len(p.all(all)); n > 0 {
		t.Error("there is another card")
	}
	if got := in.ids(t); !slices.Equal(got, []string{"eu"}) {
		t.Errorf("the receiver got %q", got)
	}
}

// Where the host says that all are meant, there is their card, which leads to the hosts of each.
func TestAHostThatMeansAllRegionsLeadsToEach(t *testing.T) {
	t.Parallel()
	w := newWorld(t, 1)
	in := newInbox(t, noTrouble, nil)
	w.hook("eu", in.url)
	w.send("eu", map[string]time.Time{"eu": time.Now().Add(-time.Minute)})
	port := w.url[strings.LastIndex(w.url, ":"):]
	w.url = "http://global.localhost" + port
	p := w.visit()
	p.enters(p.Admin)
	p.is("ready")
	p.push(all, sendReplay)
	p.shows("1 entry acknowledged", all)
	if n := len(p.all(us)) + len(p.all(eu)); n > 0 {
		t.Error("there is a card of a region, whose webhook cannot be reached from here")
	}
	if got := on[string](p, p.find(all, at{"link", "us"}), "function() { return this.href }"); got != "http://us.localhost"+port+"/" {
		t.Errorf("us is at %s", got)
	}
	p.state("a host that means all regions")
}

func TestAllRegionsAreReplayedAsOne(t *testing.T) {
	t.Parallel()
	w := newWorld(t, 1)
	inboxes := map[string]*inbox{"us": newInbox(t, noTrouble, nil), "eu": newInbox(t, noTrouble, nil)}
	for region, in := range inboxes {
		w.hook(region, in.url)
		w.send(region, map[string]time.Time{region + " 1": time.Now().Add(-time.Minute), region + " 2": time.Now().Add(-2 * time.Minute), "old": time.Now().Add(-2 * time.Hour)})
	}
	p := w.visit()
	p.enters(p.Admin)
	p.is("ready")
	p.push(all, sendReplay)
	p.shows("4 entries acknowledged", all)
	p.shows("Completed", all, at{"table", "Latest replay, All regions"})
	p.shows("2 entries acknowledged", us)
	p.shows("2 entries acknowledged", eu)
	for region, in := range inboxes {
		if got, want := in.ids(t), []string{region + " 1", region + " 2"}; !slices.Equal(got, want) {
			t.Errorf("the receiver of %s got %q, want %q", region, got, want)
		}
	}
	p.state("all regions")
}
