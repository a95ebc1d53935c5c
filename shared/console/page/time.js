// Instants, calendar days and time zones, as pure functions: an instant is milliseconds since 1970, as Date has it.

export const SECOND = 1000;
export const MINUTE = 60 * SECOND;
export const HOUR = 60 * MINUTE;
export const DAY = 24 * HOUR;
export const WEEK = 7 * DAY;

const two = (n) => String(n).padStart(2, "0");

// here is how far the browser's zone is ahead of UTC at an instant, in milliseconds.
export function here(at) {
	return -new Date(at).getTimezoneOffset() * MINUTE;
}

export function zone() {
	return Intl.DateTimeFormat().resolvedOptions().timeZone || "local time";
}

export function offset(at) {
	const minutes = Math.round(here(at) / MINUTE);
	if (minutes === 0) return "UTC";
	const far = Math.abs(minutes);
	return `UTC${minutes < 0 ? "−" : "+"}${two(Math.floor(far / 60))}:${two(far % 60)}`;
}

export function parse(text) {
	const at = Date.parse(text);
	return Number.isNaN(at) || at <= 0 ? null : at;
}

export function wire(at) {
	return new Date(at).toISOString();
}

// fields are the year to second that a clock shows which is ahead of UTC by ahead.
export function fields(at, ahead = here) {
	const d = new Date(at + ahead(at));
	return { date: d.toISOString().slice(0, 10), time: d.toISOString().slice(11, 19) };
}

export function utc(at) {
	return fields(at, () => 0);
}

// readDate is "2026-11-24" as it is written, or null where there is no such day.
export function readDate(text) {
	const m = /^\s*(\d{4})-(\d{1,2})-(\d{1,2})\s*$/.exec(text);
	if (!m) return null;
	const d = new Date(Date.UTC(+m[1], m[2] - 1, +m[3]));
	return d.getUTCMonth() === m[2] - 1 && d.getUTCDate() === +m[3] ? d.toISOString().slice(0, 10) : null;
}

// readTime is "09:05:00" of "9:05", or null.
export function readTime(text) {
	const m = /^\s*(\d{1,2}):(\d{2})(?::(\d{2}))?\s*$/.exec(text);
	if (!m || +m[1] > 23 || +m[2] > 59 || +(m[3] ?? 0) > 59) return null;
	return `${two(+m[1])}:${m[2]}:${m[3] ?? "00"}`;
}

// instants are those at which the clock shows that date and time: one, two where it is set back, none where it is set
// forward over them.
export function instants(date, time) {
	const shown = Date.parse(`${date}T${time}Z`);
	const found = new Set();
	for (const near of [shown - DAY, shown + DAY]) {
		const at = shown - here(near);
		if (at + here(at) === shown) found.add(at);
	}
	return [...found].sort((a, b) => a - b);
}

// instant is the one that is meant: of two, the earlier for a start and the later for an end, so that nothing is left out; of
// none, what the clock shows an hour before or after. why says so.
export function instant(date, time, end) {
	const all = instants(date, time);
	if (all.length === 1) return { at: all[0], why: "" };
	if (all.length === 2) {
		return { at: all[end ? 1 : 0], why: `The clock shows ${time} twice that day. The ${end ? "later" : "earlier"} one is taken.` };
	}
	const shown = Date.parse(`${date}T${time}Z`);
	const at = shown - here(end ? shown - DAY : shown + DAY);
	return { at, why: `The clock skips ${time} that day. ${fields(at).time} is taken.` };
}

export function plus(date, days) {
	return new Date(Date.parse(`${date}T00:00:00Z`) + days * DAY).toISOString().slice(0, 10);
}

export function weekday(date) {
	return (new Date(`${date}T00:00:00Z`).getUTCDay() + 6) % 7;
}

// weeks are the days of the whole weeks, from Monday, that the last seven days lie in.
export function weeks(now) {
	const first = fields(now - WEEK).date;
	const last = fields(now).date;
	const rows = [];
	for (let day = plus(first, -weekday(first)); day <= last; day = plus(day, 7)) {
		rows.push(Array.from({ length: 7 }, (_, n) => plus(day, n)));
	}
	return { rows, first, last };
}

const written = (options) => (date) => new Date(`${date}T00:00:00Z`).toLocaleDateString("en-GB", { ...options, timeZone: "UTC" });

export const dayName = written({ weekday: "long", day: "numeric", month: "long", year: "numeric" });
export const month = written({ month: "short" });

// spoken is a duration in its two largest units: "6 h", "2 d 3 h", "1 min 30 s".
export function spoken(ms) {
	const s = Math.max(1, Math.round(ms / SECOND));
	const parts = [[Math.floor(s / 86400), "d"], [Math.floor(s / 3600) % 24, "h"], [Math.floor(s / 60) % 60, "min"], [s % 60, "s"]];
	return parts.filter(([n]) => n).slice(0, 2).map((p) => p.join(" ")).join(" ");
}

// ago is how long ago an instant was.
export function ago(at, now) {
	return now - at < 2 * SECOND ? "just now" : `${spoken(now - at)} ago`;
}
