// Which range of time to ask for: one that ends now, or one of the last seven days.
import { now } from "./api.js";
import { calendar } from "./calendar.js";
import { clocks } from "./clocks.js";
import { h, setAttr, setText, show, uid } from "./dom.js";
import { DAY, HOUR, MINUTE, WEEK, fields, instant, readDate, readTime, spoken } from "./time.js";

const PRESETS = [
	["Last 15 minutes", 15 * MINUTE],
	["Last hour", HOUR],
	["Last 6 hours", 6 * HOUR],
	["Last 12 hours", 12 * HOUR],
	["Last 24 hours", 24 * HOUR],
	["Custom range", 0],
];

// GRACE is how long the oldest that could be chosen may stand while somebody thinks; what is out of the week by then is left out.
const GRACE = 10 * MINUTE;

// range tells changed() of each choice; its window() is {start, end}, or {wrong} with the reason, as of now.
export function range(changed) {
	const name = uid("range");
	let chosen = HOUR;
	const radios = PRESETS.map(([label, span]) => {
		const input = h("input", { type: "radio", name, value: String(span), onchange: () => choose(span) });
		input.checked = span === chosen;
		return h("label.choice", input, h("span", label));
	});
	const own = custom(changed);
	const readout = clocks(["From", "To"], "The range");
	const helpId = uid("help");
	const legendId = uid("legend");
	const node = h("fieldset.range", { role: "radiogroup", "aria-labelledby": legendId, "aria-describedby": helpId },
		h("legend", { id: legendId }, "Time range"),
		h("div.choices", ...radios),
		h("p.hint", { id: helpId }, "Data within the last seven days can be requested."));
	const box = h("div.stack", node, own.node, readout.node);

	function choose(span) {
		chosen = span;
		show(own.node, span === 0);
		if (span === 0) own.open();
		changed();
	}

	function window() {
		const end = now();
		return chosen ? { start: end - chosen, end } : own.window();
	}

	show(own.node, false);
	return {
		node: box, window,
		show(w) {
			if (!chosen) own.draw(w);
			setText(readout.corner, w.wrong ? "" : spoken(w.end - w.start - 499));
			readout.set([w.start, w.end]);
		},
	};
}

// custom is a range of its own: two days in the calendar, or typed, with times to the second.
function custom(changed) {
	const ends = [endpoint("Start"), endpoint("End")];
	let picking = null; // the day taken first, while the second is waited for
	const grid = calendar("Days of the range", pick);
	const hint = h("p.hint", { role: "status" });
	const wrong = h("p.error", { id: uid("wrong"), role: "status" });
	const node = h("div.custom", h("div.days", grid.node, hint), h("div.ends", ...ends.map((e) => e.node), wrong));
	for (const e of ends) {
		for (const input of [e.date, e.time]) {
			setAttr(input, "aria-describedby", wrong.id);
			input.addEventListener("input", () => { picking = null; changed(); });
			input.addEventListener("blur", () => e.tidy());
		}
	}

	function open() {
		if (ends[0].date.value) return;
		ends[0].set(now() - DAY);
		ends[1].set(now());
	}

	// The first day taken starts the range and ends it, the second makes it longer, in whichever direction.
	function pick(day) {
		const [from, to] = picking === null ? [day, day] : [picking, day].sort();
		picking = picking === null ? day : null;
		const oldest = Math.ceil((now() - WEEK) / MINUTE + 1) * MINUTE;
		ends[0].put(from, "00:00:00");
		ends[1].put(to, "23:59:59");
		if (ends[0].read(false)?.at < oldest) ends[0].set(oldest);
		if (ends[1].read(true)?.at > now()) ends[1].set(now());
		changed();
	}

	function draw(w) {
		grid.update(now(), readDate(ends[0].date.value), readDate(ends[1].date.value));
		setText(hint, picking ? "Now choose the last day." : "Choose the first day, then the last, or type both.");
		setText(wrong, w.wrong ?? w.why);
		wrong.classList.toggle("hint", !w.wrong);
	}

	function window() {
		const [start, end] = [ends[0].read(false), ends[1].read(true)];
		const fault = judge(start, end);
		ends.forEach((e, n) => e.mark(fault?.which.includes(n) ?? false));
		if (fault) return { wrong: fault.text };
		return { start: Math.max(start.at, now() - WEEK), end: Math.min(end.at + 999, now()), why: [start.why, end.why].filter(Boolean).join(" ") };
	}
	return { node, open, window, draw };
}

function judge(start, end) {
	const read = (n) => ({ which: [n], text: `The ${n ? "end" : "start"} needs a date as 2026-01-31 and a time as 09:00:00.` });
	if (!start || !end) return read(start ? 1 : 0);
	if (start.at > end.at) return { which: [0, 1], text: "The start is after the end." };
	if (start.at < now() - WEEK - GRACE) return { which: [0], text: "The start is more than seven days ago." };
	if (end.at > now() + MINUTE) return { which: [1], text: "The end is in the future." };
	return null;
}

// endpoint is one end of the range, as text: it can be typed and pasted in one way everywhere.
function endpoint(label) {
	const field = (what, long) => {
		const input = h("input.field", { type: "text", id: uid("at"), autocomplete: "off", spellcheck: "false", maxlength: long });
		return { input, node: h("div", h("label", { for: input.id }, `${label} ${what}`), input) };
	};
	const date = field("date", 10);
	const time = field("time", 8);
	return {
		node: h("div.point", date.node, time.node),
		date: date.input,
		time: time.input,
		put(day, clock) {
			date.input.value = day;
			time.input.value = clock;
		},
		set(at) {
			const shown = fields(at);
			this.put(shown.date, shown.time);
		},
		read(end) {
			const [day, clock] = [readDate(date.input.value), readTime(time.input.value)];
			return day && clock ? instant(day, clock, end) : null;
		},
		tidy() {
			date.input.value = readDate(date.input.value) ?? date.input.value;
			time.input.value = readTime(time.input.value) ?? time.input.value;
		},
		mark(yes) {
			setAttr(date.input, "aria-invalid", yes ? "true" : null);
			setAttr(time.input, "aria-invalid", yes ? "true" : null);
		},
	};
}
