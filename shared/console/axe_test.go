package console_test

import (
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"

	"github.com/chromedp/cdproto/cdp"
	cdppage "github.com/chromedp/cdproto/page"
	"github.com/chromedp/cdproto/runtime"

	"reprise/shared/stack"
	"reprise/shared/stacktest"
)

// shots is where screenshots go.
var shots = flag.String("shots", "", "write screenshots of every state into this folder, at three widths and in both schemes")

// axe is axe-core's text, read once.
var axe = sync.OnceValues(func() (string, error) {
	part, err := stack.Part("AXE")
	if err != nil {
		return "", err
	}
	text, err := os.ReadFile(filepath.Join(part, "node_modules", "axe-core", "axe.min.js"))
	return string(text), err
})

// audit is what axe-core is asked: every rule of WCAG 2.2 A and AA and the best practices, those that it leaves off by default included.
const audit = `(async () => {
	const tags = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"];
	const { violations, passes } = await axe.run(document, { runOnly: tags, rules: { "target-size": { enabled: true } }, resultTypes: ["violations"] });
	return JSON.stringify([String(passes.length), ...violations.map((v) => v.id + ": " + v.help + ": " + v.nodes.map((n) => n.html.slice(0, 200) + " " + n.failureSummary).join(" | "))]);
})()`

// state is a state of the page, by its name: axe-core must find nothing in it, wide and light, narrow and dark, and no width may
// make the window scroll sideways.
func (p *page) state(name string) {
	p.t.Helper()
	text, err := axe()
	stacktest.Need(p.t, err)
	frame := call(p, cdppage.GetFrameTree, cdp.Empty{}).FrameTree.Frame.ID
	// In a world of its own it sees the page as it is, and neither the page nor its policy sees it.
	world := call(p, cdppage.CreateIsolatedWorld, cdppage.CreateIsolatedWorldParams{FrameID: frame, WorldName: "axe"}).ExecutionContextID
	p.in(world, "typeof axe === 'undefined' && (() => {"+text+"})()")
	for _, scheme := range []string{"light", "dark"} {
		p.likes("prefers-color-scheme: "+scheme, "prefers-reduced-motion: reduce")
		for _, width := range []int64{1280, 768, 360} {
			p.wide(width)
			if over := value[float64](p, "document.documentElement.scrollWidth - innerWidth"); over > 0 {
				p.t.Errorf("%s, %d pixels wide: it goes %v pixels beyond the window", name, width, over)
			}
			p.shoot(name, width, scheme)
			if (scheme == "light") != (width == 1280) || width == 768 {
				continue // each scheme, and each layout, is looked at once
			}
			var found []string
			if err := json.Unmarshal([]byte(p.in(world, audit)), &found); err != nil {
				p.t.Fatal(err)
			}
			for _, violation := range found[1:] {
				p.t.Errorf("%s, %s, %d pixels wide: %s", name, scheme, width, violation)
			}
			if found[0] == "0" {
				p.t.Errorf("%s: axe-core looked at nothing", name)
			}
		}
	}
	p.likes()
	p.wide(1280)
}

// in is what an expression gives in another world.
func (p *page) in(world runtime.ExecutionContextID, expression string) string {
	p.t.Helper()
	yes := true
	r := call(p, runtime.Evaluate, runtime.EvaluateParams{Expression: expression, ContextID: world, AwaitPromise: &yes, ReturnByValue: &yes})
	if r.ExceptionDetails != nil {
		p.t.Fatalf("axe-core: %v %v", r.ExceptionDetails.Text, r.ExceptionDetails.Exception)
	}
	var text string
	_ = json.Unmarshal(r.Result.Value, &text)
	return text
}

// shoot writes a screenshot of the whole page, if there is a folder for it.
func (p *page) shoot(name string, width int64, scheme string) {
	p.t.Helper()
	if *shots == "" {
		return
	}
	height := value[float64](p, "scrollTo({ top: 0, behavior: 'instant' }), document.documentElement.scrollHeight") // what sticks is at the top
	yes := true
	shot := call(p, cdppage.CaptureScreenshot, cdppage.CaptureScreenshotParams{CaptureBeyondViewport: &yes, Clip: &cdppage.Viewport{Width: float64(width), Height: max(height, 900), Scale: 1}})
	file := filepath.Join(*shots, fmt.Sprintf("%s-%d-%s.png", strings.ReplaceAll(name, " ", "-"), width, scheme))
	if err := os.WriteFile(file, shot.Data, 0o600); err != nil {
		p.t.Fatal(err)
	}
}
