// What the page knows of the replays and the webhooks, and when it asks again.
import * as api from "./api.js";

const POLL = 1000; // while a replay is live
const PATIENCE = 15_000; // the longest wait after something went wrong, unless the service names one

export const LIVE = ["accepted", "pending", "running"];

export const isLive = (job) => LIVE.includes(job?.status);

// Feed reads every region's replay in one request: each second while one is live and somebody looks, else when asked to.
// An answer that a newer request overtook is dropped.
export class Feed extends EventTarget {
	jobs = new Map(); // by region, in the order of their names
	all = null; // of all regions as one, where the host lets us ask for it
	problem = null;
	known = false;
	#turn = 0;
	#fails = 0;
	#timer = 0;
	#running = null;

	constructor(signal) {
		super();
		this.signal = signal;
		signal.addEventListener("abort", () => this.#stop());
		document.addEventListener("visibilitychange", () => (document.hidden ? clearTimeout(this.#timer) : this.read()), { signal });
		addEventListener("online", () => {
			this.#fails = 0;
			this.read();
		}, { signal });
		addEventListener("offline", () => this.#failed(new api.Problem("network", "The browser is offline")), { signal });
	}

	get live() {
		return isLive(this.all) || [...this.jobs.values()].some(isLive);
	}

	job(region) {
		return region === "global" ? this.all : this.jobs.get(region);
	}

	#stop() {
		this.#turn++;
		clearTimeout(this.#timer);
		this.#running?.abort();
	}

	async read() {
		this.#stop();
		if (this.signal.aborted) return;
		const mine = this.#turn;
		this.#running = new AbortController();
		try {
			const answer = await api.jobs(this.#running.signal);
			if (mine !== this.#turn) return;
			this.#take(answer);
			this.#fails = 0;
			this.problem = null;
			this.known = true;
			this.#tell();
			if (this.live) this.#again(POLL);
		} catch (err) {
			if (mine !== this.#turn || err.kind === "aborted") return;
			if (!(err instanceof api.Problem)) throw err;
			this.#failed(err);
		}
	}

	#take(answer) {
		if (answer.regions && typeof answer.regions === "object") {
			this.all = answer;
			this.jobs = new Map(Object.entries(answer.regions).sort(([a], [b]) => (a < b ? -1 : 1)));
		} else {
			this.all = null; // the host names one region
			this.jobs = new Map([[location.hostname.split(".")[0], answer]]);
		}
	}

	#failed(problem) {
		this.problem = problem;
		if (problem.status !== 401 && problem.status !== 403) {
			this.#again(problem.retryAfter ?? Math.min(PATIENCE, 1000 * 2 ** this.#fails++));
		}
		this.#tell();
	}

	#again(wait) {
		clearTimeout(this.#timer);
		if (!document.hidden) this.#timer = setTimeout(() => this.read(), wait);
	}

	#tell() {
		this.dispatchEvent(new Event("change"));
	}

	sent(region, answer) {
		if (region === "global") {
			for (const [name, job] of Object.entries(answer.regions ?? {})) this.jobs.set(name, job);
			this.all = { ...this.all, ...answer, regions: Object.fromEntries(this.jobs) };
		} else {
			this.jobs.set(region, answer);
		}
		this.#tell();
		this.read();
	}
}

// Hook is a region's webhook: what is saved, and what its receiver said last.
export class Hook extends EventTarget {
	config = null;
	status = null;
	problem = null;
	authorized = false; // whether an authorization is known to be saved; the API never says
	#turn = 0;

	constructor(region, signal) {
		super();
		this.region = region;
		this.signal = signal;
	}

	get word() {
		return this.status?.webhook_status ?? (this.problem ? "unknown" : "loading");
	}

	get configured() {
		return this.config !== null && this.config.endpoint !== "unconfigured";
	}

	// read asks for both, or for the last attempt alone, as while a replay stands still.
	async read(all = true) {
		const mine = ++this.#turn;
		const { region, signal } = this;
		try {
			const [status, config] = await Promise.all([api.status(region, signal), all || !this.config ? api.webhook(region, signal) : this.config]);
			if (mine !== this.#turn) return;
			Object.assign(this, { status, config, problem: null });
			// It cannot be enabled, nor tried, without one.
			this.authorized = this.configured && (this.authorized || config.enabled || Boolean(status.last_attempt_at));
		} catch (err) {
			if (mine !== this.#turn || err.kind === "aborted") return;
			if (!(err instanceof api.Problem)) throw err;
			this.problem = err;
		}
		this.dispatchEvent(new Event("change"));
	}

	saved(config, authorization) {
		this.config = config;
		if (authorization) this.authorized = true;
		this.read();
	}
}
