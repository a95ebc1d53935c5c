package console_test

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"os/exec"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/cdproto/log"
	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/cdproto/runtime"
	"github.com/chromedp/chromedp"

	"reprise/shared/stack"
	"reprise/shared/stacktest"
)

// patience is how long anything that the page is to do may take: much more than it does.
const patience = 20 * time.Second

// chromium is the one process of all tests; each has a context of its own in it, as in a private window.
type chromium struct {
	once sync.Once
	ctx  context.Context
	end  []context.CancelFunc
	err  error
}

var browser chromium

func TestMain(m *testing.M) {
	slog.SetDefault(slog.New(slog.DiscardHandler))
	code := m.Run()
	for i := len(browser.end) - 1; i >= 0; i-- {
		browser.end[i]()
	}
	os.Exit(code)
}

// start has Chromium run, if it is there.
func (c *chromium) start() {
	program := ""
	for _, name := range []string{"chromium", "chromium-browser", "google-chrome"} {
		if at, err := exec.LookPath(name); err == nil {
			program = at
			break
		}
	}
	if program == "" {
		c.err = &stack.Missing{Part: "Chromium", Err: errors.New("no chromium, chromium-browser or google-chrome in PATH")}
		return
	}
	options := append(chromedp.DefaultExecAllocatorOptions[:], chromedp.ExecPath(program), chromedp.Flag("lang", "en"))
	all, end := chromedp.NewExecAllocator(context.Background(), options...)
	ctx, end2 := chromedp.NewContext(all)
	c.ctx, c.end, c.err = ctx, []context.CancelFunc{end, end2}, chromedp.Do(ctx)
}

// page is a tab that shows the page of a world. It fails the test for whatever a browser complains of.
type page struct {
	*world
	ctx context.Context

	mu      sync.Mutex
	allowed []string // of complaints, what is meant to be
	over    bool     // the test has ended: who closes a tab breaks off what it does
}

// visit opens a tab on an empty page, told of everything that goes wrong in it.
func (w *world) visit() *page {
	w.t.Helper()
	browser.once.Do(browser.start)
	stacktest.Need(w.t, browser.err)
	ctx, end := chromedp.NewContext(browser.ctx, chromedp.WithNewBrowserContext())
	w.t.Cleanup(end)
	p := &page{world: w, ctx: ctx}
	if err := chromedp.Listen(ctx, p.heard); err != nil {
		w.t.Fatal(err)
	}
	p.ctx, end = context.WithTimeout(ctx, 2*time.Minute)
	w.t.Cleanup(end)
	call(p, network.Enable, network.EnableParams{})
	call(p, log.Enable, cdp.Empty{})
	call(p, emulation.SetFocusEmulationEnabled, emulation.SetFocusEmulationEnabledParams{Enabled: true})
	p.wide(1280)
	w.t.Cleanup(func() { p.mu.Lock(); p.over = true; p.mu.Unlock() })
	return p
}

// call is a command of Chromium's protocol.
func call[P, R any](p *page, command cdp.Command[P, R], params P) R {
	p.t.Helper()
	r, err := chromedp.Call(p.ctx, command, params)
	if err != nil {
		p.t.Fatalf("%s: %v", command.Method, err)
	}
	return r
}

// run is an action of chromedp.
func run[T any](p *page, action chromedp.Action[T]) T {
	p.t.Helper()
	v, err := chromedp.Run(p.ctx, action)
	if err != nil {
		p.t.Fatal(err)
	}
	return v
}

// wide gives the window another width.
func (p *page) wide(pixels int64) {
	p.t.Helper()
	call(p, emulation.SetDeviceMetricsOverride, emulation.SetDeviceMetricsOverrideParams{Width: pixels, Height: 900, DeviceScaleFactor: 1})
}

// likes sets what somebody likes, "prefers-color-scheme: dark" for one; all else is as it is by default.
func (p *page) likes(features ...string) {
	p.t.Helper()
	var all []*emulation.MediaFeature
	for _, f := range features {
		name, value, _ := strings.Cut(f, ": ")
		all = append(all, &emulation.MediaFeature{Name: name, Value: value})
	}
	call(p, emulation.SetEmulatedMedia, emulation.SetEmulatedMediaParams{Features: all})
}

// allow takes complaints with that text for meant: Chromium itself logs each answer of 400 and above.
func (p *page) allow(texts ...string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.allowed = append(p.allowed, texts...)
}

func (p *page) complain(format string, args ...any) {
	text := fmt.Sprintf(format, args...)
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.over {
		return
	}
	for _, a := range p.allowed {
		if strings.Contains(text, a) {
			return
		}
	}
	p.t.Error(text)
}

// heard is told what Chromium has to say of the tab.
func (p *page) heard(event any) {
	switch e := event.(type) {
	case *runtime.EventConsoleAPICalled:
		if e.Type != runtime.ConsoleAPICalledTypeLog && e.Type != runtime.ConsoleAPICalledTypeInfo && e.Type != runtime.ConsoleAPICalledTypeDebug {
			for _, arg := range e.Args {
				p.complain("console.%s: %s %s", e.Type, arg.Value, arg.Description)
			}
		}
	case *runtime.EventExceptionThrown:
		text := e.ExceptionDetails.Text
		if e.ExceptionDetails.Exception != nil {
			text += " " + e.ExceptionDetails.Exception.Description
		}
		p.complain("exception: %s", text)
	case *log.EventEntryAdded:
		if e.Entry.Level == log.EntryLevelError || e.Entry.Level == log.EntryLevelWarning {
			p.complain("%s: %s (%s)", e.Entry.Source, e.Entry.Text, e.Entry.URL)
		}
	case *network.EventLoadingFailed:
		if !e.Canceled {
			p.complain("request failed: %s", e.ErrorText)
		}
	case *network.EventRequestWillBeSent:
		if !strings.HasPrefix(e.Request.URL, p.url+"/") {
			p.complain("request to another origin: %s", e.Request.URL)
		}
	}
}

// value is what an expression of JavaScript gives.
func value[T any](p *page, expression string, args ...any) (v T) {
	p.t.Helper()
	v, err := chromedp.Run(p.ctx, chromedp.Evaluate[T](fmt.Sprintf(expression, args...)))
	if err != nil {
		p.t.Fatalf("%s: %v", expression, err)
	}
	return v
}

// until waits until an expression of JavaScript is true.
func (p *page) until(expression string, args ...any) {
	p.t.Helper()
	p.wait(fmt.Sprintf(expression, args...), func() bool { return value[bool](p, "Boolean(%s)", fmt.Sprintf(expression, args...)) })
}

// wait waits until something is so.
func (p *page) wait(what string, so func() bool) {
	p.t.Helper()
	tick := time.NewTicker(10 * time.Millisecond)
	defer tick.Stop()
	for end := time.Now().Add(patience); !so(); {
		if time.Now().After(end) {
			p.t.Fatalf("not in %v: %s\nthe page says:\n%s", patience, what, value[string](p, "document.body.innerText"))
		}
		<-tick.C
	}
}

// reads waits until the page shows a text, wherever.
func (p *page) reads(text string) {
	p.t.Helper()
	p.until("document.body.innerText.includes(%q)", text)
}

// show opens a path of the door.
func (p *page) show(path string) {
	p.t.Helper()
	run(p, chromedp.Navigate(p.url+path))
}

// awaited is what a promise gives.
func awaited[T any](p *page, expression string) T {
	p.t.Helper()
	return run(p, chromedp.Evaluate[T](expression, chromedp.EvalAwaitPromise))
}
