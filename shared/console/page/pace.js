// How fast a replay gets on, from what was acknowledged: pure, the clock is given.
import { LIVE } from "./feed.js";

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

// shares is how far each slice is, 0 to 1, and how many entries are left. Slices hold about the same; counts may be too high,
// so that one that is not done is never full.
export function shares(progress) {
	const slices = Array.isArray(progress?.slices) ? progress.slices : [];
	const total = slices.length || progress?.slices_total || 0;
	const each = total ? (progress.estimated_entries ?? 0) / total : 0;
	const parts = slices.map((s) => (s.done ? 1 : each ? Math.min(0.96, s.entries / each) : 0));
	const left = slices.reduce((sum, s) => sum + (s.done ? 0 : Math.max(each - s.entries, each * 0.04)), 0);
	return { slices, parts, each, left };
}

// portion is how far the whole of it is, 0 to 1, or null while there is no plan.
export function portion(job) {
	if (job?.status === "completed") return 1;
	const progress = job?.progress;
	if (progress?.slices_total === undefined) return null;
	const { slices, parts } = shares(progress);
	if (slices.length) {
		const weigh = slices.filter((s) => !s.done || s.entries).length; // one that turned out empty was no work
		return weigh ? Math.min(0.99, slices.reduce((sum, s, i) => sum + (s.entries ? parts[i] : 0), 0) / weigh) : 0.99;
	}
	return progress.slices_total ? Math.min(0.99, progress.slices_completed / progress.slices_total) : 0;
}

// partsOf are the jobs that a replay consists of: itself, or the regions' that were asked for with it or are live.
export function partsOf(job) {
	if (!job?.regions) return job ? [job] : [];
	return Object.values(job.regions).filter((j) => LIVE.includes(j.status) || (j.status !== "unconfigured" && j.start_at === job.start_at && j.end_at === job.end_at));
}

// whole is how far a replay is, and how many entries are left; of several regions, each weighs what it was counted to hold.
export function whole(job) {
	let [sum, weight, left] = [0, 0, 0];
	const parts = partsOf(job);
	for (const one of parts) {
		const part = portion(one);
		if (part === null) continue;
		const counted = parts.length > 1 ? (one.progress.estimated_entries ?? 0) : 1;
		sum += part * counted;
		weight += counted;
		if (LIVE.includes(one.status)) left += shares(one.progress).left;
	}
	return { part: weight ? sum / weight : job?.status === "completed" ? 1 : null, left };
}
