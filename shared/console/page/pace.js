// How fast a replay gets on, from what was acknowledged: pure, the clock is given.
import { LIVE } from "./feed.js";
import { HOUR, parse } from "./time.js";

const SPAN = 10_000; // what the rate is the mean of
const GAP = 6000; // a tab slept: what came before says nothing

export class Pace {
	#job = "";
	#seen = [];
	moved = 0; // when the count last changed

	push(job, entries, at) {
		const last = this.#seen.at(-1);
		if (job !== this.#job || (last && (at - last.at > GAP || entries < last.entries))) {
			this.#job = job;
			this.#seen = [];
			this.moved = at;
		} else if (last && entries !== last.entries) {
			this.moved = at;
		}
		this.#seen.push({ at, entries });
		while (this.#seen.length > 2 && this.#seen[1].at <= at - SPAN) this.#seen.shift();
	}

	// entries a second, or null while nothing can be said
	get rate() {
		const [first, last] = [this.#seen[0], this.#seen.at(-1)];
		return this.#seen.length > 1 && last.at - first.at >= 1500 ? ((last.entries - first.entries) * 1000) / (last.at - first.at) : null;
	}
}

// shares is how far each slice is, 0 to 1. What one holds is known once it is done; the others are expected to share what is then
// left of the estimate, which may be too high, so that none of them is full.
export function shares(progress) {
	const slices = Array.isArray(progress?.slices) ? progress.slices : [];
	const open = slices.filter((s) => !s.done).length;
	const held = slices.reduce((sum, s) => sum + (s.done ? s.entries : 0), 0);
	const each = open ? Math.max(0, (progress.estimated_entries ?? 0) - held) / open : 0;
	const parts = slices.map((s) => (s.done ? 1 : s.entries ? Math.min(0.96, s.entries / each) : 0));
	return { slices, parts, each };
}

// portion is how far the whole of it is, 0 to 1, or null while there is no plan. It is the mean of two that never fall: the slices,
// of which those that were empty weigh nothing, and what was acknowledged of what was estimated. The estimate counts hours whole:
// it weighs what of them the range is.
export function portion(job) {
	if (job?.status === "completed") return 1;
	const progress = job?.progress;
	if (progress?.slices_total === undefined) return null;
	const { slices, parts } = shares(progress);
	const weigh = slices.filter((s) => !s.done || s.entries).length;
	const full = slices.reduce((sum, s, n) => sum + (s.entries ? parts[n] : 0), 0);
	const bySlices = weigh ? full / weigh : progress.slices_completed / (progress.slices_total || 1);
	const [from, to] = [parse(job.start_at), parse(job.end_at)];
	const trust = (to - from) / (Math.ceil((to + 1) / HOUR) * HOUR - Math.floor(from / HOUR) * HOUR);
	const byCount = progress.estimated_entries ? Math.min(1, progress.entries / progress.estimated_entries) : bySlices;
	return Math.min(0.99, trust * byCount + (1 - trust) * bySlices);
}

// partsOf are the jobs that a replay consists of: itself, or the regions' that were asked for with it or are live.
export function partsOf(job) {
	if (!job?.regions) return job ? [job] : [];
	return Object.values(job.regions).filter((j) => LIVE.includes(j.status) || (j.status !== "unconfigured" && j.start_at === job.start_at && j.end_at === job.end_at));
}

// whole is how far a replay is, and how many entries are left; of several regions, each weighs what it was counted to hold. One
// that is not planned yet weighs nobody knows what: there is no whole until then.
export function whole(job) {
	let [sum, weight, left] = [0, 0, 0];
	for (const one of partsOf(job)) {
		const part = portion(one);
		if (part === null && LIVE.includes(one.status)) return { part: null, left: 0 };
		if (part === null) continue;
		const { entries = 0, estimated_entries: counted = 0 } = one.progress ?? {};
		const heavy = Math.max(1, counted);
		sum += part * heavy;
		weight += heavy;
		if (LIVE.includes(one.status)) left += entries ? (entries * (1 - part)) / part : counted;
	}
	return { part: weight ? sum / weight : job?.status === "completed" ? 1 : null, left };
}
