// The slices of a replay along its range, filling up: as wide as they are long, as high as they are dense.
import { h, ledger, number, setAttr, setText, size } from "./dom.js";
import { shares } from "./pace.js";
import { fields, month, parse, spoken } from "./time.js";

const LOW = 0.2; // the least height, so that a quiet hour can be seen

export function chart(label) {
	const plot = h("div.plot");
	const labels = [h("span"), h("span"), h("span")];
	const node = h("div.chart", { role: "progressbar", "aria-label": label, "aria-valuemin": "0", "aria-valuemax": "100" }, plot, h("div.axis", ...labels));
	let shown = "";
	let columns = [];

	function update(job, part, text) {
		const { slices, parts, each } = shares(job.progress);
		const from = parse(job.start_at);
		const to = parse(job.end_at);
		const key = [job.job_id, job.start_at, job.end_at, slices.length].join();
		if (key !== shown) {
			shown = key;
			columns = slices.length ? slices.map(column) : [column()];
			plot.replaceChildren(...columns.map((c) => c.node));
			axis(labels, from, to);
		}
		if (slices.length) place(columns, slices, parts, each, from, to);
		else columns[0].set(0, 1, LOW, part ?? 0, false);
		plot.classList.toggle("bare", !slices.length);
		node.dataset.job = job.status;
		setAttr(node, "aria-valuenow", part === null ? null : Math.floor(part * 100));
		setAttr(node, "aria-valuetext", text);
	}

	return { node, update };
}

function column() {
	const fill = h("div.fill");
	const node = h("div.slice", fill);
	return {
		node,
		set(left, width, height, part, done) {
			node.style.setProperty("--left", `${(left * 100).toFixed(3)}%`);
			node.style.setProperty("--width", `${(width * 100).toFixed(3)}%`);
			node.style.setProperty("--height", `${(height * 100).toFixed(1)}%`);
			fill.style.setProperty("--part", part.toFixed(4));
			node.classList.toggle("done", done);
		},
	};
}

function place(columns, slices, parts, each, from, to) {
	const span = Math.max(1, to - from);
	const long = slices.map((s) => Math.max(1, (parse(s.end_at) ?? from) - (parse(s.start_at) ?? from)));
	const dense = slices.map((s, n) => Math.sqrt((s.done ? s.entries : Math.max(each, s.entries)) / long[n]));
	const top = Math.max(...dense) || 1;
	slices.forEach((s, n) => {
		const left = Math.min(1, Math.max(0, (parse(s.start_at) - from) / span));
		columns[n].set(left, Math.min(1 - left, long[n] / span), LOW + (1 - LOW) * (dense[n] / top), parts[n], s.done);
	});
}

function axis(labels, from, to) {
	const whole = fields(from).date !== fields(to).date;
	[from, (from + to) / 2, to].forEach((at, n) => {
		const { date, time } = fields(at);
		setText(labels[n], whole ? `${Number(date.slice(8))} ${month(date)} ${time.slice(0, 5)}` : time.slice(0, to - from < 600_000 ? 8 : 5));
	});
}

// figures are one large and four small: of a replay that is on, how far it is; else what came of it.
export function figures() {
	const big = h("span.big");
	const unit = h("span.unit");
	const list = ledger(["", "", "", ""], "facts");

	function update(job, { on, part, sum, rate, left }) {
		const { entries } = sum;
		const took = duration(job);
		const mean = took > 0 && entries > 0 ? Math.max(1, (entries * 1000) / took) : null;
		const fast = on ? rate : mean;
		setText(big, on ? (part === null ? "–" : String(Math.floor(part * 100))) : number(entries));
		unit.classList.toggle("percent", on);
		setText(unit, on ? (part === null ? "" : "%") : entries === 1 ? "entry acknowledged" : "entries acknowledged");
		list.call([on ? "Entries" : "Requests", "Sent", "Entries/s", on ? "Time left" : "Took"]);
		list.set([
			number(on ? entries : sum.batches), size(sum.bytes), fast === null ? "–" : number(Math.round(fast)),
			on ? left && `about ${spoken(left)}` : took === null ? "–" : took < 1000 ? `${took} ms` : spoken(took),
		]);
	}
	return { node: h("div.figures", h("p.headline", big, unit), list.node), update };
}

function duration(job) {
	const all = job.regions ? Object.values(job.regions).filter((j) => j.start_at === job.start_at && j.end_at === job.end_at) : [job];
	const starts = all.map((j) => parse(j.started_at)).filter(Boolean);
	const ends = all.map((j) => parse(j.finished_at)).filter(Boolean);
	return starts.length && ends.length ? Math.max(...ends) - Math.min(...starts) : null;
}
