// The public API, and nothing else: every request of the page comes through here.

const KEY = "reprise.token";
const JOB = "/v2/audit-log-replay-job";
const HOOK = "/v2/audit-log-webhook";
const SLOW = 5000; // after this a request is said to take long
const LIMIT = 30_000; // a service that works answers long before
const LONGEST = 600_000; // that is waited because a service says so

let token = null;
let signedIn = new AbortController();
let skew = 0;
let denied = () => {};
let slow = () => {};
let pending = 0;

// Problem is why there is no answer; kind: http, network, timeout, or aborted by the page itself.
export class Problem extends Error {
	constructor(kind, text, more = {}) {
		super(text);
		Object.assign(this, { kind, status: 0, invalid: [], instance: "", retryAfter: null }, more);
	}

	get trace() {
		return this.instance.replace(/^[a-z]+:trace:/, "");
	}
}

// watch names who is told of a 401 or 403, and how many requests take long.
export function watch(onDenied, onSlow) {
	denied = onDenied;
	slow = onSlow;
}

// now is the service's clock, as far as its answers tell: a browser's may be wrong.
export function now() {
	return Date.now() + skew;
}

// stored works on the tab's storage; where there is none, the token is kept for this page alone.
function stored(work) {
	try {
		return work(sessionStorage);
	} catch {
		return null;
	}
}

export function hasToken() {
	token ??= stored((s) => s.getItem(KEY));
	return token !== null;
}

export function signIn(text) {
	token = text;
	stored((s) => s.setItem(KEY, text));
}

// signOut breaks off whatever is on its way.
export function signOut() {
	token = null;
	stored((s) => s.removeItem(KEY));
	signedIn.abort();
	signedIn = new AbortController();
}

async function ask(method, path, { region, body, signal, limit = LIMIT } = {}) {
	const mine = signedIn.signal;
	const clock = AbortSignal.timeout(limit);
	const headers = { Authorization: `Bearer ${token}`, Accept: "application/json" };
	if (region) headers["Reprise-Region"] = region;
	if (body) headers["Content-Type"] = "application/json";
	let late = false;
	const timer = setTimeout(() => {
		late = true;
		slow(++pending);
	}, SLOW);
	try {
		const answer = await fetch(path, {
			method, headers, body: body && JSON.stringify(body), cache: "no-store", credentials: "omit", redirect: "error",
			signal: AbortSignal.any([mine, clock, ...(signal ? [signal] : [])]),
		});
		readClock(answer);
		const text = await answer.text();
		if (mine.aborted || signal?.aborted) throw new Problem("aborted", "");
		return read(answer, text);
	} catch (err) {
		if (err instanceof Problem) throw refused(err, mine);
		if (mine.aborted || signal?.aborted) throw new Problem("aborted", "");
		if (clock.aborted) throw new Problem("timeout", `No answer within ${limit / 1000} seconds`);
		throw new Problem("network", "The service cannot be reached");
	} finally {
		clearTimeout(timer);
		if (late) slow(--pending);
	}
}

function refused(problem, session) {
	if ((problem.status === 401 || problem.status === 403) && !session.aborted) denied(problem);
	return problem;
}

function readClock(answer) {
	const at = Date.parse(answer.headers.get("Date") ?? "");
	const off = at - Date.now();
	if (!Number.isNaN(off)) skew = Math.abs(off) > 5000 ? off : 0;
}

function read(answer, text) {
	if (answer.status === 204) return null;
	let body = null;
	try {
		body = JSON.parse(text);
	} catch {
		// said below
	}
	if (answer.ok && body !== null && typeof body === "object") return body;
	const wait = Number(answer.headers.get("Retry-After"));
	throw new Problem("http", body?.detail || answer.statusText || "An answer that cannot be read", {
		status: answer.ok ? 502 : answer.status,
		invalid: Array.isArray(body?.invalid_parameters) ? body.invalid_parameters.filter((v) => typeof v?.field === "string") : [],
		instance: String(body?.instance ?? ""),
		retryAfter: wait > 0 ? Math.min(wait * 1000, LONGEST) : null,
	});
}

const range = (start, end) => ({ start_at: start, end_at: end });

export const jobs = (signal, region = "global") => ask("GET", `${JOB}?detail=slices`, { region, signal });
export const estimate = (region, start, end, signal) => ask("GET", `${JOB}/estimate?${new URLSearchParams(range(start, end))}`, { region, signal });
export const send = (region, start, end) => ask("PUT", JOB, { region, body: range(start, end) });
export const cancel = (region) => ask("DELETE", JOB, { region });
export const webhook = (region, signal) => ask("GET", HOOK, { region, signal });
export const status = (region, signal) => ask("GET", `${HOOK}/status`, { region, signal });
export const save = (region, patch) => ask("PATCH", HOOK, { region, body: patch });
// The service waits 15 seconds for the receiver and notes what came.
export const test = (region) => ask("POST", `${HOOK}/test`, { region, limit: 40_000 });
