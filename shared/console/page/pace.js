// How fast a replay gets on, from what was acknowledged: pure, the clock is given.

const SPAN = 10_000; // what the rate is the mean of
const GAP = 6000; // a hole in the readings, as of a tab that slept: what came before says nothing

export class Pace {
	#job = "";
	#seen = [];
	moved = 0; // when the count last changed

	// push takes a reading: of which job, how many entries, when.
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

	// rate is in entries a second, or null while nothing can be said.
	get rate() {
		const [first, last] = [this.#seen[0], this.#seen.at(-1)];
		return this.#seen.length > 1 && last.at - first.at >= 1500 ? ((last.entries - first.entries) * 1000) / (last.at - first.at) : null;
	}
}

// shares is how far each slice of a replay is, 0 to 1, and how many entries are left. Slices are cut to hold about the same; what
// was counted for the whole may be too high, so one that is not done is never full.
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
	if (!progress || progress.slices_total === undefined) return null;
	if (progress.slices_total === 0) return 0;
	const { slices, parts } = shares(progress);
	if (slices.length) return Math.min(0.99, parts.reduce((a, b) => a + b, 0) / slices.length);
	const counted = progress.estimated_entries ? progress.entries / progress.estimated_entries : 0;
	return Math.min(0.99, Math.max(counted, progress.slices_completed / progress.slices_total));
}

// together is how far several regions' replays are, each weighing what it was counted to hold.
export function together(jobs) {
	let sum = 0;
	let weight = 0;
	let left = 0;
	for (const job of jobs) {
		const part = portion(job);
		const counted = job.progress?.estimated_entries ?? 0;
		if (part === null || counted === 0) continue;
		sum += part * counted;
		weight += counted;
		left += job.status === "completed" || job.status === "failed" ? 0 : shares(job.progress).left;
	}
	return { part: weight ? sum / weight : null, left };
}
