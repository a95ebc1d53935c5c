// The days of the last week as a grid (ARIA Authoring Practices, date picker): arrows move, Enter takes a day.
import { h, setAttr, setText } from "./dom.js";
import { dayName, fields, month, plus, weekday, weeks } from "./time.js";

const NAMES = ["Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"];

// calendar shows whole weeks; the days that can be asked for can be picked.
export function calendar(label, pick) {
	const body = h("tbody");
	const table = h("table.calendar", { role: "grid", "aria-label": label, "aria-multiselectable": "true" },
		h("thead", h("tr", ...NAMES.map((n) => h("th", { scope: "col" }, h("span", { "aria-hidden": "true" }, n.slice(0, 2)), h("span.sr", n))))), body);
	const cells = new Map();
	let span = { first: "", last: "" };
	let focused = "";

	function build(now) {
		const next = weeks(now);
		if (next.first === span.first && next.last === span.last) return;
		span = next;
		cells.clear();
		body.replaceChildren(...next.rows.map((days) => h("tr", ...days.map(cell))));
		if (!cells.has(focused)) focused = span.last;
	}

	function cell(day, place) {
		const open = day >= span.first && day <= span.last;
		const number = Number(day.slice(8));
		const node = h(open ? "td.day" : "td.day.shut", { role: "gridcell", tabindex: open ? "-1" : null, data: { day } },
			h("span.month", { "aria-hidden": "true" }, place === 0 || number === 1 || day === span.first ? month(day) : ""),
			h("span.n", { "aria-hidden": "true" }, String(number)),
			h("span.sr", dayName(day)));
		if (open) cells.set(day, node);
		else setAttr(node, "aria-disabled", "true");
		return node;
	}

	function focus(day) {
		focused = day < span.first ? span.first : day > span.last ? span.last : day;
		rove();
		cells.get(focused).focus();
	}

	function rove() {
		for (const [day, node] of cells) setAttr(node, "tabindex", day === focused ? "0" : "-1");
	}

	const steps = { ArrowLeft: -1, ArrowRight: 1, ArrowUp: -7, ArrowDown: 7 };
	table.addEventListener("keydown", (e) => {
		const day = e.target.closest("[data-day]")?.dataset.day;
		if (!day || e.altKey || e.ctrlKey || e.metaKey) return;
		if (e.key in steps) focus(plus(day, steps[e.key]));
		else if (e.key === "Home") focus(plus(day, -weekday(day)));
		else if (e.key === "End") focus(plus(day, 6 - weekday(day)));
		else if (e.key === "Enter" || e.key === " ") pick(day);
		else return;
		e.preventDefault();
	});
	table.addEventListener("click", (e) => {
		const day = e.target.closest("[data-day]")?.dataset.day;
		if (!cells.has(day)) return;
		focus(day);
		pick(day);
	});

	function update(now, from, to) {
		build(now);
		const today = fields(now).date;
		for (const [day, node] of cells) {
			const start = day === from;
			const end = day === to;
			const within = start || end || (from && to && day > from && day < to);
			setAttr(node, "aria-selected", within ? "true" : "false");
			setAttr(node, "aria-current", day === today ? "date" : null);
			node.classList.toggle("from", start);
			node.classList.toggle("to", end);
			node.classList.toggle("within", Boolean(within));
			setText(node.lastChild, dayName(day) + (start ? ", range starts" : "") + (end ? ", range ends" : ""));
		}
		if (from && !table.contains(document.activeElement) && cells.has(from)) focused = from;
		rove();
	}

	return { node: table, update };
}
