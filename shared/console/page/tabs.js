// Tabs as in the ARIA Authoring Practices: arrows move and open, one of them is in the tab order.
import { h, setAttr, show, uid } from "./dom.js";

export function tabs(label, pages, opened) {
	const buttons = pages.map(({ name }) => h("button.tab", { type: "button", role: "tab", id: uid("tab") }, name));
	const panels = pages.map(({ node }, n) => h("div.panel", { role: "tabpanel", id: uid("panel"), tabindex: "-1", "aria-labelledby": buttons[n].id }, node));
	const list = h("div.tabs", { role: "tablist", "aria-label": label }, ...buttons);
	let now = -1;

	function open(n, focus) {
		if (focus) buttons[n].focus();
		if (n === now) return;
		now = n;
		buttons.forEach((b, k) => {
			setAttr(b, "aria-selected", k === n ? "true" : "false");
			setAttr(b, "aria-controls", panels[k].id);
			setAttr(b, "tabindex", k === n ? "0" : "-1");
			show(panels[k], k === n);
		});
		opened(pages[n].name);
	}

	list.addEventListener("click", (e) => buttons.includes(e.target) && open(buttons.indexOf(e.target)));
	list.addEventListener("keydown", (e) => {
		const last = pages.length - 1;
		const next = { ArrowRight: now === last ? 0 : now + 1, ArrowLeft: now === 0 ? last : now - 1, Home: 0, End: last }[e.key];
		if (next === undefined) return;
		e.preventDefault();
		open(next, true);
	});
	const at = (name) => pages.findIndex((p) => p.name === name);
	return { list, panels, open: (name, focus) => open(at(name), focus) };
}
