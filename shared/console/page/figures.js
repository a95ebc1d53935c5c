// The figures of a replay: one large, the others beside it.
import { h, ledger, number, setText, size } from "./dom.js";
import { parse, spoken } from "./time.js";

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
		setText(unit, on ? "%" : entries === 1 ? "entry acknowledged" : "entries acknowledged");
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
