package console_test

import (
	"strings"

	"github.com/chromedp/cdproto/accessibility"
	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/dom"
	"github.com/chromedp/cdproto/runtime"
	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"
)

// at is an element as people who do not see know it: by its role and name, in the regions around it, the outermost first, each
// "role name".
type at struct{ role, name string }

// maxTabs is how far an element may be from another.
const maxTabs = 150

// find gives what the places lead to, one inside the other, once it is there: exactly one element.
func (p *page) find(places ...at) cdp.BackendNodeID {
	p.t.Helper()
	var found cdp.BackendNodeID
	p.wait("there is one "+says(places), func() bool {
		all := p.all(places...)
		if len(all) == 1 {
			found = all[0]
		}
		return len(all) == 1
	})
	return found
}

func says(places []at) string {
	var all []string
	for _, a := range places {
		all = append(all, a.role+" "+a.name)
	}
	return strings.Join(all, " > ")
}

// all is every element that the places lead to. What is hidden is not among them.
func (p *page) all(places ...at) []cdp.BackendNodeID {
	p.t.Helper()
	depth := int64(0)
	from := []cdp.BackendNodeID{call(p, dom.GetDocument, dom.GetDocumentParams{Depth: &depth}).Root.BackendNodeID}
	for _, a := range places {
		var next []cdp.BackendNodeID
		for _, id := range from {
			// One that went away meanwhile has nothing in it.
			r, _ := chromedp.Call(p.ctx, accessibility.QueryAXTree, accessibility.QueryAXTreeParams{BackendNodeID: id, Role: a.role, AccessibleName: a.name})
			for _, n := range r.Nodes {
				if !n.Ignored && n.BackendDOMNodeID != 0 {
					next = append(next, n.BackendDOMNodeID)
				}
			}
		}
		from = next
	}
	return from
}

// on calls a function of JavaScript on an element.
func on[T any](p *page, id cdp.BackendNodeID, function string, args ...any) T {
	p.t.Helper()
	object := call(p, dom.ResolveNode, dom.ResolveNodeParams{BackendNodeID: id, ObjectGroup: "tests"}).Object
	return run(p, chromedp.CallFunctionOn[T](function, func(c *runtime.CallFunctionOnParams) { c.ObjectID = object.ObjectID }, args...))
}

// text is what an element shows.
func (p *page) text(places ...at) string {
	p.t.Helper()
	return on[string](p, p.find(places...), "function() { return this.innerText }")
}

// shows waits until an element shows a text.
func (p *page) shows(want string, places ...at) {
	p.t.Helper()
	last := ""
	p.wait(says(places)+" shows "+want, func() bool {
		last = strings.Join(strings.Fields(p.text(places...)), " ")
		return strings.Contains(last, want)
	})
}

// press presses keys, one after the other.
func (p *page) press(keys ...string) {
	p.t.Helper()
	for _, key := range keys {
		run(p, chromedp.KeyEvent(key))
	}
}

const focused = "function() { return document.activeElement === this }"

// tabTo presses Tab until the element has the focus. It fails where Tab does not lead there, or nobody would see where the focus is.
func (p *page) tabTo(places ...at) cdp.BackendNodeID {
	p.t.Helper()
	id := p.find(places...)
	for range maxTabs {
		if on[bool](p, id, focused) {
			p.indicated(places, id)
			return id
		}
		p.press(kb.Tab)
	}
	p.t.Fatalf("Tab does not lead to %s", says(places))
	return 0
}

// indicated fails where an element that has the focus does not show it, by an outline of two pixels of it or around it.
func (p *page) indicated(places []at, id cdp.BackendNodeID) {
	p.t.Helper()
	const outlined = `function() {
		for (let node = this; node && node !== document.body; node = node.parentElement) {
			const s = getComputedStyle(node);
			if (s.outlineStyle !== "none" && parseFloat(s.outlineWidth) >= 2 && !/, 0\)$|transparent/.test(s.outlineColor)) {
				const r = node.getBoundingClientRect();
				return node === this || r.height < 80 ? "" : "it is shown far around it";
			}
		}
		return "nothing is outlined";
	}`
	if why := on[string](p, id, outlined); why != "" {
		p.t.Errorf("the focus on %s is not to be seen: %s", says(places), why)
	}
}

// push goes to a button, link or the like and presses Enter.
func (p *page) push(places ...at) {
	p.t.Helper()
	p.tabTo(places...)
	p.press(kb.Enter)
}

// enter writes into a field, over what is there.
func (p *page) enter(text string, places ...at) {
	p.t.Helper()
	p.tabTo(places...)
	run(p, chromedp.KeyEvent("a", chromedp.KeyModifiers(chromedp.ModifierCtrl)))
	p.press(kb.Delete)
	p.press(text)
}

// choose goes to a group of radio buttons or tabs, then with the arrows to one of them.
func (p *page) choose(arrow string, places ...at) {
	p.t.Helper()
	want, in := p.find(places...), p.find(places[:len(places)-1]...)
	within := func() bool { return on[bool](p, in, "function() { return this.contains(document.activeElement) }") }
	for n := 0; !within(); n++ {
		if n == maxTabs {
			p.t.Fatalf("Tab does not lead to %s", says(places))
		}
		p.press(kb.Tab)
	}
	for n := 0; !on[bool](p, want, focused); n++ {
		if n == 20 || !within() {
			p.t.Fatalf("no arrow leads to %s", says(places))
		}
		p.press(arrow)
	}
	p.indicated(places, want)
}

// checked reports whether a box, switch or radio button is.
func (p *page) checked(places ...at) bool {
	p.t.Helper()
	return on[bool](p, p.find(places...), "function() { return this.checked }")
}

// keepsFocus fails where a button that went away once it was pressed took the focus along: the next Tab would start at the top.
func (p *page) keepsFocus(button string) {
	p.t.Helper()
	if value[bool](p, "document.activeElement === document.body") {
		p.t.Errorf("%s took the focus along", button)
	}
}
